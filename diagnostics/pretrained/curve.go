package pretrained

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
	"github.com/maxgain/maxgain/trainer"
)

// Training is a training of another program, as nets saved after its epochs.
type Training struct {
	Files     []string // ONNX files; the epoch is the last number in a file's name
	Net       onnx.NetOptions
	Method    Method  // for the impulse
	Impulse   float64 // its value
	Positions int     // at how many places the impulse is measured; 0: in the centre only
	Images    string  // folder of training images; empty: no signal that needs images
	Prepare   Preparation
	// Done, if not nil, is told of each net that has been measured.
	Done func(row trainer.Row, file string)
}

// The images that signals are measured on: so many for derivatives, as in a training of this program, and so many for
// predictions, but no more values than maxValues.
const (
	gainImages       = 100
	predictionImages = 1000
	maxValues        = 64 << 20
	gainBatch        = 8 // derivatives held at once
)

// Epoch is a net's file and its epoch.
type Epoch struct {
	Number int
	File   string
}

var digits = regexp.MustCompile(`\d+`)

// Epochs puts files in the order of their epochs: the last number in a file's name. Files without numbers, or of which
// two have the same, are epochs 1, 2, … in the order of their names.
func Epochs(files []string) []Epoch {
	list, seen, distinct := make([]Epoch, len(files)), map[int]bool{}, true
	sorted := slices.Clone(files)
	slices.Sort(sorted)
	for i, file := range sorted {
		base := filepath.Base(file)
		numbers := digits.FindAllString(base[:len(base)-len(filepath.Ext(base))], -1)
		list[i] = Epoch{i + 1, file}
		if len(numbers) == 0 {
			distinct = false
			continue
		}
		n, err := strconv.Atoi(numbers[len(numbers)-1])
		distinct = distinct && err == nil && !seen[n]
		seen[n] = true
		list[i].Number = n
	}
	if !distinct {
		for i := range list {
			list[i].Number = i + 1
		}
	}
	slices.SortFunc(list, func(a, b Epoch) int { return a.Number - b.Number })
	return list
}

// Curve measures every signal that needs no labels on each of the nets: the gain of an impulse, and with images the
// population's signals and the share of the images that are predicted otherwise than by the net before.
func (t Training) Curve(ctx context.Context) (*trainer.History, error) {
	var history trainer.History
	var images []float32
	var previous []uint16
	var shape models.Shape
	for i, e := range Epochs(t.Files) {
		row, err := func() (trainer.Row, error) {
			model, err := onnx.Read(e.File)
			if err != nil {
				return trainer.Row{}, err
			}
			net, err := onnx.NewNet(model, t.Net)
			if err != nil {
				return trainer.Row{}, fmt.Errorf("%s: %w", e.File, err)
			}
			defer net.Close()
			if i == 0 {
				shape = net.Shape()
				if images, err = t.images(shape); err != nil {
					return trainer.Row{}, err
				}
			}
			if net.Shape() != shape {
				return trainer.Row{}, fmt.Errorf("%s takes images of %v, the nets before it of %v", e.File, net.Shape(), shape)
			}
			predictions, err := predict(ctx, net, images)
			if err != nil {
				return trainer.Row{}, fmt.Errorf("%s: %w", e.File, err)
			}
			row := trainer.NewRow(e.Number)
			subject := diagnostics.Subject{Net: &recorder{Net: net, fast: t.Method.Fast}, Predictions: predictions, Previous: previous}
			if row.Signals, err = t.signals(ctx, subject, shape, images); err != nil {
				return trainer.Row{}, fmt.Errorf("%s: %w", e.File, err)
			}
			previous = predictions
			return row, nil
		}()
		if err != nil {
			return nil, err
		}
		history.Rows = append(history.Rows, row)
		if t.Done != nil {
			t.Done(row, e.File)
		}
	}
	return &history, nil
}

// images reads the training images, [n,H,W,C].
func (t Training) images(s models.Shape) ([]float32, error) {
	if t.Images == "" {
		return nil, nil
	}
	files, err := Pictures(t.Images, max(1, min(predictionImages, maxValues/s.Len())))
	if err != nil {
		return nil, err
	}
	images := make([]float32, 0, len(files)*s.Len())
	for _, file := range files {
		image, err := t.Prepare.Picture(file, s)
		if err != nil {
			return nil, err
		}
		for _, v := range image {
			images = append(images, float32(v))
		}
	}
	return images, nil
}

// predict is the winner of each image.
func predict(ctx context.Context, net *onnx.Net, images []float32) ([]uint16, error) {
	size, classes := net.Shape().Len(), []uint16(nil)
	for at := 0; at < len(images); at += size {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out, err := net.Evaluate(models.Batch{X: images[at:][:size], Labels: []uint16{0}, N: 1})
		if err != nil {
			return nil, err
		}
		classes = append(classes, out.Predictions...)
	}
	return classes, nil
}

// signals measures one net.
func (t Training) signals(ctx context.Context, subject diagnostics.Subject, s models.Shape, images []float32) ([]trainer.Signal, error) {
	impulse, err := diagnostics.ImpulseGain(s, t.Impulse, t.Method.Projection, t.Method.Window)
	if err != nil {
		return nil, err
	}
	probes := []diagnostics.Probe{impulse}
	if t.Positions > 0 {
		probes = append(probes, &diagnostics.PositionsGain{Shape: s, Value: t.Impulse, Positions: diagnostics.SpreadPositions(s.H, s.W, t.Positions),
			Projection: t.Method.Projection, Window: t.Method.Window})
	}
	if size := s.Len(); len(images) > 0 {
		all := make([]int, len(images)/size)
		for i := range all {
			all[i] = i
		}
		var some []float32
		for _, i := range spread(all, gainImages) {
			some = append(some, images[i*size:][:size]...)
		}
		probes = append(probes, &diagnostics.Population{Shape: s, Images: some, Batch: gainBatch}, diagnostics.Changes{})
	}
	var signals []trainer.Signal
	for _, probe := range probes {
		r, err := probe.Measure(ctx, subject)
		if err != nil {
			return nil, err
		}
		signals = append(signals, r.Signals...)
	}
	return signals, nil
}

// WriteCSV writes a curve as diagnostics.ReadCSV reads it: a line an epoch, with the columns of the signals that were
// measured. A field is empty where a signal was not; there are no losses, as nothing is known of them.
func WriteCSV(w io.Writer, h *trainer.History) error {
	head, place := []string{"epoch"}, map[string]int{}
	for _, row := range h.Rows {
		for _, s := range row.Signals {
			if _, known := place[s.Name]; !known {
				place[s.Name] = len(head)
				head = append(head, s.Name)
			}
		}
	}
	lines := [][]string{head}
	for _, row := range h.Rows {
		line := make([]string, len(head))
		line[0] = strconv.Itoa(row.Epoch)
		for _, s := range row.Signals {
			if !math.IsNaN(s.Value) {
				line[place[s.Name]] = strconv.FormatFloat(s.Value, 'g', -1, 64)
			}
		}
		lines = append(lines, line)
	}
	return csv.NewWriter(w).WriteAll(lines)
}
