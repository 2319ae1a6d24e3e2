package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/pretrained"
	"github.com/maxgain/maxgain/models/onnx"
)

// onnxResult is the JSON of "train gain --onnx" for several inputs: medians, and the figures of each. For a single one it
// is the model's fields with those of inputResult.
type onnxResult struct {
	Model         string               `json:"model"`         // file
	Probabilities bool                 `json:"probabilities"` // the output is a softmax; logits are those before it
	GainDB        diagnostics.Number   `json:"gain_db"`
	ChannelsDB    []diagnostics.Number `json:"channels_db"`
	Inputs        []inputResult        `json:"inputs"`
}

// inputResult is the response at one input.
type inputResult struct {
	Input      string               `json:"input"` // file, or "impulse V"
	GainDB     diagnostics.Number   `json:"gain_db"`
	ChannelsDB []diagnostics.Number `json:"channels_db"`
	Winner     int                  `json:"winner"`
	Logit      diagnostics.Number   `json:"logit"`
	Score      diagnostics.Number   `json:"score"`
	Peak       [2]int               `json:"peak"` // row and column frequency
	LowShare   diagnostics.Number   `json:"low_share"`
	savedFiles

	channels []float64
}

// savedFiles are the paths of what --save wrote.
type savedFiles struct {
	Derivative  string `json:"derivative,omitempty"`   // in the shape of the net's input for one image
	Logits      string `json:"logits,omitempty"`       // [1,classes]
	Spectrum    string `json:"spectrum,omitempty"`     // dB, [C,H,W], frequency 0 first
	SpectrumPNG string `json:"spectrum_png,omitempty"` // frequency 0 in the middle
}

// measure measures input i of n: the picture or NPY file source, or the impulse if it is empty.
func (f gainFlags) measure(net *onnx.Net, prepare pretrained.Preparation, method pretrained.Method, source string, i, n int) (inputResult, error) {
	var image []float64
	var err error
	name := source
	switch {
	case source == "":
		name = fmt.Sprintf("impulse %g", f.gain.Impulse)
		image, err = pretrained.Impulse(net.Shape(), f.gain.Impulse)
	case source == f.input:
		if image, err = pretrained.ReadInput(source, net); err != nil {
			err = usage("--input: %w", err)
		}
	default:
		if image, err = prepare.Picture(source, net.Shape()); err != nil {
			err = usage("--image: %w", err)
		}
	}
	if err != nil {
		return inputResult{}, err
	}
	m, err := pretrained.Measure(net, image, method)
	if err != nil {
		return inputResult{}, fmt.Errorf("%s: %w", name, err)
	}
	r := inputResult{Input: name, GainDB: diagnostics.Number(m.MeanDB), ChannelsDB: numbers(m.ChannelsDB), Winner: m.Winner,
		Logit: diagnostics.Number(m.Logits[m.Winner]), Score: diagnostics.Number(m.Score), Peak: [2]int{m.PeakU, m.PeakV},
		LowShare: diagnostics.Number(m.Spectrum.LowShare()), channels: m.ChannelsDB}
	if f.save == "" {
		return r, nil
	}
	prefix := ""
	if n > 1 {
		prefix = fmt.Sprintf("%d-%s-", i+1, strings.TrimSuffix(filepath.Base(source), filepath.Ext(source)))
	}
	r.savedFiles, err = saveMeasurement(f.save, prefix, net, m)
	return r, err
}

// saveMeasurement writes a measurement to files of a folder, their names beginning with prefix.
func saveMeasurement(dir, prefix string, net *onnx.Net, m pretrained.Measurement) (savedFiles, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return savedFiles{}, err
	}
	at := func(name string) string { return filepath.Join(dir, prefix+name) }
	files := savedFiles{at("derivative.npy"), at("logits.npy"), at("spectrum.npy"), at("spectrum.png")}
	shape := append([]int{1}, net.InputDims()[1:]...)
	return files, errors.Join(
		writeFile(files.Derivative, func(w io.Writer) error { return writeNPY(w, shape, net.Input(m.Derivative)) }),
		writeFile(files.Logits, func(w io.Writer) error { return writeNPY(w, []int{1, len(m.Logits)}, m.Logits) }),
		writeSpectrum(files.Spectrum, m.Spectrum),
		writeSpectrum(files.SpectrumPNG, m.Spectrum),
	)
}

// summarise sets the medians over the inputs.
func (r *onnxResult) summarise() {
	middle := func(of func(i inputResult) float64) diagnostics.Number {
		var values []float64
		for _, i := range r.Inputs {
			values = append(values, of(i))
		}
		return diagnostics.Number(median(values))
	}
	r.GainDB = middle(func(i inputResult) float64 { return float64(i.GainDB) })
	for c := range r.Inputs[0].channels {
		r.ChannelsDB = append(r.ChannelsDB, middle(func(i inputResult) float64 { return i.channels[c] }))
	}
}

// median is the middle of the values, the mean of the two middle ones of an even number.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// json is what --json prints.
func (r onnxResult) json() any {
	if len(r.Inputs) > 1 {
		return r
	}
	return struct {
		Model         string `json:"model"`
		Probabilities bool   `json:"probabilities"`
		inputResult
	}{r.Model, r.Probabilities, r.Inputs[0]}
}

func (r onnxResult) print(w io.Writer) {
	of := ""
	if len(r.Inputs) > 1 {
		of = fmt.Sprintf(", median of %d inputs", len(r.Inputs))
	}
	fmt.Fprintf(w, "Maximum Gain of %s%s: %.3f dB\n", r.Model, of, float64(r.GainDB))
	if len(r.ChannelsDB) > 1 {
		for i, db := range r.ChannelsDB {
			fmt.Fprintf(w, "  channel %d: %.3f dB\n", i, float64(db))
		}
	}
	for _, i := range r.Inputs {
		fmt.Fprintf(w, "%s: %.3f dB, class %d at a score of %.6g; peak at row frequency %d, column frequency %d; %.1f %% of the energy at low frequencies\n",
			i.Input, float64(i.GainDB), i.Winner, float64(i.Score), i.Peak[0], i.Peak[1], 100*float64(i.LowShare))
		if i.Derivative != "" {
			fmt.Fprintf(w, "  %s, %s, %s, %s\n", i.Derivative, i.Logits, i.Spectrum, i.SpectrumPNG)
		}
	}
	if r.Probabilities {
		fmt.Fprintln(w, "the net's output are probabilities; the gain is of the scores before the softmax")
	}
}
