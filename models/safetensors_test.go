package models

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// file puts a header of any content before n bytes of data.
func safetensorsFile(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

// The bytes follow from the format's description: length, JSON, spaces up to a multiple of 8, data.
func TestWriteSafetensorsBytes(t *testing.T) {
	tensors := []Tensor{
		Float32Tensor("w", []int{2, 1}, []float32{1, -2}),
		{Name: "p", DType: "U8", Shape: []int{3}, Data: []byte{7, 8, 9}},
	}
	var got bytes.Buffer
	if err := WriteSafetensors(&got, tensors, map[string]string{"b": "2", "a": "1"}); err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"a":"1","b":"2"},` +
		`"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},` +
		`"p":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := safetensorsFile(header, 0)
	want = append(want, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 8, 9)
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got  %q\nwant %q", got.Bytes(), want)
	}
}

func TestSafetensorsRoundTrip(t *testing.T) {
	values := []float32{0, float32(math.Inf(-1)), math.SmallestNonzeroFloat32, math.MaxFloat32, float32(math.NaN()), -0.1}
	tensors := []Tensor{
		Float32Tensor("conv1.weight", []int{3, 2}, values),
		Float32Tensor("scalar", []int{}, []float32{3}),
		{Name: `quote " and ünï`, DType: "U8", Shape: []int{0}, Data: []byte{}},
		{Name: "last", DType: "I64", Shape: []int{1}, Data: make([]byte, 8)},
	}
	meta := map[string]string{"text": "line\n<&> \" 漢", "empty": ""}
	var file bytes.Buffer
	if err := WriteSafetensors(&file, tensors, meta); err != nil {
		t.Fatal(err)
	}
	got, gotMeta, err := ReadSafetensors(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotMeta, meta) {
		t.Errorf("metadata %q, want %q", gotMeta, meta)
	}
	if !reflect.DeepEqual(got, tensors) {
		t.Errorf("tensors %v, want %v", got, tensors)
	}
	back, err := got[0].Float32s()
	if err != nil {
		t.Fatal(err)
	}
	for i := range values {
		if math.Float32bits(back[i]) != math.Float32bits(values[i]) {
			t.Errorf("value %d: %x, want %x", i, math.Float32bits(back[i]), math.Float32bits(values[i]))
		}
	}
	if _, err := got[2].Float32s(); err == nil {
		t.Error("Float32s of a U8 tensor: no error")
	}
}

