package datasets

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
)

// element is a type of number as files hold them.
type element struct {
	name string
	size int // bytes
	read func(b []byte) float64
	// whole says that all values are whole numbers.
	whole bool
}

// elements lists the types of number that can be read, in both orders of bytes. Numbers are read as float64: whole ones of
// more than 53 bits lose their last digits.
func elements(order binary.ByteOrder) map[string]element {
	return map[string]element{
		"u1": {"uint8", 1, func(b []byte) float64 { return float64(b[0]) }, true},
		"i1": {"int8", 1, func(b []byte) float64 { return float64(int8(b[0])) }, true},
		"u2": {"uint16", 2, func(b []byte) float64 { return float64(order.Uint16(b)) }, true},
		"i2": {"int16", 2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }, true},
		"u4": {"uint32", 4, func(b []byte) float64 { return float64(order.Uint32(b)) }, true},
		"i4": {"int32", 4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }, true},
		"u8": {"uint64", 8, func(b []byte) float64 { return float64(order.Uint64(b)) }, true},
		"i8": {"int64", 8, func(b []byte) float64 { return float64(int64(order.Uint64(b))) }, true},
		"f2": {"float16", 2, func(b []byte) float64 { return half(order.Uint16(b)) }, false},
		"f4": {"float32", 4, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }, false},
		"f8": {"float64", 8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }, false},
	}
}

// half is the value of a float16 (IEEE 754: 1 bit of sign, 5 of exponent, 10 of fraction).
func half(bits uint16) float64 {
	fraction, exponent := float64(bits&0x3ff), int(bits>>10&0x1f)
	v := 0.0
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits>>15 == 1 {
		v = -v
	}
	return v
}

// growing collects numbers: bytes as long as all are whole numbers from 0 to 255, and 32-bit floats from the first other on.
// Its memory grows with what it holds.
type growing struct {
	bytes  []byte
	values []float32 // nil until a number is no byte
}

// newGrowing has room for up to so many numbers without growing, within reason.
func newGrowing(count int) growing { return growing{bytes: make([]byte, 0, min(count, 1<<20))} }

func (g *growing) len() int { return max(len(g.bytes), len(g.values)) }

// add appends v, which must be finite.
func (g *growing) add(v float64) {
	if g.values == nil {
		if b := byte(v); float64(b) == v && v >= 0 && v <= 255 {
			g.bytes = append(g.bytes, b)
			return
		}
		g.toFloats()
	}
	g.values = append(g.values, float32(v))
}

func (g *growing) toFloats() {
	if g.values != nil {
		return
	}
	g.values = make([]float32, len(g.bytes), max(cap(g.bytes), 1))
	for i, b := range g.bytes {
		g.values[i] = float32(b)
	}
	g.bytes = nil
}

// readNumbers reads count numbers of type e from r. where names the i-th for errors.
func readNumbers(r io.Reader, e element, count int, file string, where func(i int) string) (growing, error) {
	g := newGrowing(count)
	block := make([]byte, 1<<16/e.size*e.size)
	for g.len() < count {
		part := block[:min(len(block), (count-g.len())*e.size)]
		if n, err := io.ReadFull(r, part); err != nil {
			return g, readFault(file, int64(g.len()*e.size+n), err, "%d numbers of type %s", count, e.name)
		}
		if e.size == 1 && e.name == "uint8" && g.values == nil {
			g.bytes = append(g.bytes, part...)
			continue
		}
		for ; len(part) > 0; part = part[e.size:] {
			v := e.read(part)
			if math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
				return g, fmt.Errorf("%w: %s: %s is %v: want finite numbers", ErrDamaged, file, where(g.len()), v)
			}
			before := g.values == nil
			g.add(v)
			if before && g.values != nil { // four times the memory
				if err := imagesRoom(count, 1, 4); err != nil {
					return g, fmt.Errorf("%s: %w", file, err)
				}
			}
		}
	}
	return g, nil
}

// labelLimit says what a label may be.
var labelLimit = "want a whole number from 0 to " + strconv.Itoa(maxClasses-1)

// labelOf checks a number that is to be a label.
func labelOf(v float64) (uint16, bool) {
	if !(v >= 0 && v < maxClasses) || v != math.Trunc(v) {
		return 0, false
	}
	return uint16(v), true
}

// numberedClasses are the names of the classes 0 … the greatest label: numbers.
func numberedClasses(labels []uint16) []string {
	most := 0
	for _, label := range labels {
		most = max(most, int(label))
	}
	names := make([]string, most+1)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

// withCounts completes data whose classes are the labels of the training images: each must have some, and the other parts no
// others. where names the data of each part for errors.
func (f *official) withCounts(where string, o Options) error {
	counts := make([]int, len(f.classNames))
	for _, label := range f.train.labels {
		counts[label]++
	}
	size := f.height * f.width * f.channels
	for _, m := range []*images{&f.test, &f.final} {
		chosen, bad := make([]bool, m.len()), 0
		for i, label := range m.labels {
			if chosen[i] = int(label) < len(counts); !chosen[i] {
				if bad++; bad == 1 && !o.SkipBroken {
					return fmt.Errorf("%w: %s: label %d of image %d of the validation or test images: the training images have labels from 0 to %d alone; "+
						"mend it, or set data.skip_broken to true to leave such images out", ErrDamaged, where, label, i, len(counts)-1)
				}
			}
		}
		if bad > 0 {
			o.log("warning: %s: %d validation or test images are left out: no training image has their labels", where, bad)
			*m, _ = m.part(size, chosen)
		}
	}
	return f.dropEmpty(counts, where, o)
}
