package trainer

import (
	"context"
	"fmt"
	"math"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// trainEpoch does the steps that are left of the epoch in progress. After a cancelled context it
// returns ctx's error with the position at the next step.
func (t *Trainer) trainEpoch(ctx context.Context) error {
	epoch := t.at.Epoch
	shuffle(t.order, t.o.Seed, epoch)
	t.train.start(t.order, t.at.Step, epoch, func(step int) bool {
		return t.data.Augment.Flip == datasets.FlipBatches && flipBatch(t.o.Seed, epoch, step)
	})
	defer t.train.stop()
	begin, before := t.now(), t.sums.Training
	for t.at.Step < t.steps() {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := t.train.next()
		err := t.step(s)
		t.train.release(s)
		t.sums.Training = before + t.now().Sub(begin).Seconds()
		if err != nil {
			return err
		}
		if t.o.Observer != nil {
			t.o.Observer.BatchDone(epoch, t.sums.Seen, len(t.order), t.sums.Loss/float64(t.sums.Seen))
		}
		if err := t.saveOnTimer(); err != nil {
			return err
		}
	}
	return nil
}

// step trains on one batch and moves the position on.
func (t *Trainer) step(s *slot) error {
	number := uint64(t.at.Epoch-1)*uint64(t.steps()) + uint64(t.at.Step)
	out, err := t.net.Train(s.batch, number)
	if err != nil {
		return fmt.Errorf("epoch %d, step %d: %w", t.at.Epoch, t.at.Step, err)
	}
	if len(out.Predictions) != s.batch.N {
		return fmt.Errorf("epoch %d, step %d: %d predictions for %d images", t.at.Epoch, t.at.Step, len(out.Predictions), s.batch.N)
	}
	t.sums.Loss += out.Loss
	t.sums.Wrong += out.Wrong
	t.sums.Seen += s.batch.N
	if !finite(out.Loss) {
		what := fmt.Errorf("the training loss of step %d is %v", t.at.Step, out.Loss)
		return t.diverged(t.row(), ReasonLoss, what)
	}
	for i, k := range s.index {
		t.current[k] = out.Predictions[i]
	}
	if err := t.net.Update(t.o.Schedule.At(t.at.Epoch, t.at.Step, t.steps()), t.o.Momentum, t.o.WeightDecay); err != nil {
		return fmt.Errorf("epoch %d, step %d: %w", t.at.Epoch, t.at.Step, err)
	}
	if err := t.checkBiases(); err != nil {
		return t.diverged(t.row(), ReasonWeights, err)
	}
	t.at.Step++
	return nil
}

// held are the figures of one set of images that are not trained on.
type held struct {
	name              string
	split             *datasets.Split
	meanLoss, wrongly *float64
}

// evaluate fills in the row's validation and test figures where there is such data, those of the averaged weights too.
func (t *Trainer) evaluate(ctx context.Context, row *Row) error {
	err := t.evaluateSplits(ctx, row, []held{
		{"validation", t.data.Val, &row.ValLoss, &row.ValError},
		{"test", t.data.Test, &row.TestLoss, &row.TestError},
	})
	if err != nil || t.average == nil || t.average.mean == nil {
		return err
	}
	averaged := NewRow(row.Epoch)
	err = t.average.use(func() error {
		return t.evaluateSplits(ctx, row, []held{
			{"averaged weights: validation", t.data.Val, &averaged.ValLoss, &averaged.ValError},
			{"averaged weights: test", t.data.Test, &averaged.TestLoss, &averaged.TestError},
		})
	})
	for _, s := range []Signal{{AvgValLoss, averaged.ValLoss}, {AvgValError, averaged.ValError},
		{AvgTestLoss, averaged.TestLoss}, {AvgTestError, averaged.TestError}} {
		if !math.IsNaN(s.Value) {
			row.Signals = append(row.Signals, s)
		}
	}
	return err
}

// evaluateSplits fills in figures of the row where there is such data.
func (t *Trainer) evaluateSplits(ctx context.Context, row *Row, sets []held) error {
	for _, s := range sets {
		if s.split == nil || s.split.Len() == 0 {
			continue
		}
		loss, wrong, err := Evaluate(ctx, t.net, s.split, t.o.BatchSize)
		if err != nil {
			return fmt.Errorf("%s after epoch %d: %w", s.name, row.Epoch, err)
		}
		if !finite(loss) {
			return t.diverged(*row, ReasonLoss, fmt.Errorf("the %s loss is %v", s.name, loss))
		}
		*s.meanLoss, *s.wrongly = loss, wrong
	}
	return nil
}

// Evaluate computes a net's mean loss (−log softmax, nats) and the fraction it gets wrong over a
// split, size images at a time. It ends early with ctx's error.
func Evaluate(ctx context.Context, net Net, split *datasets.Split, size int) (loss, wrong float64, err error) {
	l := newLoader(split, size)
	l.start(l.all, 0, 0, func(int) bool { return false })
	defer l.stop()
	mistakes := 0
	for done := 0; done < split.Len(); {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		s := l.next()
		var out models.Outcome
		out, err = net.Evaluate(s.batch)
		done += s.batch.N
		l.release(s)
		if err != nil {
			return 0, 0, err
		}
		loss += out.Loss
		mistakes += out.Wrong
	}
	n := float64(split.Len())
	return loss / n, float64(mistakes) / n, nil
}
