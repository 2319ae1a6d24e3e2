package classify

import (
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/models/onnx"
)

// The ONNX file's net takes the raw images and comes to the probabilities that Predict does.
func TestWriteONNX(t *testing.T) {
	dir, run := trained(t)
	c := opened(t, dir)
	path := filepath.Join(t.TempDir(), "net.onnx")
	if err := c.WriteONNX(path); err != nil {
		t.Fatal(err)
	}
	model, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := model.Metadata()[onnx.ClassesKey], `["0","1","2","3","4","5","6","7","8","9"]`; got != want {
		t.Errorf("classes %s, want %s", got, want)
	}
	program, err := onnx.Compile[float32](model, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	val := run.Data.Val
	paths := pngs(t, t.TempDir(), run.Data, val)[:5]
	i := 0
	err = c.Predict(t.Context(), func(yield func(string, error) bool) {
		for _, path := range paths {
			if !yield(path, nil) {
				return
			}
		}
	}, func(p Prediction) error {
		raw := make([]float32, 28*28) // one channel: [H,W,C] is [C,H,W]
		val.RawFloats(raw, i)
		logits, err := program.Forward(raw, false)
		if err != nil {
			return err
		}
		guesses := c.guesses(slices.Clone(logits))
		if guesses[0].Class != p.Class || math.Abs(guesses[0].Probability-p.Probability) > 1e-4 {
			t.Errorf("picture %d: %v by ONNX, %v %v", i, guesses[0], p.Class, p.Probability)
		}
		i++
		return nil
	})
	if err != nil || i != len(paths) {
		t.Errorf("%d pictures, error %v", i, err)
	}
}

// Of digits with a fifth of the labels drawn anew, most that are suspected are wrong, and the suggestion is mostly the true
// class. The truth are the labels of the same digits without noise.
func TestSuspects(t *testing.T) {
	set := []string{"data.label_noise=0.2", "data.train_count=1500", "train.epochs=10", "average.epochs=0"}
	dir, run := trained(t, set...)
	clean := run.Config
	clean.Data.LabelNoise = 0
	truth, err := experiment.OpenData(t.Context(), clean, experiment.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	c := opened(t, dir)
	found, images, err := c.Suspects(t.Context(), experiment.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	wrong, right, noisy := 0, 0, 0
	for i, label := range truth.Train.Labels {
		if run.Data.Train.Labels[i] != label {
			noisy++
		}
	}
	for k, s := range found {
		if s.Label != fmt.Sprint(run.Data.Train.Labels[s.Index]) || k > 0 && s.Score > found[k-1].Score {
			t.Errorf("suspect %d: %+v, label %d", k, s, run.Data.Train.Labels[s.Index])
		}
		if s.Label != fmt.Sprint(truth.Train.Labels[s.Index]) {
			wrong++
			if s.Suggestion == fmt.Sprint(truth.Train.Labels[s.Index]) {
				right++
			}
		}
	}
	t.Logf("%d of %d images suspected, %d labels are wrong; of those suspected %d, %d with the true class suggested", len(found), images, noisy, wrong, right)
	if images != 1500 || len(found) < noisy/2 || wrong < len(found)*7/10 || right < wrong*7/10 {
		t.Error("too few of them are wrong")
	}
	path := filepath.Join(t.TempDir(), "s.png")
	if err := c.SaveSheet(path, found[:9]); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m, err := png.Decode(f); err != nil || m.Bounds().Dy() < m.Bounds().Dx()/4 { // two rows
		t.Errorf("sheet: %v", err)
	}
}
