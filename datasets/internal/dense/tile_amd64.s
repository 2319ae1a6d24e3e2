//go:build amd64 && !noasm

#include "textflag.h"

// A tile is 6 rows of 64 bytes, summed in Y0 … Y11. Each step reads a row of b (Y12, Y13) and broadcasts 6 values of a.

#define ZERO(r) VXORPS r, r, r

#define CLEAR \
	ZERO(Y0); ZERO(Y1); ZERO(Y2); ZERO(Y3); ZERO(Y4); ZERO(Y5); \
	ZERO(Y6); ZERO(Y7); ZERO(Y8); ZERO(Y9); ZERO(Y10); ZERO(Y11)

#define STEP(SPREAD, FMA, at, spread, left, right) \
	SPREAD at(SI), spread        \
	FMA    Y12, spread, left     \
	FMA    Y13, spread, right

#define ROW(ADD, left, right) \
	ADD     (DX), left, left     \
	ADD     32(DX), right, right \
	VMOVUPS left, (DX)           \
	VMOVUPS right, 32(DX)        \
	ADDQ    R8, DX

// func addTileF32(deep int, a, b, c *float32, stride int)
TEXT ·addTileF32(SB), NOSPLIT, $0-40
	MOVQ deep+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DI
	MOVQ c+24(FP), DX
	MOVQ stride+32(FP), R8
	SHLQ $2, R8
	CLEAR

loop32:
	VMOVUPS (DI), Y12
	VMOVUPS 32(DI), Y13
	STEP(VBROADCASTSS, VFMADD231PS, 0, Y14, Y0, Y1)
	STEP(VBROADCASTSS, VFMADD231PS, 4, Y15, Y2, Y3)
	STEP(VBROADCASTSS, VFMADD231PS, 8, Y14, Y4, Y5)
	STEP(VBROADCASTSS, VFMADD231PS, 12, Y15, Y6, Y7)
	STEP(VBROADCASTSS, VFMADD231PS, 16, Y14, Y8, Y9)
	STEP(VBROADCASTSS, VFMADD231PS, 20, Y15, Y10, Y11)
	ADDQ $24, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  loop32
	ROW(VADDPS, Y0, Y1)
	ROW(VADDPS, Y2, Y3)
	ROW(VADDPS, Y4, Y5)
	ROW(VADDPS, Y6, Y7)
	ROW(VADDPS, Y8, Y9)
	ROW(VADDPS, Y10, Y11)
	VZEROUPPER
	RET

// func addTileF64(deep int, a, b, c *float64, stride int)
TEXT ·addTileF64(SB), NOSPLIT, $0-40
	MOVQ deep+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DI
	MOVQ c+24(FP), DX
	MOVQ stride+32(FP), R8
	SHLQ $3, R8
	CLEAR

loop64:
	VMOVUPS (DI), Y12
	VMOVUPS 32(DI), Y13
	STEP(VBROADCASTSD, VFMADD231PD, 0, Y14, Y0, Y1)
	STEP(VBROADCASTSD, VFMADD231PD, 8, Y15, Y2, Y3)
	STEP(VBROADCASTSD, VFMADD231PD, 16, Y14, Y4, Y5)
	STEP(VBROADCASTSD, VFMADD231PD, 24, Y15, Y6, Y7)
	STEP(VBROADCASTSD, VFMADD231PD, 32, Y14, Y8, Y9)
	STEP(VBROADCASTSD, VFMADD231PD, 40, Y15, Y10, Y11)
	ADDQ $48, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  loop64
	ROW(VADDPD, Y0, Y1)
	ROW(VADDPD, Y2, Y3)
	ROW(VADDPD, Y4, Y5)
	ROW(VADDPD, Y6, Y7)
	ROW(VADDPD, Y8, Y9)
	ROW(VADDPD, Y10, Y11)
	VZEROUPPER
	RET
