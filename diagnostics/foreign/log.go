package foreign

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

// log turns a table into a curve: it finds which epoch each row belongs to and which columns to read.
func (t *table) log(path string, o Options) (*Log, error) {
	if err := t.checkNamed(o); err != nil {
		return nil, err
	}
	a, err := t.axis(o)
	if err != nil {
		return nil, err
	}
	chosen, err := t.choose(a)
	if err != nil {
		return nil, err
	}
	kept := slices.ContainsFunc(t.columns, func(c *column) bool { return judged(c.role.ours) })
	if !kept || t.rows > 0 && !slices.ContainsFunc(slices.Collect(maps.Keys(chosen)), judged) {
		return nil, &Fault{File: path, Detail: t.nothingToJudge()}
	}
	notes, series := slices.Clone(t.notes), map[string]map[int]float64{}
	for _, ours := range slices.Sorted(maps.Keys(chosen)) {
		c := chosen[ours]
		values := a.byEpoch(c, ours)
		name := ours
		switch ours {
		case useAccuracy:
			name = signal.TrainError
			if err := shares(t.file, c.name, values); err != nil {
				return nil, err
			}
			for epoch, v := range values {
				values[epoch] = 1 - v
			}
			notes = append(notes, fmt.Sprintf("%s is 1 − %s", name, named(c.name)))
		case signal.TrainError:
			if err := shares(t.file, c.name, values); err != nil {
				return nil, err
			}
		}
		if ours != useAccuracy && c.name != ours {
			notes = append(notes, fmt.Sprintf("%s is %s", ours, named(c.name)))
		}
		series[name] = values
	}
	if a.note != "" {
		notes = append(notes, a.note)
	}
	curve, err := curveOf(series, a.shift(series, &notes))
	if err != nil {
		return nil, &Fault{File: path, Detail: err.Error()}
	}
	return &Log{Curve: curve, Notes: notes}, nil
}

// judged tells whether a verdict can rest on a column of this use.
func judged(ours string) bool {
	switch ours {
	case signal.TrainError, signal.LearningRate, useAccuracy, useEpoch, useStep, useIndex:
		return false
	}
	return true
}

// nothingToJudge says what is missing.
func (t *table) nothingToJudge() string {
	return fmt.Sprintf("no column of the training loss (train_loss, loss, …) and none of a signal (gain_db, …) with a value; the file has %s. Name one: --column train_loss=NAME",
		listed(t.names))
}

// checkNamed finds columns that the options name and the table lacks.
func (t *table) checkNamed(o Options) error {
	for _, ours := range slices.Sorted(maps.Keys(o.Columns)) {
		theirs := o.Columns[ours]
		if !slices.ContainsFunc(t.names, func(name string) bool { return strings.TrimSpace(name) == strings.TrimSpace(theirs) }) {
			return &Fault{File: t.file, Detail: fmt.Sprintf("no column %s to read %s from; the file has %s", shown(theirs), shown(ours), listed(t.names))}
		}
	}
	return nil
}

// choose finds the column of each use that is read: of those that cover more than half as many epochs as any, the one of the
// lowest rank. Two of them for the training loss are an error; of other uses the first is taken. A column of accuracies or
// errors that does not say whether it is of training is read only if the training loss does not say so either.
func (t *table) choose(a *axis) (map[string]*column, error) {
	chosen := map[string]*column{}
	for _, c := range t.columns {
		ours := c.role.ours
		if c.role.axis() || chosen[ours] != nil {
			continue
		}
		best, rivals := a.best(t.of(ours))
		if best == nil {
			continue
		}
		if best.fault != nil {
			return nil, best.fault
		}
		if ours == signal.TrainLoss && len(rivals) > 1 {
			return nil, &Fault{File: t.file, Detail: fmt.Sprintf("%d columns could be the training loss: %s. Name one: --column train_loss=%s",
				len(rivals), listed(rivals), shown(rivals[0]))}
		}
		chosen[ours] = best
	}
	if loss := chosen[signal.TrainLoss]; loss != nil && loss.role.rank != rankNamed {
		for _, ours := range []string{useAccuracy, signal.TrainError} {
			if c := chosen[ours]; c != nil && c.role.rank != rankNamed && c.role.train != loss.role.train {
				t.notes = append(t.notes, fmt.Sprintf("%s is not read, as it does not say of which images it is; if of training: --column %s=%s",
					named(c.name), ours, shown(c.name)))
				delete(chosen, ours)
			}
		}
	}
	if chosen[signal.TrainError] != nil {
		delete(chosen, useAccuracy)
	}
	return chosen, nil
}

