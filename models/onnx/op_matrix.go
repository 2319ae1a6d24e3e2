package onnx

import (
	"fmt"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
)

// gemm translates Gemm: alpha·A·B + beta·C, where A and B may be transposed and C is broadcast.
func gemm[T ops.Float](n *node[T]) ([]*value[T], error) {
	a, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	b, err := n.floats(1)
	if err != nil {
		return nil, err
	}
	if len(a.dims) != 2 || len(b.dims) != 2 {
		return nil, fmt.Errorf("inputs of shapes %v and %v, want matrices", a.dims, b.dims)
	}
	transposedA, err := n.intAttribute("transA", 0)
	if err != nil {
		return nil, err
	}
	transposedB, err := n.intAttribute("transB", 0)
	if err != nil {
		return nil, err
	}
	op := &ops.MatMul[T]{
		M: a.dims[0], K: a.dims[1], A: ops.Matrix{Row: a.dims[1], Col: 1},
		N: b.dims[1], B: ops.Matrix{Row: b.dims[1], Col: 1}, Batches: [][2]int{{0, 0}},
	}
	if transposedA != 0 {
		op.M, op.K, op.A = op.K, op.M, op.A.T()
	}
	rows := b.dims[0]
	if transposedB != 0 {
		rows, op.N, op.B = op.N, rows, op.B.T()
	}
	if rows != op.K {
		return nil, fmt.Errorf("matrices of shapes %v and %v (transA %d, transB %d) do not fit", a.dims, b.dims, transposedA, transposedB)
	}
	alpha, err := n.floatAttribute("alpha", 1)
	if err != nil {
		return nil, err
	}
	beta, err := n.floatAttribute("beta", 1)
	if err != nil {
		return nil, err
	}
	out, err := n.b.emit(op, []*value[T]{a, b}, []int{op.M, op.N})
	if err != nil {
		return nil, err
	}
	result, err := n.scale(out[0], alpha)
	if err != nil || !n.has(2) {
		return one(result, err)
	}
	c, err := n.floats(2)
	if err != nil {
		return nil, err
	}
	if c, err = n.scale(c, beta); err != nil {
		return nil, err
	}
	sum, err := n.combine("Add", result, c)
	if err == nil && sum.len() != result.len() {
		err = fmt.Errorf("input 2 of shape %v does not broadcast to %v", c.dims, result.dims)
	}
	return one(sum, err)
}

// matMul translates MatMul, which multiplies as numpy.matmul does.
func matMul[T ops.Float](n *node[T]) ([]*value[T], error) {
	a, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	b, err := n.floats(1)
	if err != nil {
		return nil, err
	}
	if len(a.dims) == 0 || len(b.dims) == 0 {
		return nil, fmt.Errorf("inputs of shapes %v and %v, want vectors or matrices", a.dims, b.dims)
	}
	da, db := a.dims, b.dims
	if len(da) == 1 {
		da = []int{1, da[0]}
	}
	if len(db) == 1 {
		db = []int{db[0], 1}
	}
	m, k, cols := da[len(da)-2], da[len(da)-1], db[len(db)-1]
	if db[len(db)-2] != k {
		return nil, fmt.Errorf("matrices of shapes %v and %v do not fit", a.dims, b.dims)
	}
	batch, err := ops.Broadcast(da[:len(da)-2], db[:len(db)-2])
	if err != nil {
		return nil, err
	}
	if err := n.b.reserve(batch); err != nil {
		return nil, err
	}
	op := &ops.MatMul[T]{M: m, N: cols, K: k, A: ops.Matrix{Row: k, Col: 1}, B: ops.Matrix{Row: cols, Col: 1}}
	atA, atB := offsets(da[:len(da)-2], batch, m*k), offsets(db[:len(db)-2], batch, k*cols)
	for i := range atA {
		op.Batches = append(op.Batches, [2]int{atA[i], atB[i]})
	}
	dims := append([]int(nil), batch...)
	if len(a.dims) > 1 {
		dims = append(dims, m)
	}
	if len(b.dims) > 1 {
		dims = append(dims, cols)
	}
	return n.b.emit(op, []*value[T]{a, b}, dims)
}

// offsets says where the matrix for each place of a broadcast batch begins; a matrix has size elements.
func offsets(from, to []int, size int) []int {
	at := make([]int, lenOf(to))
	places := make([]int, lenOf(from))
	for i := range places {
		places[i] = i * size
	}
	s := ops.Select[int]{Index: broadcastIndex(from, to)}
	s.Apply(places, at)
	return at
}
