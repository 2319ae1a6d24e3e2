package trainer

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// trained is the folder of the checkpoints of a short run of a net on data, and the net; after is called as a hook is.
func trained(t *testing.T, spec models.Spec, data *datasets.Dataset, after ...func(epoch int, dir string)) (dir string, net *models.Net) {
	t.Helper()
	o := lenetOptions()
	o.Average = 3
	o.Checkpoints = CheckpointOptions{Dir: mustOpen(t, t.TempDir()), Config: []byte("a: 1\n"), Every: 1}
	o.Hooks = []Hook{hookFunc(func(_ context.Context, s *State) error {
		for _, f := range after {
			f(s.Epoch(), o.Checkpoints.Dir.Name())
		}
		return nil
	})}
	net = newNet(t, spec, 1)
	if _, err := mustNew(t, net, data, o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return o.Checkpoints.Dir.Name(), net
}

func readWeights(t *testing.T, path string) *Weights {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ReadWeights(file)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A checkpoint's file alone is enough to make the net, and to give it new images.
func TestWeightsNeedNothingElse(t *testing.T) {
	data := lenetData(t, 210)
	dir, net := trained(t, residualSpec, data)
	for name, want := range map[string]struct{ epoch, averaged int }{BestFile: {2, 2}, LastFile: {2, 0}, EpochFile(1): {1, 0}} {
		w := readWeights(t, filepath.Join(dir, name))
		if w.Epoch != want.epoch || w.Averaged != want.averaged || string(w.Config) != "a: 1\n" {
			t.Errorf("%s: epoch %d, averaged over %d, config %q, want %+v", name, w.Epoch, w.Averaged, w.Config, want)
		}
		if !reflect.DeepEqual(w.Recipe, data.Recipe) {
			t.Errorf("%s: recipe %+v, want %+v", name, w.Recipe, data.Recipe)
		}
		if w.Spec.Name != "residual" || w.Spec.Input != residualSpec.Input || w.Spec.Classes != 10 || !reflect.DeepEqual(rows(t, w.Spec), rows(t, residualSpec)) {
			t.Errorf("%s: net %+v", name, w.Spec)
		}
	}
	again, err := readWeights(t, filepath.Join(dir, BestFile)).Net(models.Options{Batch: 20, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for i, p := range again.Params() {
		if !slices.Equal(p.Value, net.Params()[i].Value) {
			t.Errorf("%s is not that of the net that was trained", p.Name)
		}
	}
	loss, wrong, err := Evaluate(context.Background(), again, data.Val, 20)
	wantLoss, wantWrong, err2 := Evaluate(context.Background(), net, data.Val, 20)
	if err := errors.Join(err, err2); err != nil || loss != wantLoss || wrong != wantWrong {
		t.Errorf("loss %v, error %v, want %v, %v (error %v)", loss, wrong, wantLoss, wantWrong, err)
	}
}

func rows(t *testing.T, s models.Spec) []models.LayerSummary {
	t.Helper()
	rows, err := s.Summary()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A large preprocessing is in a file of its own while the run goes on, and in the weights that it has kept at the end.
func TestLargeRecipe(t *testing.T) {
	data := *lenetData(t, 210)
	recipe := *data.Recipe
	recipe.Normalize, recipe.Contrast, recipe.Filter = datasets.NormalizeWhiten, 2, make([]float32, 784*784)
	recipe.Filter[785] = 3
	data.Recipe = &recipe
	during := ""
	dir, _ := trained(t, dropoutSpec, &data, func(epoch int, dir string) {
		if epoch == 2 {
			during = copyDir(t, dir)
		}
	})
	check := func(what string, w *Weights, err error, averaged int) {
		t.Helper()
		if err != nil || w.Averaged != averaged || !reflect.DeepEqual(w.Recipe, &recipe) {
			t.Errorf("%s: averaged over %d, another preprocessing, or error %v", what, w.Averaged, err)
		}
	}
	last := func(dir string) (*Weights, error) {
		w := readWeights(t, filepath.Join(dir, LastFile))
		if w.Recipe != nil {
			t.Error("the last checkpoint holds the preprocessing")
		}
		return w, w.FindRecipe(os.DirFS(dir))
	}
	w, err := last(during)
	check("the last checkpoint of a run that goes on", w, err, 0)
	w, err = KeptWeights(os.DirFS(during))
	check("a run that goes on", w, err, 0)
	check("the file of the weights kept", readWeights(t, filepath.Join(dir, BestFile)), nil, 2)
	w, err = last(dir)
	check("the last checkpoint", w, err, 0)
	w, err = KeptWeights(os.DirFS(dir))
	check("the weights kept", w, err, 2)
	if _, err := os.Stat(filepath.Join(dir, RecipeFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the preprocessing is in the folder twice, or error %v", err)
	}
	dir = during
	if err := os.Truncate(filepath.Join(dir, RecipeFile), 1000); err != nil {
		t.Fatal(err)
	}
	if _, err = KeptWeights(os.DirFS(dir)); !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), RecipeFile) {
		t.Errorf("a damaged preprocessing: error %v", err)
	}
	if _, err := KeptWeights(os.DirFS(t.TempDir())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: error %v", err)
	}
}

// To start from weights for other classes, the last layer alone is drawn anew.
func TestInitialize(t *testing.T) {
	dir, net := trained(t, residualSpec, lenetData(t, 210))
	w := readWeights(t, filepath.Join(dir, BestFile))
	fewer := residualSpec
	fewer.Classes = 4
	for _, c := range []struct {
		spec  models.Spec
		drawn []string
	}{{residualSpec, nil}, {fewer, []string{"fc1.weight", "fc1.bias"}}} {
		fresh, before := newNet(t, c.spec, 1), newNet(t, c.spec, 1)
		drawn, err := w.Initialize(fresh)
		if err != nil || !slices.Equal(drawn, c.drawn) {
			t.Fatalf("%d classes: drawn %v, error %v, want %v", c.spec.Classes, drawn, err, c.drawn)
		}
		for i, p := range fresh.Params() {
			want := net.Params()[i].Value
			if slices.Contains(c.drawn, p.Name) {
				want = before.Params()[i].Value
			}
			if !slices.Equal(p.Value, want) {
				t.Errorf("%d classes: %s has other values", c.spec.Classes, p.Name)
			}
		}
	}
	wider := residualSpec
	wider.Layers = slices.Clone(wider.Layers)
	wider.Layers[0] = models.Conv{Size: 5, Out: 8, Stride: 4, NoBias: true}
	other := newNet(t, wider, 1)
	before := WeightsHash(other)
	if _, err := w.Initialize(other); !errors.Is(err, ErrOtherNet) || !strings.Contains(err.Error(), "conv1.weight has the shape [8 1 3 3], the model's is [8 1 5 5]") {
		t.Errorf("another convolution: error %v", err)
	}
	if WeightsHash(other) != before {
		t.Error("a net that does not fit was changed")
	}
}

// Weights of another program say nothing of their net.
func TestForeignWeights(t *testing.T) {
	var file bytes.Buffer
	if err := models.WriteSafetensors(&file, []models.Tensor{models.Float32Tensor("fc.bias", []int{10}, make([]float32, 10))}, nil); err != nil {
		t.Fatal(err)
	}
	w, err := ReadWeights(file.Bytes())
	if err != nil || w.Epoch != -1 || w.Recipe != nil {
		t.Fatalf("%+v, error %v", w, err)
	}
	if _, err := w.Net(models.Options{Batch: 1}); err == nil {
		t.Error("a net of weights that do not say which: no error")
	}
	if err := w.Load(newSoftmaxNet()); !errors.Is(err, ErrOtherNet) || !strings.Contains(err.Error(), "it has no tensor fc.weight") {
		t.Errorf("error %v", err)
	}
}

// A checkpoint that is whole, but says what cannot be, is damaged.
func TestWeightsOfImpossibleCheckpoint(t *testing.T) {
	dir, _ := trained(t, residualSpec, lenetData(t, 210))
	file, err := os.ReadFile(filepath.Join(dir, BestFile))
	if err != nil {
		t.Fatal(err)
	}
	tensors, good, err := models.ReadSafetensors(file)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		metaEpoch: "x", metaAveraged: "1.5", metaNet: "layers: [nonsense]", datasets.RecipeKey: `{"data":"d","classes":["a"]}`,
		"": "", // as it is
	} {
		meta := maps.Clone(good)
		if key != "" {
			meta[key] = value
		}
		file, err := sealed(tensors, meta)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadWeights(file); errors.Is(err, ErrCheckpoint) != (key != "") {
			t.Errorf("%s %q: error %v", key, value, err)
		}
	}
	rest := slices.DeleteFunc(tensors, func(x models.Tensor) bool { return strings.HasPrefix(x.Name, datasets.RecipeKey) })
	if file, err = sealed(rest, maps.Clone(good)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadWeights(file); !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), "preprocessing.mean") {
		t.Errorf("without the tensors of the preprocessing: error %v", err)
	}
}