func TestReadSafetensorsErrors(t *testing.T) {
	const a01 = `"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`
	for _, c := range []struct {
		name, header string
		data         int
		want         string
	}{
		{"not an object", `[]`, 0, "byte 8: the header is not a JSON object"},
		{"open object", `{` + a01, 1, "the header's end is missing"},
		{"trailing text", `{` + a01 + `}x`, 1, "byte 61: something follows the header's object"},
		{"invalid UTF-8", "{\"\xff\":1}", 0, "byte 8: the header is not valid UTF-8"},
		{"name twice", `{` + a01 + `,` + a01 + `}`, 1, `"a" is given twice`},
		{"unknown field", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1, `header of "a": json: unknown field "x"`},
		{"no dtype", `{"a":{"shape":[0],"data_offsets":[0,0]}}`, 0, `header of "a": dtype is missing`},
		{"null shape", `{"a":{"dtype":"U8","shape":null,"data_offsets":[0,1]}}`, 1, `header of "a": shape is missing`},
		{"one offset", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1, `data_offsets has 1 numbers, want 2`},
		{"backwards", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1, `data_offsets [1 0] run backwards`},
		{"unknown dtype", `{"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,1]}}`, 1, `tensor "a": unknown dtype "Q4"`},
		{"negative", `{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1, `tensor "a": negative size in shape [-1]`},
		{"overflow", `{"a":{"dtype":"F64","shape":[4611686018427387904,2],"data_offsets":[0,0]}}`, 0, `tensor "a": shape [4611686018427387904 2] is too large`},
		{"wrong size", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4, `tensor "a": F32 of shape [2] takes 8 bytes, its data are 4 bytes`},
		{"rank", `{"a":{"dtype":"U8","shape":[` + strings.Repeat("1,", 32) + `1],"data_offsets":[0,1]}}`, 1, `tensor "a": 33 dimensions, at most 32`},
		{"truncated", `{` + a01 + `}`, 0, `tensor "a": its data [0, 1) end after the 0 bytes of data (truncated at byte 61?)`},
		{"bytes over", `{` + a01 + `}`, 3, `byte 62: 2 bytes follow the last tensor`},
		{"hole", `{` + a01 + `,"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3, `tensor "b": hole of 1 bytes before its data`},
		{"overlap", `{` + a01 + `,"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2, `tensor "b": its data [0, 2) overlap`},
		{"metadata null", `{"__metadata__":null}`, 0, "null, want an object of strings"},
		{"metadata number", `{"__metadata__":{"a":1}}`, 0, `header of "__metadata__"`},
		{"metadata null value", `{"__metadata__":{"a":null}}`, 0, `"a" is null, want a string`},
	} {
		_, _, err := ReadSafetensors(safetensorsFile(c.header, c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want …%s…", c.name, err, c.want)
		}
		if !errors.Is(err, ErrSafetensors) {
			t.Errorf("%s: error does not wrap ErrSafetensors", c.name)
		}
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "0 bytes, the header's length alone takes 8"},
		{"huge header", []byte{0, 0, 0, 0, 0, 0, 0, 0x7f}, "byte 0: header of 9151314442816847872 bytes, at most 100000000 are allowed"},
		{"short header", []byte{9, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, "byte 0: header of 9 bytes, but only 2 follow"},
	} {
		if _, _, err := ReadSafetensors(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want …%s…", c.name, err, c.want)
		}
	}
}

func TestWriteSafetensorsErrors(t *testing.T) {
	good := Tensor{Name: "a", DType: "U8", Shape: []int{1}, Data: []byte{1}}
	for _, c := range []struct {
		name    string
		tensors []Tensor
		meta    map[string]string
		want    string
	}{
		{"name twice", []Tensor{good, good}, nil, `tensor "a" is given twice`},
		{"reserved name", []Tensor{{Name: "__metadata__", DType: "U8"}}, nil, `name "__metadata__" is not allowed`},
		{"bytes", []Tensor{{Name: "a", DType: "F32", Shape: []int{1}, Data: []byte{1}}}, nil, "takes 4 bytes, its data are 1 bytes"},
		{"dtype", []Tensor{{Name: "a", DType: "float"}}, nil, `unknown dtype "float"`},
		{"metadata", []Tensor{good}, map[string]string{"k": "\xff"}, `metadata "k" is not valid UTF-8`},
	} {
		var w bytes.Buffer
		err := WriteSafetensors(&w, c.tensors, c.meta)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want …%s…", c.name, err, c.want)
		}
		if w.Len() != 0 {
			t.Errorf("%s: %d bytes were written before the error", c.name, w.Len())
		}
	}
}

// A file may cost no more memory than a small multiple of its own size, whatever it claims.
func TestReadSafetensorsMemory(t *testing.T) {
	const n = 1 << 20
	for name, header := range map[string]string{
		"many dimensions": `{"a":{"dtype":"U8","shape":[` + strings.Repeat("1,", n/2) + `1],"data_offsets":[0,1]}}`,
		"many offsets":    `{"a":{"dtype":"U8","shape":[1],"data_offsets":[` + strings.Repeat("1,", n/2) + `1]}}`,
		"nesting":         `{"a":` + strings.Repeat("[", n),
		"long name":       `{"` + strings.Repeat("a", n) + `":{}}`,
		"metadata":        `{"__metadata__":{` + strings.Repeat(`"":"",`, n/6) + `"":""}}`,
		"huge claim":      `{"a":{"dtype":"F64","shape":[1000000000000],"data_offsets":[0,8000000000000]}}`,
	} {
		file := safetensorsFile(header, 0)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ReadSafetensors(file)
		runtime.ReadMemStats(&after)
		if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(64*len(file)+64<<10); got > limit {
			t.Errorf("%s: %d bytes allocated in all for a file of %d, limit %d", name, got, len(file), limit)
		}
	}
}

func FuzzReadSafetensors(f *testing.F) {
	var file bytes.Buffer
	if err := WriteSafetensors(&file, []Tensor{
		Float32Tensor("conv1.weight", []int{1, 1, 2, 1}, []float32{1, 2}),
		{Name: "predictions", DType: "U8", Shape: []int{3}, Data: []byte{1, 2, 3}},
	}, map[string]string{"epoch": "3"}); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add(safetensorsFile(`{}`, 0))
	f.Add(safetensorsFile(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 2))
	f.Add(safetensorsFile(`{"a":{"dtype":"F64","shape":[0,9],"data_offsets":[0,0]}}`, 0))
	f.Add(safetensorsFile(`{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,1e3]}}`, 36))
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors, meta, err := ReadSafetensors(data)
		if err != nil {
			if !errors.Is(err, ErrSafetensors) {
				t.Fatalf("error does not wrap ErrSafetensors: %v", err)
			}
			return
		}
		var out bytes.Buffer
		if err := WriteSafetensors(&out, tensors, meta); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, metaAgain, err := ReadSafetensors(out.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if len(meta) != len(metaAgain) || len(meta) > 0 && !reflect.DeepEqual(meta, metaAgain) {
			t.Fatalf("metadata %q became %q", meta, metaAgain)
		}
		if !reflect.DeepEqual(tensors, again) {
			t.Fatalf("tensors %v became %v", tensors, again)
		}
	})
}

// The data begin at a multiple of 8 bytes, whatever the length of the header, so that a reader may map the file.
func TestSafetensorsAlignment(t *testing.T) {
	for n := range 16 {
		var file bytes.Buffer
		name := strings.Repeat("a", n+1)
		if err := WriteSafetensors(&file, []Tensor{Float32Tensor(name, []int{1}, []float32{1})}, nil); err != nil {
			t.Fatal(err)
		}
		header := binary.LittleEndian.Uint64(file.Bytes())
		if start := 8 + header; start%8 != 0 || uint64(file.Len()) != start+4 {
			t.Errorf("name of %d letters: data begin at byte %d of %d", n+1, start, file.Len())
		}
	}
}
