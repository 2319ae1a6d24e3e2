package main

import (
	"path/filepath"
	"slices"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/spf13/cobra"
)

// gainFlags are the flags of "train gain".
type gainFlags struct {
	outputFlags
	onnxFlags
	checkpoint, model, out string
	pictures               []string
	gain                   configs.Gain
}

// newGain is "train gain".
func newGain(a *app) *cobra.Command {
	var f gainFlags
	c := &cobra.Command{
		Use:   "gain --checkpoint FILE | --onnx FILE",
		Short: "Measure the Maximum Gain of a saved net",
		Example: `  train gain --checkpoint runs/fast/checkpoints/last.safetensors --out spectrum.png
  train gain --checkpoint net.safetensors --model lenet-mnist --image digit.png --json
  train gain --onnx squeezenet.onnx --mean 104,117,123 --channel-order bgr --short-side 256 --image cat.jpg dog.jpg
  train gain --onnx 'epoch-*.onnx' --images photos/ --csv curve.csv`,
		Args: func(c *cobra.Command, args []string) error {
			if len(f.pictures) > 0 { // --image takes several
				return nil
			}
			return noArgs(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return a.gain(c, f, append(f.pictures, args...)) },
	}
	f.outputFlags.add(c)
	flags := c.Flags()
	flags.StringVar(&f.checkpoint, "checkpoint", "", "safetensors `file` of the net")
	flags.StringVar(&f.model, "model", "", "`name` of the net, if the file does not say")
	flags.StringVar(&f.gain.Window, "window", "hann", "hann or none, over the derivative; none by default with --image")
	flags.StringVar(&f.gain.Projection, "projection", "inverse-score", "inverse-score (p = 1/s), one (p = 1) or, with --onnx, logit (of the winner)")
	flags.Float64Var(&f.gain.Impulse, "impulse", 1, "`value` of the impulse's pixel")
	flags.StringArrayVar(&f.pictures, "image", nil, "PNG `file` of the net's input size instead of the impulse; with --onnx one or more pictures of any size")
	f.onnxFlags.add(c)
	flags.StringVarP(&f.out, "out", "o", "", "`file` for the spectrum in dB: .png (frequency 0 in the middle) or .npy ([C,H,W], frequency 0 first)")
	return c
}

func (a *app) gain(c *cobra.Command, f gainFlags, pictures []string) error {
	f.apply(a)
	if f.files != "" {
		return a.gainONNX(c, f, pictures)
	}
	if err := f.withoutONNX(c); err != nil {
		return err
	}
	switch {
	case f.checkpoint == "":
		return usage("--checkpoint or --onnx is missing; runs keep their checkpoints in <run>/checkpoints/")
	case f.gain.Projection == "logit":
		return usage("--projection: logit is for --onnx")
	case len(pictures) > 1:
		return usage("--image: got %d pictures, want one", len(pictures))
	case len(pictures) == 1:
		f.gain.Image = pictures[0]
	}
	if f.gain.Image != "" && !c.Flags().Changed("window") {
		f.gain.Window = "none"
	}
	if err := f.check(); err != nil {
		return err
	}
	net, err := experiment.LoadNet(f.checkpoint, f.model, models.Options{Batch: 1})
	if err != nil {
		return err
	}
	defer net.Close()
	probe, err := experiment.ImageProbe(f.gain, net.Spec().Input)
	if err != nil {
		return err
	}
	m, err := probe.Gauge(net)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := writeSpectrum(f.out, m.Spectrum); err != nil {
			return err
		}
	}
	r := gainResult{
		GainDB: diagnostics.Number(m.MeanDB), Winner: m.Winner, Score: diagnostics.Number(m.Score),
		Peak: [2]int{m.PeakU, m.PeakV}, LowShare: diagnostics.Number(m.Spectrum.LowShare()),
		Model: net.Spec().Name, Spectrum: f.out,
	}
	for _, db := range m.ChannelsDB {
		r.ChannelsDB = append(r.ChannelsDB, diagnostics.Number(db))
	}
	if f.json {
		return console.WriteJSON(a.stdout, r)
	}
	r.print(a.stdout)
	return nil
}

// check finds flags that no measurement can be made with, before the net is read.
func (f gainFlags) check() error {
	if !slices.Contains([]string{"inverse-score", "one", "logit"}, f.gain.Projection) {
		return usage("--projection: got %q, want inverse-score, one or logit", f.gain.Projection)
	}
	if _, err := spectrum.ParseWindow(f.gain.Window); err != nil {
		return usage("--window: got %q, want hann or none", f.gain.Window)
	}
	if !(f.gain.Impulse > 0) || f.gain.Impulse > 1e30 {
		return usage("--impulse: got %v, want a number > 0", f.gain.Impulse)
	}
	if ext := filepath.Ext(f.out); f.out != "" && ext != ".png" && ext != ".npy" {
		return usage("--out: %s is neither .png nor .npy", f.out)
	}
	return nil
}
