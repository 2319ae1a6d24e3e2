package wire

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// Half precision by its definition: (−1)^sign · 2^(exponent−15) · (1 + fraction/1024), subnormals at exponent 0.
func TestFloat16(t *testing.T) {
	for i := range 1 << 16 {
		sign, exponent, fraction := i>>15, i>>10&31, i&1023
		want := math.Ldexp(1+float64(fraction)/1024, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(float64(fraction)/1024, -14)
		case exponent == 31 && fraction == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		if sign == 1 {
			want = -want
		}
		got := float64(fromFloat16(uint16(i)))
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) || math.Signbit(got) != (sign == 1) {
			t.Fatalf("%#04x is %g, want %g", i, got, want)
		}
	}
}

func TestBFloat16(t *testing.T) {
	for bits, want := range map[uint16]float32{0x3f80: 1, 0xc040: -3, 0x0080: 0x1p-126, 0x7f80: float32(math.Inf(1)), 0x4049: 3.140625} {
		if got := fromBFloat16(bits); got != want {
			t.Errorf("%#04x is %g, want %g", bits, got, want)
		}
	}
}

// decodeTensor reads one TensorProto.
func decodeTensor(t *testing.T, b []byte) *Tensor {
	t.Helper()
	model := appendMessage(appendMessage(nil, 7, func(g []byte) []byte { return appendBytes(g, 5, b) }), 8, func(o []byte) []byte { return appendInt(o, 2, 13) })
	m, err := Decode(model)
	if err != nil {
		t.Fatal(err)
	}
	return m.Graph.Initializers[0]
}

// The same numbers in every encoding of a tensor.
func TestEncodingsOfFloats(t *testing.T) {
	want := []float64{1, -2.5, 0.25}
	head := func(d DataType) []byte { return appendInt(appendBytes(nil, 1, []byte{3}), 2, int64(d)) }
	packedBits := func(bits ...uint64) (b []byte) {
		for _, v := range bits {
			b = protowire.AppendVarint(b, v)
		}
		return b
	}
	fixed32, fixed64, single := []byte{}, []byte{}, []byte{}
	for _, v := range want {
		fixed32 = binary.LittleEndian.AppendUint32(fixed32, math.Float32bits(float32(v)))
		fixed64 = binary.LittleEndian.AppendUint64(fixed64, math.Float64bits(v))
		single = protowire.AppendFixed32(protowire.AppendTag(single, 4, protowire.Fixed32Type), math.Float32bits(float32(v)))
	}
	half, brain := []uint64{0x3c00, 0xc100, 0x3400}, []uint64{0x3f80, 0xc020, 0x3e80}
	raw16 := func(bits []uint64) (b []byte) {
		for _, v := range bits {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		return b
	}
	for name, b := range map[string][]byte{
		"raw float32":           appendBytes(head(Float), 9, fixed32),
		"float_data":            appendBytes(head(Float), 4, fixed32),
		"float_data not packed": append(head(Float), single...),
		"float_data in parts":   appendBytes(appendBytes(head(Float), 4, fixed32[:4]), 4, fixed32[4:]),
		"raw double":            appendBytes(head(Double), 9, fixed64),
		"double_data":           appendBytes(head(Double), 10, fixed64),
		"raw float16":           appendBytes(head(Float16), 9, raw16(half)),
		"int32_data of float16": appendBytes(head(Float16), 5, packedBits(half...)),
		"raw bfloat16":          appendBytes(head(BFloat16), 9, raw16(brain)),
		"int32_data of bf16":    appendBytes(head(BFloat16), 5, packedBits(brain...)),
	} {
		got, err := Floats([]float64(nil), decodeTensor(t, b))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
}

func TestEncodingsOfIntegers(t *testing.T) {
	negative := func(v int64) uint64 { return uint64(v) }
	head := func(d DataType, n byte) []byte { return appendInt(appendBytes(nil, 1, []byte{n}), 2, int64(d)) }
	packed := func(v ...uint64) (b []byte) {
		for _, x := range v {
			b = protowire.AppendVarint(b, x)
		}
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want []int64
	}{
		"raw int64":    {appendBytes(head(Int64, 2), 9, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 5), negative(-7))), []int64{5, -7}},
		"int64_data":   {appendBytes(head(Int64, 2), 7, packed(5, negative(-7))), []int64{5, -7}},
		"int64 single": {appendInt(appendInt(head(Int64, 2), 7, 5), 7, -7), []int64{5, -7}},
		"raw int32":    {appendBytes(head(Int32, 1), 9, []byte{0xfe, 0xff, 0xff, 0xff}), []int64{-2}},
		"int32_data":   {appendBytes(head(Int32, 1), 5, packed(negative(-2))), []int64{-2}},
		"raw int16":    {appendBytes(head(Int16, 1), 9, []byte{0xfe, 0xff}), []int64{-2}},
		"raw uint16":   {appendBytes(head(Uint16, 1), 9, []byte{0xfe, 0xff}), []int64{65534}},
		"raw uint32":   {appendBytes(head(Uint32, 1), 9, []byte{0xfe, 0xff, 0xff, 0xff}), []int64{4294967294}},
		"uint64_data":  {appendBytes(head(Uint32, 1), 11, packed(9)), []int64{9}},
		"raw int8":     {appendBytes(head(Int8, 2), 9, []byte{0xff, 1}), []int64{-1, 1}},
		"raw uint8":    {appendBytes(head(Uint8, 2), 9, []byte{0xff, 1}), []int64{255, 1}},
		"raw bool":     {appendBytes(head(Bool, 2), 9, []byte{1, 0}), []int64{1, 0}},
		"bool":         {appendBytes(head(Bool, 2), 5, packed(1, 0)), []int64{1, 0}},
	} {
		got, err := Ints(nil, decodeTensor(t, c.b))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

func TestDamagedTensors(t *testing.T) {
	head := func(d DataType, dims ...int64) []byte {
		var b []byte
		for _, v := range dims {
			b = appendInt(b, 1, v)
		}
		return appendInt(b, 2, int64(d))
	}
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{appendBytes(head(Float, 1<<30), 9, []byte{0, 0, 0, 0}), "4 bytes of data for [1073741824] elements of float32, want 4294967296"},
		{appendBytes(head(Float, 1<<30), 4, []byte{0, 0, 0, 0}), "cannot hold [1073741824] elements"},
		{appendBytes(head(Float, 1<<21, 1<<21), 9, nil), "more than 2^40 elements"},
		{appendBytes(head(Float, -1), 9, nil), "-1 is negative"},
		{appendBytes(head(Float, 2), 4, []byte{0, 0, 0, 0}), "1 values for the dimensions [2] of float32, want 2"},
		{appendBytes(head(Float, 1), 4, make([]byte, 8)), "more values than the dimensions [1] say"},
		{appendBytes(head(String, 1), 9, []byte{0}), "elements are string, want numbers"},
		{appendBytes(head(Int64, 1), 9, make([]byte, 8)), "elements are int64, want floats"},
		{appendInt(head(Float, 1), 14, 1), "the values are in another file"},
	} {
		_, err := Floats([]float32(nil), decodeTensor(t, c.b))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
