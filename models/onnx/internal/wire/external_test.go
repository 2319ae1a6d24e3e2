package wire

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// external is a model with one tensor of three floats in another file.
func external(dims []int64, location ...Entry) *Model {
	return &Model{Graph: Graph{Initializers: []*Tensor{{Name: "w", Dims: dims, Type: Float, External: true, Location: location}}}}
}

func TestExternalData(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "model")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	// 4 bytes of something else, then 1, 2, 3.
	data := []byte{9, 9, 9, 9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40}
	for _, path := range []string{filepath.Join(dir, "w.bin"), filepath.Join(dir, "sub", "w.bin"), filepath.Join(outer, "secret.bin")} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join("..", "secret.bin"), filepath.Join(dir, "link.bin")); err != nil {
		t.Fatal(err)
	}
	at := func(name, offset, length string) []Entry {
		return []Entry{{"location", name}, {"offset", offset}, {"length", length}}
	}
	for _, name := range []string{"w.bin", "sub/w.bin"} {
		m := external([]int64{3}, at(name, "4", "12")...)
		// What is written and read again is the same.
		again, err := Decode((&Model{Opsets: map[string]int64{"": 13}, Graph: m.Graph}).Encode(nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := again.LoadExternal(dir); err != nil {
			t.Fatal(err)
		}
		if got, err := Floats([]float32(nil), again.Graph.Initializers[0]); err != nil || !slices.Equal(got, []float32{1, 2, 3}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, c := range []struct {
		m    *Model
		want string
	}{
		{external([]int64{3}, at("../secret.bin", "4", "12")...), "must lie in the model's folder"},
		{external([]int64{3}, at(filepath.Join(outer, "secret.bin"), "4", "12")...), "must lie in the model's folder"},
		{external([]int64{3}, at("link.bin", "4", "12")...), "must lie in the model's folder"},
		{external([]int64{3}, at("sub", "0", "12")...), "sub is not a regular file"},
		{external([]int64{3}, at("none.bin", "0", "12")...), "no such file"},
		{external([]int64{3}, at("w.bin", "8", "12")...), "w.bin has 16 bytes, but bytes 8 to 20 are wanted"},
		{external([]int64{3}, at("w.bin", "9223372036854775807", "12")...), "w.bin has 16 bytes"},
		{external([]int64{1 << 38}, at("w.bin", "0", "1099511627776")...), "w.bin has 16 bytes"},
		{external([]int64{3}, at("w.bin", "4", "8")...), "length is 8, but [3] elements of float32 have 12 bytes"},
		{external([]int64{3}, at("w.bin", "-4", "12")...), `offset "-4" is no size`},
		{external([]int64{3}, at("w.bin", "four", "12")...), `offset "four" is no size`},
		{external([]int64{3}, Entry{"offset", "0"}), "no file is named"},
	} {
		err := c.m.LoadExternal(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `tensor "w"`) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
