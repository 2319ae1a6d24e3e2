package pretrained

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/models/onnx"
)

// maxNPY is the largest size of a file of numbers, in bytes.
const maxNPY = 1 << 30

// ReadInput reads an input of a net from a file in NumPy's format, with or without the batch dimension, and returns its
// first image [H,W,C]. The values are float32 or float64, as the net takes them.
func ReadInput(path string, net *onnx.Net) ([]float64, error) {
	values, shape, err := readNPY(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	want := net.InputDims()
	one := append([]int{1}, want[1:]...)
	switch {
	case slices.Equal(shape, want):
	case slices.Equal(shape, one), slices.Equal(shape, want[1:]): // the same image in each place of the batch
		values = slices.Repeat(values, want[0])
	default:
		return nil, fmt.Errorf("%s: shape %v, but the net takes %v", path, shape, one)
	}
	return net.Image(values)
}

// The fields of the dictionary in the file's header.
var (
	npyType    = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order'\s*:\s*True`)
	npyShape   = regexp.MustCompile(`'shape'\s*:\s*\(([^)]*)\)`)
)

// readNPY reads numbers in row-major order and their shape.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func readNPY(path string) ([]float64, []int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxNPY {
		return nil, nil, fmt.Errorf("want a regular file of at most %d bytes", maxNPY)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	return decodeNPY(text)
}

func decodeNPY(text []byte) ([]float64, []int, error) {
	if len(text) < 12 || !bytes.HasPrefix(text, []byte("\x93NUMPY")) {
		return nil, nil, fmt.Errorf("not a file in NumPy's format")
	}
	begin, length := 10, int(binary.LittleEndian.Uint16(text[8:]))
	if text[6] > 1 {
		begin, length = 12, int(binary.LittleEndian.Uint32(text[8:]))
	}
	if length > len(text)-begin {
		return nil, nil, fmt.Errorf("the header is cut off")
	}
	header, data := string(text[begin:begin+length]), text[begin+length:]
	kind, dims := npyType.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if kind == nil || dims == nil {
		return nil, nil, fmt.Errorf("the header has no descr or no shape")
	}
	if npyFortran.MatchString(header) {
		return nil, nil, fmt.Errorf("the values are in Fortran order; save numpy.ascontiguousarray of them")
	}
	size := map[string]int{"<f4": 4, "<f8": 8}[kind[1]]
	if size == 0 {
		return nil, nil, fmt.Errorf("the values are %q, want float32 or float64 (<f4, <f8)", kind[1])
	}
	var shape []int
	count := 1
	for _, field := range strings.Split(dims[1], ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		d, err := strconv.Atoi(field)
		if err != nil || d < 0 || d > 0 && count > len(text)/d {
			return nil, nil, fmt.Errorf("shape (%s) does not fit %d bytes of values", dims[1], len(data))
		}
		shape, count = append(shape, d), count*d
	}
	if count*size != len(data) {
		return nil, nil, fmt.Errorf("shape (%s) of %q does not fit %d bytes of values", dims[1], kind[1], len(data))
	}
	values := make([]float64, count)
	for i := range values {
		if size == 4 {
			values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		} else {
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
	}
	return values, shape, nil
}
