package models

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// ReadSafetensors parses a whole safetensors file. The tensors, in the order of their data,
// share file's memory; nothing larger than a small multiple of file is allocated.
//
// It is strict: an unknown or missing field, a name given twice, data that overlap, leave a
// hole or bytes over, or whose length is not that of type and shape is an error. Every error
// wraps ErrSafetensors and names the tensor or the byte of the file.
func ReadSafetensors(file []byte) ([]Tensor, map[string]string, error) {
	tensors, meta, err := readSafetensors(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSafetensors, err)
	}
	return tensors, meta, nil
}

func readSafetensors(file []byte) ([]Tensor, map[string]string, error) {
	if len(file) < 8 {
		return nil, nil, fmt.Errorf("%d bytes, the header's length alone takes 8", len(file))
	}
	length := binary.LittleEndian.Uint64(file)
	if length > maxSafetensorsHeader {
		return nil, nil, fmt.Errorf("byte 0: header of %d bytes, at most %d are allowed", length, maxSafetensorsHeader)
	}
	if length > uint64(len(file)-8) {
		return nil, nil, fmt.Errorf("byte 0: header of %d bytes, but only %d follow", length, len(file)-8)
	}
	header, data := file[8:8+length], file[8+length:]
	if !utf8.Valid(header) {
		return nil, nil, fmt.Errorf("byte 8: the header is not valid UTF-8")
	}
	entries, meta, err := parseHeader(header)
	if err != nil {
		return nil, nil, err
	}
	tensors, err := cutTensors(entries, data, 8+length)
	return tensors, meta, err
}

// headerEntry is a tensor as the header describes it.
type headerEntry struct {
	name       string
	dtype      string
	shape      []int
	begin, end uint64 // bytes of the data section
}

// parseHeader reads the JSON object by hand at its outer level, so that names given twice,
// which encoding/json would merge, are seen.
func parseHeader(header []byte) ([]headerEntry, map[string]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(header))
	decoder.DisallowUnknownFields()
	at := func() int64 { return 8 + decoder.InputOffset() }
	token, err := decoder.Token()
	if err != nil || token != json.Delim('{') {
		return nil, nil, fmt.Errorf("byte 8: the header is not a JSON object")
	}
	var entries []headerEntry
	var meta map[string]string
	seen := map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("byte %d: header: %w", at(), err)
		}
		name, ok := key.(string)
		if !ok {
			return nil, nil, fmt.Errorf("byte %d: header: a name was expected", at())
		}
		if seen[name] {
			return nil, nil, fmt.Errorf("byte %d: header: %q is given twice", at(), name)
		}
		seen[name] = true
		if name == metadataKey {
			meta, err = decodeMetadata(decoder)
		} else {
			var entry headerEntry
			entry, err = decodeEntry(decoder, name)
			entries = append(entries, entry)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("byte %d: header of %q: %w", at(), name, err)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, fmt.Errorf("byte %d: the header's end is missing: %w", at(), err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, nil, fmt.Errorf("byte %d: something follows the header's object", at())
	}
	return entries, meta, nil
}

func decodeMetadata(decoder *json.Decoder) (map[string]string, error) {
	var values map[string]*string
	if err := decoder.Decode(&values); err != nil {
		return nil, err
	}
	if values == nil {
		return nil, fmt.Errorf("null, want an object of strings")
	}
	meta := make(map[string]string, len(values))
	for key, value := range values {
		if value == nil {
			return nil, fmt.Errorf("%q is null, want a string", key)
		}
		meta[key] = *value
	}
	return meta, nil
}

func decodeEntry(decoder *json.Decoder, name string) (headerEntry, error) {
	var raw struct {
		DType       *string  `json:"dtype"`
		Shape       []int    `json:"shape"`
		DataOffsets []uint64 `json:"data_offsets"`
	}
	if err := decoder.Decode(&raw); err != nil {
		return headerEntry{}, err
	}
	switch {
	case raw.DType == nil:
		return headerEntry{}, fmt.Errorf("dtype is missing")
	case raw.Shape == nil:
		return headerEntry{}, fmt.Errorf("shape is missing")
	case len(raw.DataOffsets) != 2:
		return headerEntry{}, fmt.Errorf("data_offsets has %d numbers, want 2", len(raw.DataOffsets))
	case raw.DataOffsets[0] > raw.DataOffsets[1]:
		return headerEntry{}, fmt.Errorf("data_offsets %v run backwards", raw.DataOffsets)
	}
	return headerEntry{name, *raw.DType, raw.Shape, raw.DataOffsets[0], raw.DataOffsets[1]}, nil
}

// cutTensors cuts the data section, which begins at byte start of the file, into the tensors.
func cutTensors(entries []headerEntry, data []byte, start uint64) ([]Tensor, error) {
	slices.SortStableFunc(entries, func(a, b headerEntry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	tensors := make([]Tensor, 0, len(entries))
	var position uint64
	for _, e := range entries {
		switch {
		case e.end > uint64(len(data)):
			return nil, fmt.Errorf("tensor %q: its data [%d, %d) end after the %d bytes of data (truncated at byte %d?)",
				e.name, e.begin, e.end, len(data), start+uint64(len(data)))
		case e.begin < position:
			return nil, fmt.Errorf("tensor %q: its data [%d, %d) overlap the tensor before it, which ends at %d", e.name, e.begin, e.end, position)
		case e.begin > position:
			return nil, fmt.Errorf("tensor %q: hole of %d bytes before its data at byte %d", e.name, e.begin-position, start+e.begin)
		}
		t := Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: data[e.begin:e.end:e.end]}
		if err := t.check(); err != nil {
			return nil, err
		}
		tensors = append(tensors, t)
		position = e.end
	}
	if position != uint64(len(data)) {
		return nil, fmt.Errorf("byte %d: %d bytes follow the last tensor", start+position, uint64(len(data))-position)
	}
	return tensors, nil
}
