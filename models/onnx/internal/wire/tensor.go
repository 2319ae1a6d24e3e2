package wire

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// names and sizes in bytes of the element types.
var dataTypes = map[DataType]struct {
	name string
	size int
}{
	Float: {"float32", 4}, Uint8: {"uint8", 1}, Int8: {"int8", 1}, Uint16: {"uint16", 2}, Int16: {"int16", 2},
	Int32: {"int32", 4}, Int64: {"int64", 8}, String: {"string", 0}, Bool: {"bool", 1}, Float16: {"float16", 2},
	Double: {"double", 8}, Uint32: {"uint32", 4}, Uint64: {"uint64", 8}, BFloat16: {"bfloat16", 2},
}

// String is the type's name in ONNX.
func (d DataType) String() string {
	if t, ok := dataTypes[d]; ok {
		return t.name
	}
	return fmt.Sprintf("data type %d", int32(d))
}

// IsFloat says whether the elements are floating-point numbers.
func (d DataType) IsFloat() bool { return d == Float || d == Double || d == Float16 || d == BFloat16 }

// IsInt says whether the elements are integers or truth values.
func (d DataType) IsInt() bool {
	switch d {
	case Uint8, Int8, Uint16, Int16, Int32, Int64, Bool, Uint32, Uint64:
		return true
	}
	return false
}

// Size is the number of bytes of one element in raw data, 0 for types that have none.
func (d DataType) Size() int { return dataTypes[d].size }

// MaxLen is the largest number of elements of a tensor: an array of so many values can be addressed.
const MaxLen = 1 << 40

// Len is the number of elements that the dimensions make.
func (t *Tensor) Len() (int, error) { return Len(t.Dims) }

// Len is the product of dims.
func Len(dims []int64) (int, error) {
	n, empty := int64(1), false
	for _, d := range dims {
		switch {
		case d < 0:
			return 0, fmt.Errorf("dimensions %v: %d is negative", dims, d)
		case d == 0:
			empty = true
		case n > MaxLen/d:
			return 0, fmt.Errorf("dimensions %v: more than 2^40 elements", dims)
		default:
			n *= d
		}
	}
	if empty {
		return 0, nil
	}
	return int(n), nil
}

// Floats appends the elements of a tensor of floats to dst as they are, or rounded to E. Nothing is allocated before the
// size of the data is known to be that of the dimensions.
func Floats[E float32 | float64](dst []E, t *Tensor) ([]E, error) {
	n, err := t.Len()
	if err != nil {
		return nil, err
	}
	if t.Type.Size() > 0 && !t.Type.IsFloat() {
		return nil, fmt.Errorf("elements are %v, want floats", t.Type)
	}
	if t.hasRaw || t.External {
		raw, err := t.rawData(n)
		if err != nil {
			return nil, err
		}
		dst = grow(dst, n)
		for i := range n {
			dst = append(dst, rawFloat[E](t.Type, raw, i))
		}
		return dst, nil
	}
	switch t.Type {
	case Float:
		return typed(dst, t, n, 4, protowire.Fixed32Type, func(v uint64) E { return E(math.Float32frombits(uint32(v))) })
	case Double:
		return typed(dst, t, n, 10, protowire.Fixed64Type, func(v uint64) E { return E(math.Float64frombits(v)) })
	case Float16:
		return typed(dst, t, n, 5, protowire.VarintType, func(v uint64) E { return E(fromFloat16(uint16(v))) })
	case BFloat16:
		return typed(dst, t, n, 5, protowire.VarintType, func(v uint64) E { return E(fromBFloat16(uint16(v))) })
	}
	return nil, fmt.Errorf("elements are %v, want numbers", t.Type)
}

