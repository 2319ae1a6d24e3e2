package pretrained

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
	"github.com/maxgain/maxgain/trainer"
)

// linearNet writes a net of one dense layer for images of 4×4 pixels in three channels and two classes: the first logit
// is a times the first red pixel, the second b times the sum of all blue ones.
func linearNet(t *testing.T, path string, a, b float32) string {
	t.Helper()
	spec := models.Spec{Name: "linear", Input: models.Shape{H: 4, W: 4, C: 3}, Classes: 2, Layers: []models.Layer{models.Dense{Out: 2}}}
	net, err := models.New(spec, models.Options{Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	w := net.Params()[0] // [2, channel·row·column]
	values := make([]float32, 2*48)
	values[0] = a
	for i := 32; i < 48; i++ {
		values[48+i] = b
	}
	if err := w.Import(w.Value, values); err != nil {
		t.Fatal(err)
	}
	net.Changed()
	var file bytes.Buffer
	if err := onnx.Write(&file, net, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *onnx.Net {
	t.Helper()
	m, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := onnx.NewNet(m, onnx.NetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// The winner's logit 2·red has the derivative 2 at one pixel: amplitude 2 at all frequencies, 6.02 dB; the blue channel has
// none. The other's, 0.5 everywhere, has 16·0.5 = 8 at frequency 0, 18.06 dB.
func TestMeasure(t *testing.T) {
	net := open(t, linearNet(t, filepath.Join(t.TempDir(), "net.onnx"), 2, 0.5))
	for _, fast := range []bool{false, true} {
		image := make([]float64, 48)
		image[0] = 3
		m, err := Measure(net, image, Method{Projection: models.Logit, Fast: fast})
		if err != nil {
			t.Fatal(err)
		}
		if m.Winner != 0 || !slices.Equal(m.Logits, []float64{6, 0}) || math.Abs(m.ChannelsDB[0]-20*math.Log10(2)) > 1e-9 || !math.IsInf(m.ChannelsDB[2], -1) {
			t.Errorf("winner %d, logits %v, gains %v", m.Winner, m.Logits, m.ChannelsDB)
		}
		image[2] = 100
		if m, err = Measure(net, image, Method{Projection: models.Logit, Fast: fast}); err != nil {
			t.Fatal(err)
		}
		if m.Winner != 1 || math.Abs(m.ChannelsDB[2]-20*math.Log10(8)) > 1e-9 || m.PeakU != 0 || m.PeakV != 0 {
			t.Errorf("winner %d, gains %v", m.Winner, m.ChannelsDB)
		}
	}
}

// paint writes a PNG.
func paint(t *testing.T, path string, w, h int, pixel func(x, y int) color.NRGBA) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, pixel(x, y))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPreparation(t *testing.T) {
	s := models.Shape{H: 4, W: 4, C: 3}
	dir := t.TempDir()
	// 10×4 pixels whose red is the column: the middle is columns 3 to 6.
	wide := paint(t, filepath.Join(dir, "wide.png"), 10, 4, func(x, y int) color.NRGBA { return color.NRGBA{uint8(x), uint8(10 * y), 200, 255} })
	for name, c := range map[string]struct {
		p    Preparation
		want [3]float64 // at row 1, column 2
	}{
		"raw":              {Preparation{}, [3]float64{5, 10, 200}},
		"blue first":       {Preparation{BGR: true}, [3]float64{200, 10, 5}},
		"mean and scale":   {Preparation{Mean: []float64{1, 2, 3}, Scale: []float64{0.5, 2, 0.25}}, [3]float64{2, 16, 49.25}},
		"one for all":      {Preparation{Mean: []float64{100}, Scale: []float64{0.5}}, [3]float64{-47.5, -45, 50}},
		"mean is in order": {Preparation{BGR: true, Mean: []float64{1, 2, 3}}, [3]float64{199, 8, 2}},
	} {
		got, err := c.p.Picture(wide, s)
		if err != nil {
			t.Fatal(err)
		}
		if at := got[(1*4+2)*3:][:3]; len(got) != 48 || !slices.Equal(at, c.want[:]) {
			t.Errorf("%s: %v, want %v", name, at, c.want)
		}
	}
	// Scaled to a short side of 8, the middle 4 pixels of a picture of 40×20 see a quarter of its height.
	halves := paint(t, filepath.Join(dir, "halves.png"), 40, 20, func(x, y int) color.NRGBA {
		if y < 5 || y >= 15 {
			return color.NRGBA{255, 255, 255, 255}
		}
		return color.NRGBA{50, 60, 70, 255}
	})
	for short, dark := range map[int]bool{8: true, 0: false} {
		got, err := Preparation{ShortSide: short}.Picture(halves, s)
		if err != nil {
			t.Fatal(err)
		}
		if (got[0] < 100) != dark {
			t.Errorf("short side %d: first pixel %v", short, got[:3])
		}
	}
	grey, err := Preparation{}.Picture(wide, models.Shape{H: 4, W: 10, C: 1})
	if err != nil || len(grey) != 40 || math.Abs(grey[0]-0.114*200) > 1 {
		t.Errorf("grey: %v, %v", grey, err)
	}
	for want, c := range map[string]struct {
		p Preparation
		s models.Shape
	}{
		"a picture has 1 or 3 channels, the net takes 2": {Preparation{}, models.Shape{H: 4, W: 4, C: 2}},
		"2 means for 3 channels":                         {Preparation{Mean: []float64{1, 2}}, s},
		"2 scales for 3 channels":                        {Preparation{Scale: []float64{1, 2}}, s},
		"a scale is 0":                                   {Preparation{Scale: []float64{0}}, s},
		"a short side of 3 pixels is less":               {Preparation{ShortSide: 3}, s},
	} {
		if _, err := c.p.Picture(wide, c.s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// npy is a file in NumPy's format, version 1.
func npy(header string, values any) []byte {
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	b, err := binary.Append(append(b, header...), binary.LittleEndian, values)
	if err != nil {
		panic(err)
	}
	return b
}

func TestReadInput(t *testing.T) {
	dir := t.TempDir()
	net := open(t, linearNet(t, filepath.Join(dir, "net.onnx"), 1, 1))
	wide, narrow := make([]float64, 48), make([]float32, 48)
	for i := range wide {
		wide[i], narrow[i] = float64(i), float32(i)
	}
	path := filepath.Join(dir, "x.npy")
	for _, file := range [][]byte{
		npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 4, 4), }", narrow),
		npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4, 4), }", wide),
	} {
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		image, err := ReadInput(path, net)
		if err != nil {
			t.Fatal(err)
		}
		// Value 37 of [3,4,4] is channel 2, row 1, column 1.
		if got := image[(1*4+1)*3+2]; got != 37 {
			t.Errorf("channel 2 at (1,1) is %v, want 37", got)
		}
	}
	for want, file := range map[string][]byte{
		"shape [4 4 3], but the net takes [1 3 4 4]": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4, 3), }", narrow),
		"Fortran order":              npy("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4, 4), }", narrow),
		`the values are "<i8"`:       npy("{'descr': '<i8', 'fortran_order': False, 'shape': (3, 4, 4), }", wide),
		"shape (3, 4, 5) of":         npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 5), }", narrow),
		"does not fit 192 bytes":     npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000, 1000000), }", narrow),
		"no descr or no shape":       npy("{}", narrow),
		"the header is cut off":      npy("{'descr': '<f4'", []byte{})[:12],
		"not a file in NumPy's form": []byte("P6 4 4 255 and more"),
	} {
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadInput(path, net); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestEpochs(t *testing.T) {
	for _, c := range []struct {
		files []string
		want  string
	}{
		{[]string{"a/epoch-10.onnx", "a/epoch-9.onnx", "a/epoch-0.onnx"}, "[{0 a/epoch-0.onnx} {9 a/epoch-9.onnx} {10 a/epoch-10.onnx}]"},
		{[]string{"run2/net3-epoch12.onnx", "run2/net3-epoch2.onnx"}, "[{2 run2/net3-epoch2.onnx} {12 run2/net3-epoch12.onnx}]"},
		{[]string{"b.onnx", "a.onnx"}, "[{1 a.onnx} {2 b.onnx}]"},
		{[]string{"a-7.onnx", "b-7.onnx"}, "[{1 a-7.onnx} {2 b-7.onnx}]"},
	} {
		if got := fmt.Sprint(Epochs(c.files)); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// Three nets and three pictures. The first net calls all of them class 0, the second the blue one class 1, the third all.
func TestCurve(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for i, w := range [][2]float32{{1, -1}, {1, 1. / 32}, {-1, 1}} {
		files = append(files, linearNet(t, filepath.Join(dir, fmt.Sprintf("epoch-%d.onnx", 9+i)), w[0], w[1]))
	}
	images := filepath.Join(dir, "images")
	for name, c := range map[string]color.NRGBA{"red": {200, 0, 10, 255}, "sub/purple": {200, 0, 20, 255}, "sub/blue": {5, 0, 255, 255}} {
		paint(t, filepath.Join(images, name+".png"), 4, 4, func(int, int) color.NRGBA { return c })
	}
	if err := os.WriteFile(filepath.Join(images, "notes.txt"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	var told []int
	training := Training{Files: files, Method: Method{Projection: models.LogScore, Window: spectrum.None}, Impulse: 1, Positions: 3, Images: images,
		Done: func(row trainer.Row, _ string) { told = append(told, row.Epoch) }}
	history, err := training.Curve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, []int{9, 10, 11}) || len(history.Rows) != 3 {
		t.Fatalf("epochs %v", told)
	}
	changes := []float64{math.NaN(), 1. / 3, 2. / 3}
	for i, row := range history.Rows {
		values := map[string]float64{}
		for _, s := range row.Signals {
			values[s.Name] = s.Value
		}
		if got, there := values[diagnostics.PredictionChanges]; there != (i > 0) || there && math.Abs(got-changes[i]) > 1e-12 {
			t.Errorf("epoch %d: prediction changes %v, want %v", row.Epoch, got, changes[i])
		}
		// The impulse lies at (2,2): logits 0 and b, scores s and 1 − s. The winner's log-score has the derivative
		// (1−s)·(∂z_win − ∂z_other), whose red channel is (1−s)·a at one pixel and whose blue one 16·(1−s)·b at frequency 0.
		net := open(t, files[i])
		image, err := Impulse(net.Shape(), 1)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Measure(net, image, training.Method)
		if err != nil {
			t.Fatal(err)
		}
		if values["gain_db_c0"] != m.ChannelsDB[0] || values["gain_db_c2"] != m.ChannelsDB[2] {
			t.Errorf("epoch %d: gains %v, want %v", row.Epoch, values, m.ChannelsDB)
		}
		b := []float64{1, 1. / 32, 1}[i]
		if s := 1 / (1 + math.Exp(-b)); math.Abs(m.ChannelsDB[2]-20*math.Log10(16*b*(1-s))) > 1e-6 {
			t.Errorf("epoch %d: blue gain %v", row.Epoch, m.ChannelsDB[2])
		}
		for _, name := range []string{diagnostics.GainDB, diagnostics.PositionsMedianDB, diagnostics.PositionsSpreadDB, diagnostics.PopulationGainDB, diagnostics.BoundaryDistance, diagnostics.LowShare} {
			if _, ok := values[name]; !ok {
				t.Errorf("epoch %d has no %s", row.Epoch, name)
			}
		}
	}
}

func TestPictures(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		paint(t, filepath.Join(dir, fmt.Sprintf("%d.png", i)), 1, 1, func(int, int) color.NRGBA { return color.NRGBA{} })
	}
	got, err := Pictures(dir, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"0.png", "2.png", "5.png", "7.png"} {
		if filepath.Base(got[i]) != want {
			t.Errorf("picture %d is %s, want %s", i, got[i], want)
		}
	}
	if _, err := Pictures(t.TempDir(), 4); err == nil || !strings.Contains(err.Error(), "there are no pictures") {
		t.Errorf("error %v", err)
	}
}

// A curve has the columns that were measured, and empty fields; it is read back as it is.
func TestWriteCSV(t *testing.T) {
	first, second := trainer.NewRow(3), trainer.NewRow(4)
	first.Signals = []trainer.Signal{{Name: "gain_db", Value: -1.5}, {Name: "low_share", Value: math.NaN()}}
	second.Signals = []trainer.Signal{{Name: "gain_db", Value: math.Inf(-1)}, {Name: "prediction_changes", Value: 0.25}}
	var b bytes.Buffer
	if err := WriteCSV(&b, &trainer.History{Rows: []trainer.Row{first, second}}); err != nil {
		t.Fatal(err)
	}
	if want := "epoch,gain_db,low_share,prediction_changes\n3,-1.5,,\n4,-Inf,,0.25\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	if _, err := diagnostics.ReadCSV(&b, nil); err != nil {
		t.Error(err)
	}
}
