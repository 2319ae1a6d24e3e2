package pretrained

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func writeTable(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReadTable(t *testing.T) {
	dir := t.TempDir()
	writeTable(t, dir, "nets.tsv", "# my nets\nfile\tmean\tscale\tchannel_order\tshort_side\toutput\tlayout\ttop5_error\tmine\n"+
		"a.onnx\t104,117,123\t1\tBGR\t256\tprob\tnchw\t19.7 (the paper's)\t3\n\n"+
		"sub/b.v2.onnx\t\t0.5, 0.25,2\trgb\n"+
		"c.onnx\t\t\t\t\t\t\tnot known\t7.5\r\n")
	for errors, want := range map[string][]float64{"": {19.7, math.NaN(), math.NaN()}, "mine": {3, math.NaN(), 7.5}} {
		nets, err := ReadTable(dir, errors)
		if err != nil {
			t.Fatal(err)
		}
		if len(nets) != 3 {
			t.Fatalf("%d nets, want 3", len(nets))
		}
		for i, n := range nets {
			if n.Error != want[i] && !(math.IsNaN(n.Error) && math.IsNaN(want[i])) {
				t.Errorf("%s: error %v, want %v", n.Name, n.Error, want[i])
			}
		}
		a, b := nets[0], nets[1]
		if a.Name != "a" || a.File != filepath.Join(dir, "a.onnx") || !slices.Equal(a.Prepare.Mean, []float64{104, 117, 123}) || !slices.Equal(a.Prepare.Scale, []float64{1}) ||
			!a.Prepare.BGR || a.Prepare.ShortSide != 256 || a.Net.Output != "prob" || a.Net.Layout != "nchw" {
			t.Errorf("%+v", a)
		}
		if b.Name != "b.v2" || b.File != filepath.Join(dir, "sub/b.v2.onnx") || b.Prepare.Mean != nil || !slices.Equal(b.Prepare.Scale, []float64{0.5, 0.25, 2}) || b.Prepare.BGR {
			t.Errorf("%+v", b)
		}
	}
}

func TestReadTableFaults(t *testing.T) {
	for want, text := range map[string]string{
		"line 1: no column file":                "net\tmean\nx\t1\n",
		"it lists no nets":                      "file\n",
		`line 2: file "../x.onnx" is not in`:    "file\n../x.onnx\n",
		"line 2: mean: got \"1;2\"":             "file\tmean\nx.onnx\t1;2\n",
		"line 2: scale: got \"NaN\"":            "file\tscale\nx.onnx\tNaN\n",
		"line 2: channel_order: got \"GRB\"":    "file\tchannel_order\nx.onnx\tGRB\n",
		"line 2: short_side: got \"0\"":         "file\tshort_side\nx.onnx\t0\n",
		`line 2: error "197", want per cent`:    "file\ttop5_error\nx.onnx\t197\n",
		`line 1: no column "top1"; the columns`: "file\ttop5_error\nx.onnx\t19\n",
	} {
		dir := t.TempDir()
		writeTable(t, dir, "MANIFEST.tsv", text)
		column := ""
		if strings.Contains(want, "top1") {
			column = "top1"
		}
		if _, err := ReadTable(dir, column); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := ReadTable(t.TempDir(), ""); err == nil || !strings.Contains(err.Error(), "there is no table of nets, nets.tsv or MANIFEST.tsv") {
		t.Errorf("error %v", err)
	}
}

// A rank correlation by hand: ranks 0 1 2 3 and 1 0 3 2 have Σd² = 4, and 1 − 6·4/(4·15) = 0.6. With a tie: ranks
// 0 1.5 1.5 3 and 0 1 2 3 have the correlation 4.5/√(4.5·5).
func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{20, 10, 40, 30}, 0.6},
		{[]float64{1, 2, 3}, []float64{-1, -20, -300}, -1},
		{[]float64{5, 7, 7, 9}, []float64{1, 2, 3, 4}, 4.5 / math.Sqrt(4.5*5)},
		{[]float64{1, 2, math.Inf(-1)}, []float64{3, 4, 1}, 1},
	} {
		if got := Spearman(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v and %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if got := Spearman([]float64{1, 1}, []float64{1, 2}); !math.IsNaN(got) {
		t.Errorf("of equal numbers: %v", got)
	}
}

// The derivative is by the picture's levels: the net's times the scale of the channel, by colour whatever the net's order.
func TestResponseByColour(t *testing.T) {
	dir := t.TempDir()
	file := linearNet(t, filepath.Join(dir, "net.onnx"), 2, 0.5) // the first logit is 2·(channel 0 at pixel 0), the second 0.5·Σ channel 2
	scales := []float64{0.1, 1, 0.2}
	for _, bgr := range []bool{false, true} {
		p := Published{File: file, Prepare: Preparation{Scale: scales, BGR: bgr}}
		net, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		first, last := 0, 2 // the colours of channels 0 and 2
		if bgr {
			first, last = 2, 0
		}
		r, err := p.AtImpulse(net, 10)
		if err != nil {
			t.Fatal(err)
		}
		// The impulse is 10·0.2 in channel 2, at a pixel that is not the first: logits 0 and 1.
		s := math.E / (1 + math.E)
		if r.Winner != 1 || math.Abs(r.Score-s) > 1e-12 {
			t.Errorf("winner %d with %v", r.Winner, r.Score)
		}
		if d := r.Derivative[first][0]; math.Abs(d+(1-s)*2*0.1) > 1e-12 { // −(1−s)·2 by the input, times 0.1
			t.Errorf("derivative by channel 0: %v", d)
		}
		if d := r.Derivative[last][5]; math.Abs(d-(1-s)*0.5*0.2) > 1e-12 {
			t.Errorf("derivative by channel 2: %v", d)
		}
		// The window over 4 pixels is 0, 3/4, 3/4, 0: its sum over the image is 9/4.
		gain := 20 * math.Log10((1-s)*0.5*0.2*9/4)
		if math.Abs(r.GainDB[last]-gain) > 1e-9 || math.Abs(r.Spectrum[last][2*4+2]-gain) > 1e-9 || math.Abs(r.Unscaled(last)-gain-20*math.Log10(s)) > 1e-9 {
			t.Errorf("gain %v, in the spectrum's middle %v, with p = 1 %v; want %v", r.GainDB[last], r.Spectrum[last][10], r.Unscaled(last), gain)
		}
		// A picture has no window: red 20, blue 40 everywhere.
		photo := paint(t, filepath.Join(dir, fmt.Sprintf("photo%v.png", bgr)), 4, 4, func(int, int) color.NRGBA { return color.NRGBA{20, 0, 40, 255} })
		if r, err = p.AtPicture(net, photo); err != nil {
			t.Fatal(err)
		}
		zero, one := 2*20*0.1, 16*0.5*40*0.2
		if bgr {
			zero, one = 2*40*0.1, 16*0.5*20*0.2
		}
		rest := 1 / (1 + math.Exp(one-zero)) // 1 − s
		if want := 20 * math.Log10(rest*0.5*0.2*16); r.Winner != 1 || math.Abs(r.GainDB[last]-want) > 1e-6 {
			t.Errorf("at a picture: winner %d, gain %v, want %v", r.Winner, r.GainDB[last], want)
		}
	}
}
