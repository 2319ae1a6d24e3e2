package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/bank"
)

// The parts of the bank by their folders: the one that numbers were chosen on, the one that was judged once when they stood,
// and the first bank, whose runs have no transformed images.
const (
	tuningPart = "tuning"
	blindPart  = "blind"
	firstPart  = "bank"
)

// whole are the runs of a part that were trained on all labels.
func whole(runs []bank.Run) []bank.Run {
	return bank.Where(runs, func(r bank.Run) bool { return r.Holdout == 0 })
}

// printTables writes all tables of docs/diagnosis.md.
func printTables(w io.Writer, root string) error {
	parts := map[string][]bank.Run{}
	for _, name := range []string{tuningPart, blindPart, firstPart} {
		runs, err := bank.Load(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		parts[name] = runs
	}
	ours := diagnostics.DefaultThresholds()
	paper := ours
	paper.PaperOnly = true
	for _, part := range []struct{ folder, title string }{{blindPart, "blind part"}, {tuningPart, "part tuned on"}} {
		runs := whole(parts[part.folder])
		if len(runs) == 0 {
			continue
		}
		for _, rules := range []struct {
			name string
			t    diagnostics.Thresholds
		}{{"our rules", ours}, {"the paper’s rules", paper}} {
			m := bank.Confusion(runs, bank.Shipped, rules.t)
			wrong, of := m.FalseOverfitting()
			fmt.Fprintf(w, "### Verdicts, %s, %s\n\n%s\nFalse overfitting: %d of %d.\n\n", rules.name, part.title, m.Markdown(), wrong, of)
			if rules.name != "our rules" {
				continue
			}
			for _, line := range m.Wrong {
				fmt.Fprintln(w, "-", line)
			}
			fmt.Fprintln(w)
		}
		if err := stopTables(w, runs, part.title, ours); err != nil {
			return err
		}
	}
	pairs, err := bank.Pairs(parts[blindPart], ours)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "### The same labels used otherwise, blind part\n\n%d pairs: (a) against each other way.\n\n%s\n", len(pairs), bank.ProofMarkdown(pairs))
	fmt.Fprintf(w, "### Confidence\n\n%s\n", bank.ReliabilityMarkdown(bank.Reliability(whole(parts[tuningPart]), ours), bank.Reliability(whole(parts[blindPart]), ours)))
	fmt.Fprintf(w, "### How much a verdict depends on each number, both parts\n\n%s\n",
		bank.SensitivityMarkdown(bank.Sensitivities(append(whole(parts[tuningPart]), whole(parts[blindPart])...), ours)))
	return firstBank(w, whole(parts[firstPart]), ours)
}

// firstBank writes what the rules without transformed images say of the first bank, whose halves were both looked at.
func firstBank(w io.Writer, runs []bank.Run, t diagnostics.Thresholds) error {
	half := func(tuning bool) []bank.Run {
		return bank.Where(runs, func(r bank.Run) bool { return r.Tuning() == tuning })
	}
	fmt.Fprintf(w, "### Without transformed images: the first bank\n\n")
	fmt.Fprintln(w, "| read | right, first half | right, second half | false overfitting |\n|---|---:|---:|---:|")
	for _, view := range bank.Views() {
		a, b := bank.Confusion(half(true), view, t), bank.Confusion(half(false), view, t)
		wrongA, ofA := a.FalseOverfitting()
		wrongB, ofB := b.FalseOverfitting()
		fmt.Fprintf(w, "| %s | %d of %d | %d of %d | %d of %d |\n", view.Name, a.Right, a.Total, b.Right, b.Total, wrongA+wrongB, ofA+ofB)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", bank.ReliabilityMarkdown(bank.Reliability(half(true), t), bank.Reliability(half(false), t)))
	return err
}

// stopTables writes what each stopping rule loses on runs that overfit and on healthy ones.
func stopTables(w io.Writer, runs []bank.Run, title string, t diagnostics.Thresholds) error {
	rules := []bank.Rule{bank.Gain("our rule, averaged weights", bank.Shipped, t), bank.LabelWave(),
		bank.LabelWave().With("prediction changes alone, averaged weights"), bank.LastEpoch(), bank.LastEpoch().With("last epoch, averaged weights")}
	for _, group := range []struct {
		what     string
		verdicts []diagnostics.Verdict
	}{
		{"runs that overfit", []diagnostics.Verdict{diagnostics.Overfitting}},
		{"healthy runs", []diagnostics.Verdict{diagnostics.StillLearning, diagnostics.Converged}},
	} {
		chosen := bank.Where(runs, func(r bank.Run) bool { return slices.Contains(group.verdicts, r.Truth.Verdict) })
		if len(chosen) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "### Stopping, %s, %s\n\n%s\n", group.what, title, bank.RegretsMarkdown(bank.Regrets(chosen, rules))); err != nil {
			return err
		}
	}
	return nil
}
