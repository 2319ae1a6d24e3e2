package foreign

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// axis says which epoch each row belongs to.
type axis struct {
	epoch  []int // of each row; noEpoch for none
	block  []int // number of the stretch of rows of one epoch that a row stands in
	counts bool  // the numbers are the file's own whole epochs, which may begin at 0
	keras  bool  // they are the steps of Keras' tags, which begin at 0
	note   string
}

// noEpoch marks a row that belongs to no epoch.
const noEpoch = -1

// axis finds the epochs of the rows: from a column of epochs, else from steps, else from an index, else from the rows' order.
func (t *table) axis(o Options) (*axis, error) {
	epochs, err := t.single(useEpoch)
	if err != nil {
		return nil, err
	}
	steps, err := t.single(useStep)
	if err != nil {
		return nil, err
	}
	a := &axis{epoch: slices.Repeat([]int{noEpoch}, t.rows)}
	switch {
	case o.StepsPerEpoch > 0 && steps == nil:
		return nil, &Fault{File: t.file, Detail: fmt.Sprintf("steps of an epoch are given, but there is no column of steps; the file has %s", listed(t.names))}
	case o.StepsPerEpoch > 0:
		for i, row := range steps.row {
			a.epoch[row] = max(1, int(math.Ceil(steps.value[i]/o.StepsPerEpoch)))
		}
	case epochs != nil:
		a.fromEpochs(epochs)
	case steps != nil:
		if err := a.fromSteps(t, steps); err != nil {
			return nil, err
		}
	default:
		a.fromRows(t)
	}
	a.block = make([]int, t.rows)
	for i := 1; i < t.rows; i++ {
		a.block[i] = a.block[i-1]
		if a.epoch[i] != a.epoch[i-1] {
			a.block[i]++
		}
	}
	return a, nil
}

// single is the column of a use that counts, nil if there is none; a field in it that is no number is an error.
func (t *table) single(use string) (*column, error) {
	of := t.of(use)
	if len(of) == 0 {
		return nil, nil
	}
	sort.SliceStable(of, func(i, j int) bool { return of[i].role.rank < of[j].role.rank })
	if of[0].fault != nil {
		return nil, of[0].fault
	}
	return of[0], nil
}

// fromEpochs takes the numbers of a column of epochs. Parts of epochs, as 0.25 and 0.5, belong to the epoch that they are of.
func (a *axis) fromEpochs(c *column) {
	a.counts = !slices.ContainsFunc(c.value, func(v float64) bool { return v != math.Trunc(v) })
	for i, row := range c.row {
		if a.counts {
			a.epoch[row] = int(c.value[i])
		} else {
			a.epoch[row] = max(1, int(math.Ceil(c.value[i])))
		}
	}
}

// fromSteps takes each step that has a loss or signal for an epoch: the step's number where steps follow each other, else its
// place among them, which must be evenly spaced.
func (a *axis) fromSteps(t *table, steps *column) error {
	of := steps.over(t.rows)
	var rows []int
	var at []float64
	for row, has := range t.measured() {
		if has && !math.IsNaN(of[row]) {
			rows, at = append(rows, row), append(at, of[row])
		}
	}
	if t.ofKeras() {
		a.counts, a.keras = true, true
		for i, row := range rows {
			a.epoch[row] = int(at[i])
		}
		return nil
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(at)))
	if len(distinct) < 2 {
		for i, row := range rows {
			a.epoch[row] = int(math.Ceil(at[i]))
		}
		a.counts = true
		return nil
	}
	if len(distinct) > mostSteps {
		return &Fault{File: t.file, Detail: fmt.Sprintf("there is no column of epochs, and %d steps are hardly as many epochs: say how many steps make one, as in --steps-per-epoch 391", len(distinct))}
	}
	span := distinct[1] - distinct[0]
	for i := 2; i < len(distinct); i++ {
		if distinct[i]-distinct[i-1] != span {
			return &Fault{File: t.file, Detail: fmt.Sprintf("there is no column of epochs, and the steps (%g, %g, … %g) are not evenly spaced: "+
				"say how many steps make an epoch, as in --steps-per-epoch 391", distinct[0], distinct[1], distinct[len(distinct)-1])}
		}
	}
	a.counts = span == 1
	for i, row := range rows {
		if a.counts {
			a.epoch[row] = int(at[i])
		} else {
			a.epoch[row] = 1 + int((at[i]-distinct[0])/span)
		}
	}
	a.note = fmt.Sprintf("each of the %d steps is taken for an epoch; if more make one, say so with --steps-per-epoch", len(distinct))
	return nil
}

// mostSteps is how many steps may each be taken for an epoch.
const mostSteps = 5000

// leastPoints is how many values a column of losses must have for its rows to be taken for the epochs.
const leastPoints = 3

// measured tells of each row whether it has a training loss, from the columns of the lowest rank that have some values, or where
// there is no training loss, a signal.
func (t *table) measured() []bool {
	out := make([]bool, t.rows)
	rank, found := math.MaxInt, false
	for _, c := range t.of(signal.TrainLoss) {
		found = found || len(c.row) > 0
		if len(c.row) >= leastPoints {
			rank = min(rank, c.role.rank)
		}
	}
	for _, c := range t.columns {
		if !judged(c.role.ours) || found && (c.role.ours != signal.TrainLoss || c.role.rank > rank) {
			continue
		}
		for _, row := range c.row {
			out[row] = true
		}
	}
	return out
}

// ofKeras tells whether there is a training loss under the tag that Keras' callback for TensorBoard gives it: its steps are epochs.
func (t *table) ofKeras() bool {
	return slices.ContainsFunc(t.of(signal.TrainLoss), func(c *column) bool { return c.name == "epoch_loss" || strings.HasSuffix(c.name, "/epoch_loss") })
}

// fromRows takes an index for the epochs where there is one, else counts the rows that have a loss or signal.
func (a *axis) fromRows(t *table) {
	if of := t.of(useIndex); len(of) > 0 && of[0].fault == nil {
		a.fromEpochs(of[0])
		return
	}
	count := 0
	for row, has := range t.measured() {
		if has {
			count++
			a.epoch[row] = count
		}
	}
	a.note = fmt.Sprintf("there is no column of epochs: each of the %d rows is taken for one", count)
}
