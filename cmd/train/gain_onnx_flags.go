package main

import (
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics/pretrained"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
	"github.com/spf13/cobra"
)

// onnxFlags are the flags of "train gain" for nets in ONNX files.
type onnxFlags struct {
	files, output, layout, size, input, order, precision string
	images, csv, save                                    string
	mean, scale                                          []float64
	shortSide, positions                                 int
}

func (f *onnxFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.files, "onnx", "", "ONNX `file` of a net of any program; with --csv a pattern of the files of its epochs, e.g. 'epoch-*.onnx'")
	flags.StringVar(&f.output, "output", "", "`name` of the value that holds the class scores (else the net's first output); with --onnx")
	flags.StringVar(&f.layout, "layout", "", "nchw or nhwc, the order of the net's input (else where the channels stand); with --onnx")
	flags.StringVar(&f.size, "size", "", "`HxW` of the images where the ONNX file leaves it open, e.g. 224x224")
	flags.StringVar(&f.input, "input", "", "NPY `file` of float32 or float64 in the net's shape instead of the impulse; with --onnx")
	flags.Float64SliceVar(&f.mean, "mean", nil, "taken from a picture's values of 0 to 255: one number or one a channel; with --onnx")
	flags.Float64SliceVar(&f.scale, "scale", nil, "then multiplied with them: one number or one a channel; with --onnx")
	flags.StringVar(&f.order, "channel-order", "rgb", "rgb or bgr, of the net's input; with --onnx")
	flags.IntVar(&f.shortSide, "short-side", 0, "`pixels` that a picture's short side is scaled to before its middle is cut out (else the net's size); with --onnx")
	flags.StringVar(&f.precision, "precision", "float64", "float64 or float32; with --onnx")
	flags.StringVar(&f.save, "save", "", "`folder` to write derivative.npy, logits.npy, spectrum.npy and spectrum.png to; with --onnx")
	flags.StringVar(&f.csv, "csv", "", "`file` for the signals of each net that --onnx names, a curve for train diagnose")
	flags.StringVar(&f.images, "images", "", "`folder` of training pictures, without labels; with --csv")
	flags.IntVar(&f.positions, "positions", 5, "places at which the impulse is measured; with --csv")
}

// net are the options for the net.
func (f onnxFlags) net() (o onnx.NetOptions, err error) {
	o = onnx.NetOptions{Output: f.output, Layout: onnx.Layout(f.layout)}
	if f.layout != "" && o.Layout != onnx.NCHW && o.Layout != onnx.NHWC {
		return o, usage("--layout: got %q, want nchw or nhwc", f.layout)
	}
	if f.size != "" {
		h, w, both := strings.Cut(f.size, "x")
		if !both {
			w = h
		}
		var faultH, faultW error
		o.H, faultH = strconv.Atoi(h)
		o.W, faultW = strconv.Atoi(w)
		if faultH != nil || faultW != nil || o.H < 1 || o.W < 1 {
			return o, usage("--size: got %q, want HxW in pixels, e.g. 224x224", f.size)
		}
	}
	return o, nil
}

// prepare says how pictures become the net's input.
func (f onnxFlags) prepare() (pretrained.Preparation, error) {
	if f.order != "rgb" && f.order != "bgr" {
		return pretrained.Preparation{}, usage("--channel-order: got %q, want rgb or bgr", f.order)
	}
	return pretrained.Preparation{Mean: f.mean, Scale: f.scale, BGR: f.order == "bgr", ShortSide: f.shortSide}, nil
}

// withoutONNX refuses flags that are for nets in ONNX files only.
func (f gainFlags) withoutONNX(c *cobra.Command) error {
	for _, name := range []string{"output", "layout", "size", "input", "mean", "scale", "channel-order", "short-side", "precision", "save", "csv", "images", "positions"} {
		if c.Flags().Changed(name) {
			return usage("--%s is for nets in ONNX files; add --onnx FILE", name)
		}
	}
	return nil
}

// window is the flag's window, which check has read before.
func (f gainFlags) window() spectrum.Window {
	w, _ := spectrum.ParseWindow(f.gain.Window)
	return w
}

// projection is the flag's projection.
func (f gainFlags) projection() models.Projection {
	switch f.gain.Projection {
	case "one":
		return models.Score
	case "logit":
		return models.Logit
	}
	return models.LogScore
}
