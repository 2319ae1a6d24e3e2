package models

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"unicode/utf8"
)

// Tensor is one named array of a safetensors file
// (https://huggingface.co/docs/safetensors): little-endian, row-major.
type Tensor struct {
	Name  string
	DType string // "F32", "U8", … as the format spells them
	Shape []int  // empty for a scalar
	Data  []byte // product(Shape) elements
}

// ErrSafetensors is wrapped by every error about the content of a safetensors file.
var ErrSafetensors = errors.New("not a valid safetensors file")

// Limits of what is read or written. The format itself sets the header limit; the rank
// limit keeps a hostile header from turning two bytes into a machine word many times over.
const (
	maxSafetensorsHeader = 100_000_000 // bytes
	maxSafetensorsRank   = 32
	metadataKey          = "__metadata__"
)

// dtypeBytes is the size of one element of each type the format defines.
var dtypeBytes = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1,
	"U16": 2, "I16": 2, "F16": 2, "BF16": 2,
	"U32": 4, "I32": 4, "F32": 4,
	"U64": 8, "I64": 8, "F64": 8,
}

// Float32Tensor packs values [product(shape)] as an F32 tensor.
func Float32Tensor(name string, shape []int, values []float32) Tensor {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return Tensor{Name: name, DType: "F32", Shape: shape, Data: data}
}

// Float32s unpacks an F32 tensor; any other type is an error.
func (t Tensor) Float32s() ([]float32, error) {
	if t.DType != "F32" {
		return nil, fmt.Errorf("tensor %q holds %s, want F32", t.Name, t.DType)
	}
	values := make([]float32, len(t.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return values, nil
}

// check says whether the tensor's bytes are those its type and shape ask for.
func (t Tensor) check() error {
	switch {
	case t.Name == "" || t.Name == metadataKey:
		return fmt.Errorf("tensor name %q is not allowed", t.Name)
	case !utf8.ValidString(t.Name):
		return fmt.Errorf("tensor name %q is not valid UTF-8", t.Name)
	case len(t.Shape) > maxSafetensorsRank:
		return fmt.Errorf("tensor %q: %d dimensions, at most %d are allowed", t.Name, len(t.Shape), maxSafetensorsRank)
	}
	size, ok := dtypeBytes[t.DType]
	if !ok {
		return fmt.Errorf("tensor %q: unknown dtype %q", t.Name, t.DType)
	}
	want := uint64(size)
	for _, n := range t.Shape {
		if n < 0 {
			return fmt.Errorf("tensor %q: negative size in shape %v", t.Name, t.Shape)
		}
		high, low := bits.Mul64(want, uint64(n))
		if high != 0 {
			return fmt.Errorf("tensor %q: shape %v is too large", t.Name, t.Shape)
		}
		want = low
	}
	if want != uint64(len(t.Data)) {
		return fmt.Errorf("tensor %q: %s of shape %v takes %d bytes, its data are %d bytes",
			t.Name, t.DType, t.Shape, want, len(t.Data))
	}
	return nil
}

// tensorHeader is a tensor's entry in the JSON header.
type tensorHeader struct {
	DType       string    `json:"dtype"`
	Shape       []int     `json:"shape"`
	DataOffsets [2]uint64 `json:"data_offsets"`
}

// WriteSafetensors writes the tensors in the given order, and the metadata (keys sorted), so
// that equal arguments always give equal bytes. It fails before the first byte is written if a
// tensor is not consistent in itself, and otherwise only with w.
func WriteSafetensors(w io.Writer, tensors []Tensor, meta map[string]string) error {
	header, err := safetensorsHeader(tensors, meta)
	if err != nil {
		return fmt.Errorf("writing safetensors: %w", err)
	}
	if _, err := w.Write(header); err != nil {
		return fmt.Errorf("writing safetensors header: %w", err)
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return fmt.Errorf("writing safetensors tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// safetensorsHeader is the length and the JSON header, padded with spaces so that the data
// begin at a multiple of 8 bytes.
func safetensorsHeader(tensors []Tensor, meta map[string]string) ([]byte, error) {
	header := append(make([]byte, 8), '{')
	if len(meta) > 0 {
		for key, value := range meta {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, fmt.Errorf("metadata %q is not valid UTF-8", key)
			}
		}
		var err error
		if header, err = appendEntry(header, metadataKey, meta); err != nil {
			return nil, err
		}
	}
	seen := make(map[string]bool, len(tensors))
	var offset uint64
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return nil, err
		}
		if seen[t.Name] {
			return nil, fmt.Errorf("tensor %q is given twice", t.Name)
		}
		seen[t.Name] = true
		entry := tensorHeader{DType: t.DType, Shape: t.Shape}
		if entry.Shape == nil {
			entry.Shape = []int{}
		}
		entry.DataOffsets[0] = offset
		offset += uint64(len(t.Data))
		entry.DataOffsets[1] = offset
		var err error
		if header, err = appendEntry(header, t.Name, entry); err != nil {
			return nil, err
		}
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header)-8 > maxSafetensorsHeader {
		return nil, fmt.Errorf("header of %d bytes, at most %d are allowed", len(header)-8, maxSafetensorsHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	return header, nil
}

// appendEntry adds "key":value to a JSON object under construction.
func appendEntry(header []byte, key string, value any) ([]byte, error) {
	if header[len(header)-1] != '{' {
		header = append(header, ',')
	}
	name, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return append(append(append(header, name...), ':'), content...), nil
}