// best is the column to read of several for one use, and the names of those that would serve as well.
func (a *axis) best(of []*column) (best *column, equals []string) {
	covered, most := make([]int, len(of)), 0
	for i, c := range of {
		seen := map[int]bool{}
		for _, row := range c.row {
			if a.epoch[row] != noEpoch {
				seen[a.epoch[row]] = true
			}
		}
		covered[i] = len(seen)
		most = max(most, covered[i])
	}
	for i, c := range of {
		if c.role.rank != rankNamed && c.fault == nil && 2*covered[i] <= most {
			continue
		}
		switch {
		case best == nil || c.role.rank < best.role.rank:
			best, equals = c, []string{c.name}
		case c.role.rank == best.role.rank:
			equals = append(equals, c.name)
		}
	}
	return best, equals
}

// byEpoch are a column's values by epoch: the mean over the rows of an epoch that stand together; where an epoch comes again
// further on, as after a resumption, the later rows count.
func (a *axis) byEpoch(c *column, ours string) map[int]float64 {
	type sum struct {
		block, count int
		total        float64
	}
	values := c.value
	if ours == signal.TrainLoss {
		values = lostLosses(c)
	}
	sums := map[int]*sum{}
	for i, row := range c.row {
		epoch, v := a.epoch[row], values[i]
		if epoch == noEpoch || math.IsNaN(v) {
			continue
		}
		s := sums[epoch]
		if s == nil || s.block != a.block[row] {
			s = &sum{block: a.block[row]}
			sums[epoch] = s
		}
		s.count++
		s.total += v
	}
	out := map[int]float64{}
	for epoch, s := range sums {
		out[epoch] = s.total / float64(s.count)
	}
	return out
}

// lostLosses are a column's training losses with +Inf for each that was measured and was no number. Some programs write NaN
// where nothing was measured: a NaN with a finite number behind it is one of these, and so are as many at the end as ever stood
// together before.
func lostLosses(c *column) []float64 {
	out := slices.Clone(c.value)
	last := -1
	for i, v := range out {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			last = i
		}
	}
	longest, run := 0, 0
	for _, v := range out[:last+1] {
		if math.IsNaN(v) {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	if tail := out[last+1:]; len(tail) > longest {
		for i, v := range tail {
			if math.IsNaN(v) {
				tail[i] = math.Inf(1)
			}
		}
	}
	return out
}

// shares makes shares of values in per cent.
func shares(file, name string, values map[int]float64) error {
	highest, lowest := 0.0, 0.0
	for _, v := range values {
		highest, lowest = max(highest, v), min(lowest, v)
	}
	if highest > 100 || lowest < 0 {
		return &Fault{File: file, Detail: fmt.Sprintf("%s: values from %g to %g are neither shares nor per cent", named(name), lowest, highest)}
	}
	if highest > 1 {
		for epoch, v := range values {
			values[epoch] = v / 100
		}
	}
	return nil
}

// shift is by how much epochs are counted up: a training loss of epoch 0 is that of the first epoch.
func (a *axis) shift(series map[string]map[int]float64, notes *[]string) int {
	if _, ok := series[signal.TrainLoss][0]; !a.counts || !ok && !a.keras {
		return 0
	}
	*notes = append(*notes, "the file counts epochs from 0: its epoch 0 is called 1 here")
	return 1
}

// curveOf is the curve of columns by epoch, each counted up.
func curveOf(series map[string]map[int]float64, shift int) (*diagnostics.Curve, error) {
	seen := map[int]bool{}
	for _, values := range series {
		for epoch := range values {
			seen[epoch] = true
		}
	}
	epochs := slices.Sorted(maps.Keys(seen))
	columns := map[string][]float64{}
	for name, values := range series {
		columns[name] = make([]float64, len(epochs))
		for i, epoch := range epochs {
			v, ok := values[epoch]
			if !ok {
				v = math.NaN()
			}
			columns[name][i] = v
		}
	}
	for i := range epochs {
		epochs[i] += shift
	}
	return diagnostics.NewCurve(epochs, columns)
}