func rawFloat[E float32 | float64](d DataType, raw []byte, i int) E {
	switch d {
	case Double:
		return E(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
	case Float16:
		return E(fromFloat16(binary.LittleEndian.Uint16(raw[2*i:])))
	case BFloat16:
		return E(fromBFloat16(binary.LittleEndian.Uint16(raw[2*i:])))
	}
	return E(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
}

// Ints appends the elements of a tensor of integers or truth values to dst.
func Ints(dst []int64, t *Tensor) ([]int64, error) {
	n, err := t.Len()
	if err != nil {
		return nil, err
	}
	if t.hasRaw || t.External {
		raw, err := t.rawData(n)
		if err != nil {
			return nil, err
		}
		dst = grow(dst, n)
		for i := range n {
			dst = append(dst, rawInt(t.Type, raw, i))
		}
		return dst, nil
	}
	number := protowire.Number(5)
	switch t.Type {
	case Int64:
		number = 7
	case Uint32, Uint64:
		number = 11
	}
	return typed(dst, t, n, number, protowire.VarintType, func(v uint64) int64 { return int64(v) })
}

func rawInt(d DataType, raw []byte, i int) int64 {
	switch d {
	case Uint8, Bool:
		return int64(raw[i])
	case Int8:
		return int64(int8(raw[i]))
	case Uint16:
		return int64(binary.LittleEndian.Uint16(raw[2*i:]))
	case Int16:
		return int64(int16(binary.LittleEndian.Uint16(raw[2*i:])))
	case Uint32:
		return int64(binary.LittleEndian.Uint32(raw[4*i:]))
	case Int32:
		return int64(int32(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(raw[8*i:]))
}

// rawData returns the raw bytes, as many as n elements have.
func (t *Tensor) rawData(n int) ([]byte, error) {
	size := t.Type.Size()
	switch {
	case size == 0:
		return nil, fmt.Errorf("elements are %v, want numbers", t.Type)
	case t.External && t.raw == nil:
		return nil, fmt.Errorf("the values are in another file, and the model was not read from a file")
	case len(t.raw) != n*size:
		return nil, fmt.Errorf("%d bytes of data for %v elements of %v, want %d", len(t.raw), t.Dims, t.Type, n*size)
	}
	return t.raw, nil
}

// typed appends the n values of a repeated field of t, packed or not, to dst.
func typed[E any](dst []E, t *Tensor, n int, number protowire.Number, kind protowire.Type, decode func(uint64) E) ([]E, error) {
	if n > len(t.body) { // each takes a byte or more
		return nil, fmt.Errorf("%d bytes cannot hold %v elements of %v", len(t.body), t.Dims, t.Type)
	}
	dst = grow(dst, n)
	end := len(dst) + n
	add := func(v uint64) error {
		if len(dst) == end {
			return fmt.Errorf("more values than the dimensions %v say", t.Dims)
		}
		dst = append(dst, decode(v))
		return nil
	}
	err := message(t.body, func(f field) error {
		if f.number != number {
			return nil
		}
		if f.kind == kind {
			return add(f.bits)
		}
		if err := f.want(protowire.BytesType); err != nil {
			return err
		}
		for b := f.data; len(b) > 0; {
			var v uint64
			var size int
			switch kind {
			case protowire.VarintType:
				v, size = protowire.ConsumeVarint(b)
			case protowire.Fixed64Type:
				v, size = protowire.ConsumeFixed64(b)
			default:
				var w uint32
				w, size = protowire.ConsumeFixed32(b)
				v = uint64(w)
			}
			if size < 0 {
				return damaged(size)
			}
			if err := add(v); err != nil {
				return err
			}
			b = b[size:]
		}
		return nil
	})
	if err == nil && len(dst) != end {
		err = fmt.Errorf("%d values for the dimensions %v of %v, want %d", len(dst)-end+n, t.Dims, t.Type, n)
	}
	return dst, err
}

func grow[E any](s []E, n int) []E {
	if cap(s)-len(s) >= n {
		return s
	}
	return append(make([]E, 0, len(s)+n), s...)
}

// fromFloat16 converts IEEE 754 half precision: 1 sign, 5 exponent (bias 15) and 10 fraction bits.
func fromFloat16(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, fraction := uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 31: // infinite or not a number
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case 0: // zero or subnormal: fraction · 2^-24
		v := float32(fraction) / (1 << 24)
		if sign != 0 {
			v = -v
		}
		return v
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// fromBFloat16 converts the upper half of a float32.
func fromBFloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
