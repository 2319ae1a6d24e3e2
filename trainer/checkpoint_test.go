package trainer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/models"
)

// smallCheckpoint is the last checkpoint of a run, as written.
func smallCheckpoint(t *testing.T) []byte {
	t.Helper()
	o := testOptions(t, t.TempDir())
	if _, err := mustNew(t, newSoftmaxNet(), digits(t), o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(o.Checkpoints.Dir.Name(), LastFile))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCheckpointTruncatedAtEveryLength(t *testing.T) {
	file := smallCheckpoint(t)
	if _, err := decodeCheckpoint(file); err != nil {
		t.Fatal(err)
	}
	for n := range file {
		if _, err := decodeCheckpoint(file[:n]); !errors.Is(err, ErrCheckpoint) {
			t.Fatalf("%d of %d bytes: error %v", n, len(file), err)
		}
	}
}

func TestCheckpointFlippedAtEveryByte(t *testing.T) {
	file := smallCheckpoint(t)
	for i := range file {
		file[i] ^= 1 << (i % 8)
		if _, err := decodeCheckpoint(file); !errors.Is(err, ErrCheckpoint) {
			t.Fatalf("bit %d of byte %d flipped: error %v", i%8, i, err)
		}
		file[i] ^= 1 << (i % 8)
	}
}

// Files of other programs have no checksum and are read as they are.
func TestReadTensors(t *testing.T) {
	file := smallCheckpoint(t)
	if tensors, meta, err := ReadTensors(file); err != nil || len(tensors) != 9 || meta[metaModel] != "softmax" {
		t.Errorf("%d tensors, metadata %v, error %v", len(tensors), meta, err)
	}
	file[len(file)-5] ^= 1
	if _, _, err := ReadTensors(file); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("a flipped bit: error %v", err)
	}
	var other bytes.Buffer
	if err := models.WriteSafetensors(&other, []models.Tensor{models.Float32Tensor("a", []int{1}, []float32{1})}, nil); err != nil {
		t.Fatal(err)
	}
	if tensors, _, err := ReadTensors(other.Bytes()); err != nil || len(tensors) != 1 {
		t.Errorf("another program's file: %d tensors, error %v", len(tensors), err)
	}
}

