package datasets

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// NumPy's array format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic string, a version,
// the length of a header, the header (a Python dictionary of the type of number, the order of the dimensions and the
// shape), and the numbers.

// npyArray is the header of a NumPy array.
type npyArray struct {
	element element
	fortran bool // the first dimension varies fastest
	shape   []int
	count   int // of numbers: the product of shape
}

// maxNpyHeader bounds a header; NumPy's own are of 128 bytes for plain numbers.
const maxNpyHeader = 1 << 16

var npyHeader = regexp.MustCompile(`^\{\s*'descr':\s*'([^']*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([0-9, ]*)\),?\s*\}\s*$`)

// readNpyHeader reads the header and leaves r at the first number.
func readNpyHeader(r io.Reader, file string) (npyArray, error) {
	start := make([]byte, 8)
	if _, err := io.ReadFull(r, start); err != nil {
		return npyArray{}, readFault(file, 0, err, "the header of a NumPy array")
	}
	if string(start[:6]) != "\x93NUMPY" {
		return npyArray{}, fmt.Errorf("%w: %s is no NumPy array", ErrDamaged, file)
	}
	length := make([]byte, 2)
	if start[6] > 1 {
		length = make([]byte, 4)
	}
	if _, err := io.ReadFull(r, length); err != nil {
		return npyArray{}, readFault(file, 8, err, "the header of a NumPy array")
	}
	n := uint32(binary.LittleEndian.Uint16(length))
	if start[6] > 1 {
		n = binary.LittleEndian.Uint32(length)
	}
	if start[6] < 1 || start[6] > 3 || n > maxNpyHeader {
		return npyArray{}, fmt.Errorf("%w: %s: a NumPy array of version %d with a header of %d bytes", ErrDamaged, file, start[6], n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return npyArray{}, readFault(file, 8, err, "the header of a NumPy array")
	}
	return parseNpyHeader(string(text), file)
}

func parseNpyHeader(text, file string) (a npyArray, err error) {
	m := npyHeader.FindStringSubmatch(text)
	if m == nil {
		return a, fmt.Errorf("%w: %s: want an array of plain numbers, got the header %q", ErrDamaged, file, shortened(text))
	}
	if a.element, err = npyElement(m[1]); err != nil {
		return a, fmt.Errorf("%w: %s: %w", ErrDamaged, file, err)
	}
	a.fortran, a.count = m[2] == "True", 1
	for _, part := range strings.Split(m[3], ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil || n > 0 && a.count > math.MaxInt/16/n {
			return a, fmt.Errorf("%w: %s: an array of the shape (%s)", ErrDamaged, file, m[3])
		}
		a.shape = append(a.shape, n)
		a.count *= n
	}
	return a, nil
}

// npyElement is the type of number that NumPy writes as an order of bytes (<, >, | or =), a kind and a size.
func npyElement(descr string) (element, error) {
	var order binary.ByteOrder = binary.LittleEndian
	kind := descr
	switch {
	case strings.HasPrefix(descr, ">"):
		order, kind = binary.BigEndian, descr[1:]
	case strings.HasPrefix(descr, "<"), strings.HasPrefix(descr, "|"):
		kind = descr[1:]
	case strings.HasPrefix(descr, "="):
		order, kind = binary.NativeEndian, descr[1:]
	}
	if kind == "b1" {
		kind = "u1" // false and true
	}
	if strings.HasPrefix(kind, "O") {
		return element{}, fmt.Errorf("it holds Python objects, which are not read: save an array of numbers, such as x.astype('uint8')")
	}
	e, known := elements(order)[kind]
	if !known {
		return element{}, fmt.Errorf("numbers of type %q cannot be read; want integers or floats of 1 to 8 bytes", shortened(descr))
	}
	return e, nil
}

func shortened(s string) string {
	if len(s) > 120 {
		return s[:120] + "…"
	}
	return s
}
