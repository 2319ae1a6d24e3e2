package classify

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// silent is an experiment.Screen that shows nothing.
type silent struct{}

func (silent) BatchDone(int, int, int, float64) {}
func (silent) EpochDone(trainer.Row)            {}
func (silent) Verdict(diagnostics.Report)       {}

// trained is a run on a few digits in a folder, with its data.
func trained(t *testing.T, set ...string) (dir string, e *experiment.Experiment) {
	t.Helper()
	c, err := configs.Load("quickstart", append([]string{"train.epochs=3", "data.train_count=300", "data.val_count=120", "train.batch_size=50",
		"output.tensorboard=false", "output.report=false", "gain.every=0"}, set...))
	if err != nil {
		t.Fatal(err)
	}
	if e, err = experiment.Open(t.Context(), c, experiment.Reading{}); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "run")
	if _, err := e.Run(t.Context(), experiment.RunOptions{Out: dir, Log: slog.New(slog.DiscardHandler), Screen: silent{}}); err != nil {
		t.Fatal(err)
	}
	return dir, e
}

// opened is the classifier of a path, closed when the test ends.
func opened(t *testing.T, path string) *Classifier {
	t.Helper()
	c, err := Open(t.Context(), path, 0, experiment.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func evaluated(t *testing.T, c *Classifier, s Source) *Evaluation {
	t.Helper()
	e, err := c.Evaluate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// pngs writes images of a split into a folder for each class and returns their paths in the split's order.
func pngs(t *testing.T, root string, d *datasets.Dataset, s *datasets.Split) []string {
	t.Helper()
	var paths []string
	for i, label := range s.Labels {
		m := image.NewGray(image.Rect(0, 0, s.W, s.H))
		copy(m.Pix, s.Raw(i))
		path := filepath.Join(root, d.ClassNames[label], fmt.Sprintf("%03d.png", i))
		var b bytes.Buffer
		if err := errors.Join(png.Encode(&b, m), os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// lastRow is the last line of a run's metrics by column.
func lastRow(t *testing.T, dir string) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "metrics.csv"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	row := map[string]float64{}
	for k, name := range records[0] {
		row[name], _ = strconv.ParseFloat(records[len(records)-1][k], 64) // an empty field stays 0
	}
	return row
}

// The last weights come to the validation loss and error that the run measured with them; a folder of the same images as
// pictures to the same outcome, image by image.
func TestEvaluateAgreesWithTheRun(t *testing.T) {
	dir, run := trained(t)
	c := opened(t, filepath.Join(dir, "checkpoints", "last.safetensors"))
	e := evaluated(t, c, Source{})
	want := lastRow(t, dir)
	if e.Split != "val" || e.Images != 120 || e.Epoch != 3 || float64(e.Error) != want["val_error"] || math.Abs(float64(e.Loss)/want["val_loss"]-1) > 1e-9 {
		t.Errorf("%s: %d images, epoch %d, error %v, loss %v; the run has %v and %v", e.Split, e.Images, e.Epoch, e.Error, e.Loss, want["val_error"], want["val_loss"])
	}
	counts, wrong, diagonal := run.Data.Val.Counts(), 0, 0
	for k, class := range e.Classes {
		sum := 0
		for _, n := range e.Confusion[k] {
			sum += n
		}
		if class.Images != counts[k] || sum != counts[k] || class.Wrong != counts[k]-e.Confusion[k][k] || float64(class.Error) != float64(class.Wrong)/float64(class.Images) {
			t.Errorf("%+v with the row %v, want %d images", class, e.Confusion[k], counts[k])
		}
		wrong, diagonal = wrong+class.Wrong, diagonal+e.Confusion[k][k]
	}
	if wrong != e.Wrong || diagonal != e.Images-e.Wrong {
		t.Errorf("%d wrong in the classes, %d on the diagonal; %d of %d are wrong", wrong, diagonal, e.Wrong, e.Images)
	}

	root := t.TempDir()
	paths := pngs(t, root, run.Data, run.Data.Val)
	f := evaluated(t, c, Source{Data: root})
	if !reflect.DeepEqual(f.Confusion, e.Confusion) || math.Abs(float64(f.Loss/e.Loss)-1) > 1e-9 {
		t.Errorf("as pictures: loss %v, confusion %v; as data %v, %v", f.Loss, f.Confusion, e.Loss, e.Confusion)
	}
	predictionsAgree(t, c, run, paths, e)
}

// predictionsAgree predicts the pictures of the validation images one by one: the classes are those of the confusion
// matrix, and the mean of −log p of the labels is the loss.
func predictionsAgree(t *testing.T, c *Classifier, run *experiment.Experiment, paths []string, e *Evaluation) {
	t.Helper()
	confusion := make([][]int, 10)
	for i := range confusion {
		confusion[i] = make([]int, 10)
	}
	var told []string
	known, loss := 0, 0.0
	err := c.Predict(t.Context(), func(yield func(string, error) bool) {
		for _, path := range paths {
			if !yield(path, nil) {
				return
			}
		}
	}, func(p Prediction) error {
		label := run.Data.Val.Labels[len(told)]
		told = append(told, p.Path)
		class, _ := c.classOf(p.Class)
		confusion[label][class]++
		for k, g := range p.Top {
			if k > 0 && g.Probability > p.Top[k-1].Probability {
				t.Errorf("%s: %v are not in order", p.Path, p.Top)
			}
			if g.Class == run.Data.ClassNames[label] {
				known++
				loss -= math.Log(g.Probability)
			}
		}
		return nil
	})
	if err != nil || !reflect.DeepEqual(told, paths) {
		t.Fatalf("%d of %d pictures in order, error %v", len(told), len(paths), err)
	}
	if !reflect.DeepEqual(confusion, e.Confusion) {
		t.Errorf("predicted %v, evaluated %v", confusion, e.Confusion)
	}
	if mean := loss / float64(known); known < 100 || !(mean < float64(e.Loss)*1.01) {
		t.Errorf("mean −log p %v of the %d labels among the first five, loss %v over all", mean, known, e.Loss)
	}
}

// The kept weights are those of best.safetensors, and the training images are evaluated with the labels trained on.
func TestEvaluateRun(t *testing.T) {
	dir, run := trained(t, "average.epochs=0", "data.label_noise=0.5")
	of, file := opened(t, dir), opened(t, filepath.Join(dir, "checkpoints", "best.safetensors"))
	a, b := evaluated(t, of, Source{Split: "train"}), evaluated(t, file, Source{Split: "train"})
	if a.Split != "train" || a.Images != 300 || a.Run != dir || !reflect.DeepEqual(a.Confusion, b.Confusion) || a.Loss != b.Loss {
		t.Errorf("the run's %+v, the file's %+v", a, b)
	}
	for k, n := range run.Data.Train.Counts() {
		if a.Classes[k].Images != n {
			t.Errorf("class %d has %d images, want %d, noise included", k, a.Classes[k].Images, n)
		}
	}
	for _, s := range []Source{{Split: "test"}, {Split: "all"}, {Split: "val", Data: t.TempDir()}} {
		if _, err := of.Evaluate(t.Context(), s); !errors.Is(err, experiment.ErrUsage) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// Folders of pictures: a part of divided ones, some of the classes, and what cannot be meant.
func TestEvaluateFolder(t *testing.T) {
	dir, run := trained(t)
	c := opened(t, dir)
	root := t.TempDir()
	pngs(t, filepath.Join(root, "divided", "valid"), run.Data, run.Data.Val)
	pngs(t, filepath.Join(root, "divided", "train"), run.Data, run.Data.Train)
	pngs(t, filepath.Join(root, "some"), run.Data, run.Data.Val)
	for _, class := range run.Data.ClassNames[2:] {
		if err := os.RemoveAll(filepath.Join(root, "some", class)); err != nil {
			t.Fatal(err)
		}
	}
	whole := evaluated(t, c, Source{})
	counts := run.Data.Val.Counts()
	for name, w := range map[string]struct {
		s      Source
		images int
	}{
		"divided":      {Source{Data: filepath.Join(root, "divided")}, 120},
		"its training": {Source{Data: filepath.Join(root, "divided"), Split: "train"}, 300},
		"its val":      {Source{Data: filepath.Join(root, "divided"), Split: "val"}, 120},
		"two classes":  {Source{Data: filepath.Join(root, "some")}, counts[0] + counts[1]},
	} {
		e := evaluated(t, c, w.s)
		if e.Images != w.images {
			t.Errorf("%s: %d images, want %d", name, e.Images, w.images)
		}
		if name == "two classes" && (!reflect.DeepEqual(e.Confusion[:2], whole.Confusion[:2]) || e.Classes[2].Images != 0 || !math.IsNaN(float64(e.Classes[2].Error))) {
			t.Errorf("%s: %v, of the whole %v; class 2 %+v", name, e.Confusion[:2], whole.Confusion[:2], e.Classes[2])
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "some", "cat"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "divided", "valid", "3", "x.png"), []byte("\x89PNG\r\n\x1a\nno picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]Source{
		`knows no class "cat"; its classes are 0, 1, 2`: {Data: filepath.Join(root, "some")},
		"x.png":                {Data: filepath.Join(root, "divided")},
		"holds no folder test": {Data: filepath.Join(root, "some"), Split: "test"},
		"no such file":         {Data: filepath.Join(root, "nowhere")},
	} {
		if _, err := c.Evaluate(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q in it", s, err, want)
		}
	}
}

// A checkpoint without preprocessing, as an earlier version wrote it, has it anew from the run's data. That of
// whitened images is not in each checkpoint, so that it can be taken away here.
func TestCheckpointWithoutPreprocessing(t *testing.T) {
	dir, _ := trained(t, "data.normalize=whiten", "data.train_count=900", "train.epochs=1")
	last := filepath.Join(dir, "checkpoints", "last.safetensors")
	want := evaluated(t, opened(t, last), Source{})
	for _, name := range []string{trainer.RecipeFile, trainer.BestFile} { // whichever holds it for the others
		if err := os.RemoveAll(filepath.Join(dir, "checkpoints", name)); err != nil {
			t.Fatal(err)
		}
	}
	c := opened(t, last)
	if c.Weights.Recipe != nil {
		t.Fatal("the checkpoint has its preprocessing yet")
	}
	if got := evaluated(t, c, Source{}); got.Loss != want.Loss || !reflect.DeepEqual(got.Confusion, want.Confusion) {
		t.Errorf("loss %v, before %v", got.Loss, want.Loss)
	}
}

func TestOpenRefuses(t *testing.T) {
	root := t.TempDir()
	var foreign bytes.Buffer
	if err := models.WriteSafetensors(&foreign, []models.Tensor{models.Float32Tensor("x", []int{1}, []float32{1})}, nil); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"damaged.safetensors": []byte("no tensors"), "foreign.safetensors": foreign.Bytes()} {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]error{"nowhere": experiment.ErrUsage, ".": experiment.ErrUsage,
		"damaged.safetensors": datasets.ErrDamaged, "foreign.safetensors": experiment.ErrUsage} {
		if _, err := Open(t.Context(), filepath.Join(root, path), 0, experiment.Reading{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

// The softmax of the logits 0, log 2, log 5 and log 2 is 1/10, 2/10, 5/10 and 2/10; of equal ones the first comes first, and
// no more than five are named.
func TestGuesses(t *testing.T) {
	c := &Classifier{Recipe: &datasets.Recipe{ClassNames: []string{"a", "b", "c", "d", "e", "f", "g"}}}
	log := func(v float64) float32 { return float32(math.Log(v)) }
	want := []Guess{{"c", 0.5}, {"b", 0.2}, {"d", 0.2}, {"a", 0.1}}
	guesses := c.guesses([]float32{100, 100 + log(2), 100 + log(5), 100 + log(2)})
	if len(guesses) != len(want) {
		t.Fatalf("guesses %v, want %v", guesses, want)
	}
	for i, g := range guesses {
		if g.Class != want[i].Class || math.Abs(g.Probability-want[i].Probability) > 1e-5 {
			t.Errorf("guess %d is %v, want %v", i, g, want[i])
		}
	}
	if n := len(c.guesses(make([]float32, 7))); n != 5 {
		t.Errorf("%d guesses of 7 classes", n)
	}
}

// More pictures than a batch come in their order; broken ones among them are told with their error, and an error of what
// they are told to ends it.
func TestPredictStream(t *testing.T) {
	dir, run := trained(t)
	c := opened(t, dir)
	paths := pngs(t, t.TempDir(), run.Data, run.Data.Train)[:2*batch+30]
	if err := os.WriteFile(paths[batch], []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	seq := func(yield func(string, error) bool) {
		for _, path := range paths {
			if !yield(path, nil) {
				return
			}
		}
	}
	n := 0
	err := c.Predict(t.Context(), seq, func(p Prediction) error {
		if p.Path != paths[n] || (p.Err != nil) != (n == batch) || (p.Class == "") != (n == batch) {
			t.Errorf("picture %d: %+v, want %s", n, p, paths[n])
		}
		n++
		return nil
	})
	if err != nil || n != len(paths) {
		t.Errorf("%d of %d pictures, error %v", n, len(paths), err)
	}
	full := errors.New("full")
	if err := c.Predict(t.Context(), seq, func(Prediction) error { return full }); err != full {
		t.Errorf("error %v, want %v", err, full)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Predict(ctx, seq, func(Prediction) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Pictures of a folder are those by name, in its folders too, hidden ones and other files left out.
func TestPictures(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"b.png", "a/2.JPG", "a/1.webp", "a/notes.txt", ".hidden.png", ".git/x.png"} {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Skip(err)
	}
	for at, want := range map[string][]string{
		root: {"a/1.webp", "a/2.JPG", "b.png"}, link: {"a/1.webp", "a/2.JPG", "b.png"}, filepath.Join(root, "a/notes.txt"): {"."},
	} {
		var got []string
		for path, err := range Pictures(at) {
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(at, path)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, filepath.ToSlash(name))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
	}
	for _, err := range Pictures(filepath.Join(root, "nowhere")) {
		if !errors.Is(err, datasets.ErrMissing) {
			t.Errorf("error %v", err)
		}
	}
}

// In the picture of a matrix a cell of all of a row's images is dark, one of none white.
func TestSaveMatrix(t *testing.T) {
	for _, k := range []int{2, 300} {
		e := &Evaluation{Data: "x", Images: k, Confusion: make([][]int, k)}
		for i := range k {
			e.Classes = append(e.Classes, ClassResult{Class: fmt.Sprint("c", i), Images: 1})
			e.Confusion[i] = make([]int, k)
			e.Confusion[i][0] = 1 // everything is taken for class 0
		}
		m := e.shades()
		side := m.Bounds().Dx()
		light := func(c color.Color) uint32 { r, g, b, _ := c.RGBA(); return r + g + b }
		if first, other := light(m.At(0, side-1)), light(m.At(side-1, 0)); first > 3*0x6000 || other != 3*0xffff {
			t.Errorf("%d classes: the first column is %x bright, the last %x", k, first, other)
		}
		for _, ext := range []string{".png", ".svg"} {
			path := filepath.Join(t.TempDir(), "m"+ext)
			if err := e.SaveMatrix(path); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// Labels of other data are those of the net's classes by their names; a class that it does not know is refused.
func TestTranslate(t *testing.T) {
	c := &Classifier{Recipe: &datasets.Recipe{H: 2, W: 1, C: 1, ClassNames: []string{"x", "y", "z"}}}
	split := &datasets.Split{H: 2, W: 1, C: 1, Classes: 2, Labels: []uint16{0, 1, 1}}
	c.data = &datasets.Dataset{ClassNames: []string{"z", "x"}}
	if got, err := c.translate(split); err != nil || !reflect.DeepEqual(got, []uint16{2, 0, 0}) {
		t.Errorf("labels %v, error %v; want 2, 0, 0", got, err)
	}
	c.data = &datasets.Dataset{ClassNames: []string{"z", "w"}}
	if _, err := c.translate(split); !errors.Is(err, experiment.ErrUsage) {
		t.Errorf("an unknown class: %v", err)
	}
	split.H = 3
	if _, err := c.translate(split); !errors.Is(err, experiment.ErrUsage) {
		t.Errorf("images of another size: %v", err)
	}
}