// Other tools read the weights under their names, in PyTorch's order, with the run's facts.
func TestCheckpointContent(t *testing.T) {
	o := testOptions(t, t.TempDir())
	o.Average, o.Hooks = 0, []Hook{signals{}} // nothing is marked: the net ends with the last weights
	net := newSoftmaxNet()
	if _, err := mustNew(t, net, digits(t), o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(o.Checkpoints.Dir.Name(), LastFile))
	if err != nil {
		t.Fatal(err)
	}
	tensors, meta, err := models.ReadSafetensors(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range tensors {
		names = append(names, x.Name)
	}
	if got, want := strings.Join(names, " "), "fc.weight fc.bias optimizer.fc.weight.velocity optimizer.fc.bias.velocity trainer.predictions trainer.previous_predictions trainer.memory.empty trainer.memory.kept preprocessing.mean"; got != want {
		t.Errorf("tensors %s, want %s", got, want)
	}
	values, err := tensors[0].Float32s()
	if err != nil {
		t.Fatal(err)
	}
	// [out,in,kh,kw] = [3,0,2,5] is [kh,kw,in,out] = [2,5,0,3] in the net.
	if got, want := values[3*49+2*7+5], net.weight.Value[(2*7+5)*10+3]; got != want {
		t.Errorf("weight [3,0,2,5] is %v, want %v", got, want)
	}
	for key, want := range map[string]string{"model": "softmax", "seed": "7", "epoch": "3", "config": string(o.Checkpoints.Config), "format": "maxgain-checkpoint-1"} {
		if meta[key] != want {
			t.Errorf("metadata %s is %q, want %q", key, meta[key], want)
		}
	}
}

func TestCheckpointFiles(t *testing.T) {
	o := testOptions(t, t.TempDir())
	o.Checkpoints.Every = 2
	if err := os.WriteFile(filepath.Join(o.Checkpoints.Dir.Name(), ".last.safetensors.123.tmp"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := mustNew(t, newSoftmaxNet(), digits(t), o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(o.Checkpoints.Dir.Name())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := "best.safetensors end-1.safetensors end-2.safetensors end-3.safetensors epoch-2.safetensors last-1.safetensors last.safetensors"; strings.Join(got, " ") != want {
		t.Errorf("files %v, want %s", got, want)
	}
	s := &store{o.Checkpoints.Dir}
	for name, want := range map[string]string{"epoch-2.safetensors": "2", "last-1.safetensors": "2", "last.safetensors": "3"} {
		if c, err := s.get(name); err != nil || c.meta[metaEpoch] != want {
			t.Errorf("%s: epoch %s, error %v, want epoch %s", name, c.meta[metaEpoch], err, want)
		}
	}
}

// Wherever writing a checkpoint fails, an older one stays whole.
func TestCheckpointFolderVanishes(t *testing.T) {
	o := testOptions(t, filepath.Join(t.TempDir(), "checkpoints"))
	o.Hooks = []Hook{hookFunc(func(_ context.Context, s *State) error {
		if s.Epoch() == 2 {
			return os.RemoveAll(o.Checkpoints.Dir.Name())
		}
		return nil
	})}
	s, err := mustNew(t, newSoftmaxNet(), digits(t), o).Run(context.Background())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "has been removed or renamed") || s.State != StateFailed || s.Reason != ReasonError {
		t.Errorf("state %s, reason %s, error %v", s.State, s.Reason, err)
	}
}

func TestSealedFindsItsOwnChecksum(t *testing.T) {
	// A configuration that looks like the checksum's key must not be taken for it.
	file, err := sealed(nil, map[string]string{"config": `"sha256":"` + noChecksum + `"`})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := unsealed(bytes.Clone(file)); err != nil {
		t.Error(err)
	}
}

// Whatever stands in the metadata of a checkpoint that is whole, it is refused by a known error or leaves a run in a
// state that it can go on from.
func FuzzCheckpointMetadata(f *testing.F) {
	data := digits(f)
	first := mustNew(f, newSoftmaxNet(), data, testOptions(f, f.TempDir()))
	if _, err := first.Run(context.Background()); err != nil {
		f.Fatal(err)
	}
	c, err := first.store.get(LastFile)
	if err != nil {
		f.Fatal(err)
	}
	c.history.Rows = c.history.Rows[:1] // a short seed is soon varied
	short, err := json.Marshal(c.history)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.meta[metaProgress], string(short), c.meta[metaConfig])
	f.Add(`{"at":{"epoch":1,"step":2},"loss":"2.5","best_epoch":1}`, `[{"epoch":0,"figures":["NaN"]}]`, "train: {momentum: .9, workers: {a: [1]}}")
	f.Add(`{"at":{"epoch":-1},"stop":{"Reason":"converged"}}`, "[]", "a: &a [b, *a]")
	var tensors []models.Tensor
	for _, x := range c.tensors {
		tensors = append(tensors, x)
	}
	tr := mustNew(f, newSoftmaxNet(), data, testOptions(f, f.TempDir()))
	f.Fuzz(func(t *testing.T, progress, history, config string) {
		meta := maps.Clone(c.meta)
		meta[metaProgress], meta[metaHistory], meta[metaConfig] = progress, history, config
		file, err := sealed(tensors, meta)
		if err != nil {
			return // not UTF-8
		}
		fits := func() error {
			got, err := decodeCheckpoint(file)
			if err != nil {
				return err
			}
			if err := tr.agrees(got); err != nil {
				return err
			}
			if err := tr.restore(got); err != nil {
				return err
			}
			if at := tr.at; at.Epoch < 0 || at.Step < 0 || at.Step > tr.steps() || tr.history == nil {
				t.Errorf("the run is at %+v", at)
			}
			return nil
		}
		if err := fits(); err != nil && !errors.Is(err, ErrCheckpoint) && !errors.Is(err, ErrMismatch) {
			t.Errorf("error %v is neither ErrCheckpoint nor ErrMismatch", err)
		}
	})
}

func FuzzDecodeCheckpoint(f *testing.F) {
	file, err := sealed([]models.Tensor{models.Float32Tensor("fc.weight", []int{2}, []float32{1, 2})}, map[string]string{
		metaFormat: checkpointFormat, metaProgress: `{"at":{"epoch":1,"step":2},"loss":"2.5"}`, metaHistory: `[{"epoch":0,"figures":["NaN"]}]`})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(file[:100])
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := decodeCheckpoint(data); err != nil && !errors.Is(err, ErrCheckpoint) {
			t.Errorf("error %v is no ErrCheckpoint", err)
		}
	})
}

// Class numbers above 255 survive a checkpoint, and those of one byte, as earlier versions wrote them, are read.
func TestClassTensors(t *testing.T) {
	want := []uint16{0, 7, 255, 256, 999}
	c := &checkpoint{tensors: map[string]models.Tensor{
		"wide":   classTensor("wide", want),
		"narrow": {Name: "narrow", DType: "U8", Shape: []int{3}, Data: []byte{0, 7, 255}},
		"floats": models.Float32Tensor("floats", []int{3}, []float32{1, 2, 3}),
	}}
	if got, err := c.classes("wide", 5); err != nil || !slices.Equal(got, want) {
		t.Errorf("U16: %v, %v; want %v", got, err, want)
	}
	if got, err := c.classes("narrow", 3); err != nil || !slices.Equal(got, want[:3]) {
		t.Errorf("U8: %v, %v; want %v", got, err, want[:3])
	}
	for name, n := range map[string]int{"floats": 3, "wide": 4} {
		if _, err := c.classes(name, n); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s of length %d: error %v", name, n, err)
		}
	}
}
