package main

import (
	"fmt"
	"io"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/bank"
)

// half is one of the two halves of the bank.
type half struct {
	name string
	keep func(bank.Run) bool
}

var halves = []half{
	{"tuned on", func(r bank.Run) bool { return r.Tuning() }},
	{"not tuned on", func(r bank.Run) bool { return !r.Tuning() }},
}

// printTables writes all tables of docs/diagnosis.md.
func printTables(w io.Writer, dir string) error {
	all, err := bank.Load(dir)
	if err != nil {
		return err
	}
	t := diagnostics.DefaultThresholds()
	whole := bank.Where(all, func(r bank.Run) bool { return r.Holdout == 0 })
	told := make([][]bank.Told, len(halves))
	for i, h := range halves {
		told[i] = bank.Reliability(bank.Where(whole, h.keep), t)
	}
	fmt.Fprintf(w, "### Confidence\n\n%s\n", bank.ReliabilityMarkdown(told[0], told[1]))
	for _, h := range halves {
		runs := bank.Where(whole, h.keep)
		for _, view := range bank.Views() {
			m := bank.Confusion(runs, view, t)
			wrong, of := m.FalseOverfitting()
			fmt.Fprintf(w, "### Verdicts, %s, half %s\n\n%s\nFalse overfitting: %d of %d.\n\n", view.Name, h.name, m.Markdown(), wrong, of)
			if view.Name == bank.Shipped.Name {
				for _, line := range m.Wrong {
					fmt.Fprintln(w, "-", line)
				}
				fmt.Fprintln(w)
			}
		}
		if err := stopTables(w, runs, h.name, t); err != nil {
			return err
		}
		pairs, err := bank.Pairs(bank.Where(all, h.keep), t)
		if err != nil {
			return err
		}
		if len(pairs) > 0 {
			fmt.Fprintf(w, "### Proof of use, half %s\n\n%s\n", h.name, bank.ProofMarkdown(pairs))
		}
	}
	return nil
}

// stopTables writes what each stopping rule loses on runs that overfit and on healthy ones.
func stopTables(w io.Writer, runs []bank.Run, name string, t diagnostics.Thresholds) error {
	rules := []bank.Rule{bank.Gain("shipped rule", bank.Shipped, t), bank.Gain("impulse gain alone", bank.Impulse, t), bank.LabelWave(),
		bank.EvidenceBased(), bank.Disparity(), bank.LastEpoch(), bank.ByLoss(5), bank.ByError(5)}
	for _, group := range []struct {
		what     string
		verdicts []diagnostics.Verdict
	}{
		{"runs that overfit", []diagnostics.Verdict{diagnostics.Overfitting}},
		{"healthy runs", []diagnostics.Verdict{diagnostics.StillLearning, diagnostics.Converged}},
	} {
		chosen := bank.Where(runs, func(r bank.Run) bool {
			for _, v := range group.verdicts {
				if r.Truth.Verdict == v {
					return true
				}
			}
			return false
		})
		if len(chosen) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "### Stopping, %s, half %s\n\n%s\n", group.what, name, bank.RegretsMarkdown(bank.Regrets(chosen, rules))); err != nil {
			return err
		}
	}
	return nil
}
