package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// A run that begins with another one's weights has its kept validation loss before the first step.
func TestInit(t *testing.T) {
	small := []string{"train.epochs=1", "data.train_count=200", "data.val_count=50", "average.epochs=0", "gain.every=0"}
	first, r := trained(t, "quickstart", small...)
	_, again := trained(t, "quickstart", append(small, "train.init="+first, "train.learning_rate=0.0001")...)
	if begun, kept := again.History.Rows[0].ValLoss, r.History.Rows[1].ValLoss; begun != kept {
		t.Errorf("validation loss %v before the first step, %v with the weights kept", begun, kept)
	}
	file := filepath.Join(first, "checkpoints", "best.safetensors")
	_, fromFile := trained(t, "quickstart", append(small, "train.init="+file, "train.learning_rate=0.0001")...)
	if a, b := again.History.Rows[1].TrainLoss, fromFile.History.Rows[1].TrainLoss; a != b {
		t.Errorf("training loss %v from the run, %v from its checkpoint", a, b)
	}
}

// twoClasses writes a folder with six pictures of each of two classes.
func twoClasses(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for k, class := range []string{"cat", "dog"} {
		for i := range 6 {
			m := image.NewGray(image.Rect(0, 0, 28, 28))
			for p := range m.Pix {
				m.Pix[p] = uint8(p*(k+1) + 20*i)
			}
			var b bytes.Buffer
			path := filepath.Join(root, class, fmt.Sprint(i, ".png"))
			if err := errors.Join(png.Encode(&b, m), os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

const ownNet = "model:\n  layers: [conv: {size: 5, out: 4}, relu, max_pool: {size: 4, stride: 4}, dense: {out: classes}]\n"

// For another number of classes the last layer is drawn anew, and that is said; the others are taken over.
func TestInitForOtherClasses(t *testing.T) {
	dir := t.TempDir()
	ten, two := filepath.Join(dir, "ten.yaml"), filepath.Join(dir, "two.yaml")
	rest := "train: {epochs: 1, learning_rate: 0.001, batch_size: 4}\ngain: {every: 0}\naverage: {epochs: 0}\n"
	for path, data := range map[string]string{ten: "data: {name: digits, train_count: 40, val_count: 10}\n",
		two: "data: {name: folder, path: '" + twoClasses(t) + "', colour: grey}\n"} {
		if err := os.WriteFile(path, []byte(ownNet+data+rest), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	from, _ := trained(t, ten)
	w, err := rundir.ReadWeights(from)
	if err != nil {
		t.Fatal(err)
	}
	c, err := configs.Load(two, []string{"train.init=" + from})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	e, err := Open(t.Context(), c, Reading{Log: func(message string) { said = append(said, message) }})
	if err != nil {
		t.Fatal(err)
	}
	net, err := e.NewNet(1)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	taken, drawn := 0, 0
	for _, p := range net.Params() {
		values, err := w.Tensors[p.Name].Float32s()
		if err != nil {
			t.Fatal(err)
		}
		equal := len(values) == len(p.Value)
		for i, v := range p.Export(p.Value) {
			equal = equal && math.Float32bits(v) == math.Float32bits(values[i])
		}
		if equal {
			taken++
		} else {
			drawn++
			if last := said[len(said)-1]; !strings.Contains(last, p.Name) || !strings.Contains(last, "for 2 classes") {
				t.Errorf("%s is drawn anew, said is %q", p.Name, last)
			}
		}
	}
	if taken != 2 || drawn != 2 {
		t.Errorf("%d parameters taken over, %d drawn; want those of the convolution and those of the dense layer", taken, drawn)
	}
}

func TestInitThatCannotBe(t *testing.T) {
	for _, path := range []string{"nowhere", t.TempDir()} {
		c, err := configs.Load("quickstart", []string{"train.init=" + path, "data.train_count=10", "data.val_count=10"})
		if err != nil {
			t.Fatal(err)
		}
		e, err := Open(t.Context(), c, Reading{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.NewNet(1); !errors.Is(err, ErrUsage) || !strings.HasPrefix(err.Error(), "train.init: ") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A run that goes on from a checkpoint does not need the weights any more that it began with.
func TestInitMayBeGone(t *testing.T) {
	small := []string{"train.epochs=1", "data.train_count=100", "data.val_count=20", "average.epochs=0", "gain.every=0"}
	first, _ := trained(t, "quickstart", small...)
	dir, _ := trained(t, "quickstart", append(small, "train.init="+first)...)
	if err := os.RemoveAll(first); err != nil {
		t.Fatal(err)
	}
	c, err := ConfigOf(dir, []string{"train.epochs=2"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), c, Reading{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Run(t.Context(), RunOptions{Out: dir, Resume: true, Log: slog.New(slog.DiscardHandler), Screen: silent{}})
	if err != nil || r.Epoch != 2 {
		t.Errorf("%+v, error %v", r, err)
	}
}

// A folder of data that is not there is missing data, whether the data need it or not.
func TestDataFolderMustExist(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	c, err := configs.Load("quickstart", []string{"data.dir=" + nowhere})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenData(t.Context(), c, Reading{}); !errors.Is(err, datasets.ErrMissing) || !strings.Contains(err.Error(), nowhere) {
		t.Errorf("error %v", err)
	}
}
