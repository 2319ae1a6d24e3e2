package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/pretrained"
	"github.com/maxgain/maxgain/models/onnx"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/spf13/cobra"
)

// gainONNX measures nets in ONNX files.
func (a *app) gainONNX(c *cobra.Command, f gainFlags, pictures []string) error {
	if f.checkpoint != "" || f.model != "" || f.out != "" {
		return usage("--checkpoint, --model and --out do not go with --onnx; --save DIR writes spectra")
	}
	if f.input != "" && len(pictures) > 0 {
		return usage("--input and --image exclude each other")
	}
	if (f.input != "" || len(pictures) > 0) && !c.Flags().Changed("window") {
		f.gain.Window = "none"
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.precision != "float64" && f.precision != "float32" {
		return usage("--precision: got %q, want float64 or float32", f.precision)
	}
	options, err := f.net()
	if err != nil {
		return err
	}
	prepare, err := f.prepare()
	if err != nil {
		return err
	}
	files, err := filepath.Glob(f.files)
	if _, missing := os.Stat(f.files); missing == nil { // a name may look like a pattern
		files, err = []string{f.files}, nil
	}
	if err != nil {
		return usage("--onnx: %w", err)
	}
	method := pretrained.Method{Projection: f.projection(), Window: f.window(), Fast: f.precision == "float32"}
	switch {
	case len(files) == 0:
		return usage("--onnx: there is no file %s", f.files)
	case f.csv != "":
		if f.input != "" || len(pictures) > 0 || f.save != "" || f.json {
			return usage("--csv takes the impulse and --images; --image, --input, --save and --json are for one net")
		}
		return a.gainCurve(c, f, pretrained.Training{Files: files, Net: options, Method: method, Impulse: f.gain.Impulse,
			Positions: f.positions, Images: f.images, Prepare: prepare})
	case f.images != "":
		return usage("--images is for the curve of a training; add --csv FILE, or name pictures with --image")
	case len(files) > 1:
		return usage("--onnx: %s are %d files; add --csv FILE for their curve", f.files, len(files))
	}
	model, err := onnx.Read(files[0])
	if err != nil {
		return err
	}
	if f.input == "" && len(pictures) == 0 { // an impulse is fed as it is, as to a checkpoint
		options.Start = model.Preprocessed()
	}
	net, err := onnx.NewNet(model, options)
	if err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	defer net.Close()
	result := onnxResult{Model: files[0], Probabilities: net.Probabilities()}
	sources := pictures
	if len(pictures) == 0 {
		sources = []string{f.input} // empty: the impulse
	}
	for i, source := range sources {
		r, err := f.measure(net, prepare, method, source, i, len(sources))
		if err != nil {
			return err
		}
		result.Inputs = append(result.Inputs, r)
	}
	result.summarise()
	if f.json {
		return console.WriteJSON(a.stdout, result.json())
	}
	result.print(a.stdout)
	return nil
}

// gainCurve writes the signals of a training's nets to a CSV file.
func (a *app) gainCurve(c *cobra.Command, f gainFlags, t pretrained.Training) error {
	t.Done = func(row trainer.Row, file string) {
		a.log.Info("measured", "epoch", row.Epoch, "file", file)
	}
	history, err := t.Curve(c.Context())
	if err != nil {
		return err
	}
	if err := rundir.WriteFile(f.csv, func(w io.Writer) error { return pretrained.WriteCSV(w, history) }); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: %d epochs; train diagnose %s judges them\n", f.csv, len(history.Rows), f.csv)
	return nil
}

// numbers are values as JSON holds them.
func numbers(values []float64) []diagnostics.Number {
	out := make([]diagnostics.Number, len(values))
	for i, v := range values {
		out[i] = diagnostics.Number(v)
	}
	return out
}
