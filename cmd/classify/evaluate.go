package classify

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
)

// Splits are the parts of data that may be evaluated.
var Splits = []string{"train", "val", "test"}

// Source says what a net is evaluated on.
type Source struct {
	Split string // train, val or test; empty takes the first of val, test and train that there is
	// Data is a folder of pictures by class, DIR/<class>/… or DIR/<split>/<class>/…, or another place of the run's own
	// data; empty takes the run's data as they were.
	Data     string
	Progress func(done, total int) // images; nil: nobody is told
	Reading  experiment.Reading
}

// Evaluation is how well a net tells images apart.
type Evaluation struct {
	Run       string             `json:"run"`
	Epoch     int                `json:"epoch"`    // of the weights
	Averaged  int                `json:"averaged"` // epochs, Epoch the last, whose weights these are the mean of; 0: those of Epoch
	Data      string             `json:"data"`
	Split     string             `json:"split"`
	Images    int                `json:"images"`
	Wrong     int                `json:"wrong"`
	Error     diagnostics.Number `json:"error"` // share of the images
	Loss      diagnostics.Number `json:"loss"`  // mean over the images, in nats
	Classes   []ClassResult      `json:"classes"`
	Confusion [][]int            `json:"confusion"` // images by label and by prediction
}

// ClassResult is how well one class is told.
type ClassResult struct {
	Class  string             `json:"class"`
	Images int                `json:"images"` // that have its label
	Wrong  int                `json:"wrong"`
	Error  diagnostics.Number `json:"error"` // share; null without images
}

// Evaluate gives the net every image of the source once.
func (c *Classifier) Evaluate(ctx context.Context, s Source) (*Evaluation, error) {
	if s.Split != "" && !slices.Contains(Splits, s.Split) {
		return nil, experiment.Usagef("--split: got %q, want %s", s.Split, strings.Join(Splits, ", "))
	}
	e := c.newEvaluation()
	if s.Data != "" {
		folder, err := c.pictureFolder(s)
		if err != nil {
			return nil, err
		}
		if folder != nil {
			if err := c.evaluatePictures(ctx, e, folder, s); err != nil {
				return nil, err
			}
			e.finish()
			return e, nil
		}
	}
	if c.data == nil || s.Data != "" {
		if err := c.openData(ctx, s.Data, s.Reading); err != nil {
			return nil, err
		}
	}
	split, err := c.chooseSplit(e, s.Split)
	if err != nil {
		return nil, err
	}
	if err := c.evaluateSplit(ctx, e, split, s); err != nil {
		return nil, err
	}
	e.finish()
	return e, nil
}

func (c *Classifier) newEvaluation() *Evaluation {
	names := c.Recipe.ClassNames
	e := &Evaluation{Run: c.Path, Epoch: c.Weights.Epoch, Averaged: c.Weights.Averaged, Confusion: make([][]int, len(names))}
	for i, name := range names {
		e.Classes = append(e.Classes, ClassResult{Class: name})
		e.Confusion[i] = make([]int, len(names))
	}
	return e
}

// add counts the outcome of a batch. Until finish, Loss is the sum over the images.
func (e *Evaluation) add(out models.Outcome, labels []uint16) {
	e.Loss += diagnostics.Number(out.Loss)
	e.Images += len(labels)
	for i, label := range labels {
		e.Confusion[label][out.Predictions[i]]++
		e.Classes[label].Images++
		if out.Predictions[i] != label {
			e.Wrong++
			e.Classes[label].Wrong++
		}
	}
}

func (e *Evaluation) finish() {
	e.Loss /= diagnostics.Number(e.Images)
	e.Error = share(e.Wrong, e.Images)
	for i := range e.Classes {
		e.Classes[i].Error = share(e.Classes[i].Wrong, e.Classes[i].Images)
	}
}

// share is part / whole, NaN of nothing.
func share(part, whole int) diagnostics.Number {
	if whole == 0 {
		return diagnostics.Number(math.NaN())
	}
	return diagnostics.Number(float64(part) / float64(whole))
}

// chooseSplit finds the split of that name in the run's data, or the first of val, test and train for no name.
func (c *Classifier) chooseSplit(e *Evaluation, name string) (*datasets.Split, error) {
	parts := map[string]*datasets.Split{"train": c.data.Train, "val": c.data.Val, "test": c.data.Test}
	e.Data = c.data.Name
	for _, candidate := range []string{"val", "test", "train"} {
		if parts[candidate] != nil && (name == "" || name == candidate) {
			e.Split = candidate
			return parts[candidate], nil
		}
	}
	var there []string
	for _, candidate := range Splits {
		if parts[candidate] != nil {
			there = append(there, candidate)
		}
	}
	return nil, experiment.Usagef("--split: the data of this run have no %s images; there are %s", name, strings.Join(there, " and "))
}

// evaluateSplit evaluates a split of opened data, whose own preprocessing is passed over for that of the net.
func (c *Classifier) evaluateSplit(ctx context.Context, e *Evaluation, split *datasets.Split, s Source) error {
	labels, err := c.translate(split)
	if err != nil {
		return err
	}
	size := c.Recipe.Size()
	x, raw, values := make([]float32, batch*size), make([]byte, 0, batch*size), make([]float32, batch*size)
	for from := 0; from < split.Len(); from += batch {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		n := min(batch, split.Len()-from)
		raw = raw[:0]
		for i := range n {
			raw = append(raw, split.Raw(from+i)...)
			split.RawFloats(values[i*size:][:size], from+i)
		}
		if len(raw) == n*size {
			err = c.Recipe.Apply(x[:n*size], raw)
		} else { // values that are no bytes
			err = c.Recipe.ApplyFloats(x[:n*size], values[:n*size])
		}
		if err != nil {
			return err
		}
		if err := c.evaluateBatch(e, x[:n*size], labels[from:from+n]); err != nil {
			return err
		}
		if s.Progress != nil {
			s.Progress(from+n, split.Len())
		}
	}
	return nil
}

// translate are a split's labels as the net numbers its classes, which the names tell.
func (c *Classifier) translate(split *datasets.Split) ([]uint16, error) {
	r := c.Recipe
	if split.H != r.H || split.W != r.W || split.C != r.C {
		return nil, experiment.Usagef("the data hold images of %d×%d×%d, the net takes %d×%d×%d", split.H, split.W, split.C, r.H, r.W, r.C)
	}
	numbers := make([]uint16, split.Classes)
	for k, name := range c.data.ClassNames {
		number, known := c.classOf(name)
		if !known {
			return nil, experiment.Usagef("the data have a class %q, which the net does not know; its classes are %s", name, some(r.ClassNames))
		}
		numbers[k] = number
	}
	labels := make([]uint16, split.Len())
	for i, label := range split.Labels {
		labels[i] = numbers[label]
	}
	return labels, nil
}

// some lists names, the first ones of many.
func some(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (c *Classifier) evaluateBatch(e *Evaluation, x []float32, labels []uint16) error {
	out, err := c.net.Evaluate(models.Batch{X: x, Labels: labels, N: len(labels)})
	if err != nil {
		return err
	}
	e.add(out, labels)
	return nil
}
