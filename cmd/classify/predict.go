package classify

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/maxgain/maxgain/models"
)

// topCount is how many classes a prediction names at most.
const topCount = 5

// Prediction is what the net sees in a picture.
type Prediction struct {
	Path        string  `json:"path"`
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
	Top         []Guess `json:"top"` // the most probable classes, at most five, the first of them Class
	Err         error   `json:"-"`   // of a picture that cannot be read; nothing else is known then
}

// Guess is a class with its probability by the net, the softmax of its logits.
type Guess struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}

// Predict gives the net one picture after the other and yields what it sees in them, in their order. However many there
// are, no more than a batch is held in memory. A picture that cannot be read is yielded with its error, and the others
// follow; an error of paths, or one that tell returns, ends it.
func (c *Classifier) Predict(ctx context.Context, paths iter.Seq2[string, error], tell func(Prediction) error) error {
	var waiting []string
	size := c.Recipe.Size()
	raw, x := make([]byte, batch*size), make([]float32, batch*size)
	flush := func() error {
		part := waiting
		waiting = waiting[:0]
		if len(part) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		return c.predict(part, raw, x, tell)
	}
	for path, err := range paths {
		if err != nil {
			return cmp.Or(flush(), err)
		}
		if waiting = append(waiting, path); len(waiting) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// predict is Predict for at most a batch; raw and x are its memory.
func (c *Classifier) predict(paths []string, raw []byte, x []float32, tell func(Prediction) error) error {
	size, n := c.Recipe.Size(), len(paths)
	faults := c.read(paths, raw)
	for i, err := range faults {
		if err != nil {
			clear(raw[i*size:][:size]) // evaluated like the others, and not told
		}
	}
	if err := c.Recipe.Apply(x[:n*size], raw[:n*size]); err != nil {
		return err
	}
	out, err := c.net.Evaluate(models.Batch{X: x[:n*size], Labels: make([]uint16, n), N: n})
	if err != nil {
		return err
	}
	classes := len(c.Recipe.ClassNames)
	for i, path := range paths {
		p := Prediction{Path: path, Err: faults[i]}
		if p.Err == nil {
			p.Top = c.guesses(out.Logits[i*classes:][:classes])
			p.Class, p.Probability = p.Top[0].Class, p.Top[0].Probability
		}
		if err := tell(p); err != nil {
			return err
		}
	}
	return nil
}

// guesses are the most probable classes, of equal ones the first. The softmax is taken in float64.
func (c *Classifier) guesses(logits []float32) []Guess {
	order := make([]int, len(logits))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
	sum, highest := 0.0, float64(logits[order[0]])
	for _, z := range logits {
		sum += math.Exp(float64(z) - highest)
	}
	var out []Guess
	for _, k := range order[:min(topCount, len(order))] {
		out = append(out, Guess{c.Recipe.ClassNames[k], math.Exp(float64(logits[k])-highest) / sum})
	}
	return out
}
