package datasets

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// The IDX format (http://yann.lecun.com/exdb/mnist): a magic number 0x00, 0x00, type, number of dimensions; one
// big-endian uint32 a dimension; then the values. Only unsigned bytes (type 8) are read here.
const idxBytes = 0x0800

// damage builds an error that wraps ErrDamaged and names the file and the offset in it.
func damage(file string, offset int64, format string, args ...any) error {
	return fmt.Errorf("%w: %s: offset %d: %s", ErrDamaged, file, offset, fmt.Sprintf(format, args...))
}

// readIDX reads one IDX array of len(want) dimensions, gzipped or not; a want of 0 accepts any length there, one below 0 any up to its absolute value. The file
// name serves the errors, whose offsets count uncompressed bytes. Memory grows with what is read, never ahead of it
// by more than a factor of two.
func readIDX(r io.Reader, file string, want []int) (dims []int, values []byte, err error) {
	r, err = gunzip(r, file)
	if err != nil {
		return nil, nil, err
	}
	header := make([]byte, 4+4*len(want))
	if n, err := io.ReadFull(r, header[:4]); err != nil {
		return nil, nil, readFault(file, int64(n), err, "the header of %d bytes", len(header))
	}
	if magic := binary.BigEndian.Uint32(header); magic != uint32(idxBytes|len(want)) {
		return nil, nil, damage(file, 0, "magic number 0x%08x, want 0x%08x (bytes in %d dimensions)", magic, idxBytes|len(want), len(want))
	}
	if n, err := io.ReadFull(r, header[4:]); err != nil {
		return nil, nil, readFault(file, int64(4+n), err, "the header of %d bytes", len(header))
	}
	total := 1
	for k, w := range want {
		offset := 4 + 4*k
		n := int64(binary.BigEndian.Uint32(header[offset:]))
		if n == 0 || w > 0 && n != int64(w) || w < 0 && n > int64(-w) {
			return nil, nil, damage(file, int64(offset), "dimension %d is %d, want %s", k, n, wanted(w))
		}
		if n > int64(math.MaxInt32/total) {
			return nil, nil, damage(file, int64(offset), "dimension %d is %d, which makes the array larger than 2 GiB", k, n)
		}
		total *= int(n)
		dims = append(dims, int(n))
	}
	values, err = readExactly(r, file, int64(len(header)), total)
	return dims, values, err
}

func wanted(n int) string {
	switch {
	case n == 0:
		return "1 or more"
	case n < 0:
		return fmt.Sprintf("1 to %d", -n)
	}
	return fmt.Sprint(n)
}

// gunzip unpacks r if it starts as gzip does.
func gunzip(r io.Reader, file string) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if start, _ := b.Peek(2); len(start) < 2 || start[0] != 0x1f || start[1] != 0x8b {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, readFault(file, 0, err, "the gzip header")
	}
	return z, nil
}

// readExactly reads total bytes, at offset start of the file, and finds fault with fewer or more. The buffer doubles as
// bytes arrive, so that a lying header costs no memory.
func readExactly(r io.Reader, file string, start int64, total int) ([]byte, error) {
	buf := make([]byte, 0, min(total, 1<<20))
	for len(buf) < total {
		if len(buf) == cap(buf) {
			bigger := make([]byte, len(buf), min(total, 2*cap(buf)))
			copy(bigger, buf)
			buf = bigger
		}
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return nil, readFault(file, start+int64(len(buf)), err, "%d bytes of content", total)
		}
	}
	var extra [1]byte
	switch _, err := io.ReadFull(r, extra[:]); {
	case err == nil:
		return nil, damage(file, start+int64(total), "bytes after the end of the content")
	case !errors.Is(err, io.EOF):
		return nil, readFault(file, start+int64(total), err, "the end of the file")
	}
	return buf, nil
}

// readFault tells a file that ends early or does not unpack, which is damaged, from a disk that cannot be read.
func readFault(file string, offset int64, err error, reading string, args ...any) error {
	what := fmt.Sprintf(reading, args...)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damage(file, offset, "the file ends within %s", what)
	}
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return fmt.Errorf("read %s at offset %d: %w", file, offset, err)
	}
	return damage(file, offset, "reading %s: %v", what, err)
}

// checkLabels finds the first label that is none of so many classes. Labels start at offset start of the file and are stride
// bytes apart.
func checkLabels(labels []uint16, classes int, file string, start, stride int64) error {
	for i, label := range labels {
		if int(label) >= classes {
			return damage(file, start+int64(i)*stride, "label %d of image %d, want 0 to %d", label, i, classes-1)
		}
	}
	return nil
}

// wideLabels returns labels of one byte each as the numbers that Split.Labels holds.
func wideLabels(labels []byte) []uint16 {
	wide := make([]uint16, len(labels))
	for i, label := range labels {
		wide[i] = uint16(label)
	}
	return wide
}
