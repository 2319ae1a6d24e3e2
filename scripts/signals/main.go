// Command signals keeps the tables of docs/signals.md up to date: the columns, from package signal, and what judging without
// some of them costs, from the bank of runs.
//
//	go run ./scripts/signals -write docs/signals.md
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/bank"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

func main() {
	write := flag.String("write", "", "`page` to put the tables into")
	runs := flag.String("bank", filepath.Join("diagnostics", "testdata", "bank"), "`folder` of the bank of runs")
	flag.Parse()
	if err := run(*write, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "signals:", err)
		os.Exit(1)
	}
}

func run(path, dir string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if text, err = page(text, dir); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, text, 0o644)
}

// Lines of the page behind which a table stands, up to tableEnd.
const (
	columnsBegin = "<!-- columns: go run ./scripts/signals -write docs/signals.md -->\n"
	costsBegin   = "<!-- costs: go run ./scripts/signals -write docs/signals.md -->\n"
	tableEnd     = "<!-- end of table -->\n"
)

// page is the page with its tables made anew.
func page(text []byte, dir string) ([]byte, error) {
	costs, err := costTable(dir)
	if err != nil {
		return nil, err
	}
	for _, table := range []struct{ begin, content string }{{columnsBegin, columnTable()}, {costsBegin, costs}} {
		before, rest, begun := bytes.Cut(text, []byte(table.begin))
		_, after, ended := bytes.Cut(rest, []byte(tableEnd))
		if !begun || !ended {
			return nil, fmt.Errorf("want the lines %q and %q", table.begin, tableEnd)
		}
		text = slices.Concat(before, []byte(table.begin), []byte("\n"+table.content+"\n"), []byte(tableEnd), after)
	}
	return text, nil
}

// columnTable lists the columns in the order of package signal.
func columnTable() string {
	var out strings.Builder
	out.WriteString("| column | unit | read by rules | meaning |\n|---|---|---|---|\n")
	for _, s := range signal.All() {
		name := "`" + s.Name + "`"
		if s.Numbered {
			name = "`" + s.Name + "0` …"
		}
		rule := ""
		if s.Rule {
			rule = "yes"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", name, s.Unit, rule, s.Meaning)
	}
	return out.String()
}

// view is a choice of columns.
type view struct {
	name string
	keep func(name string) bool
}

// views go from everything to a training loss alone.
func views() []view {
	without := func(prefixes ...string) func(string) bool {
		return func(name string) bool {
			base := strings.TrimPrefix(name, signal.AveragedPrefix)
			return !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(base, p) })
		}
	}
	only := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, name) }
	}
	return []view{
		{"everything", func(string) bool { return true }},
		{"without averaged weights (`avg_…`)", func(name string) bool { return !strings.HasPrefix(name, signal.AveragedPrefix) }},
		{"without transformed images (`mixed_…`)", without("mixed_")},
		{"without shifted images (`shift_…`)", without("shift_")},
		{"without either", without("mixed_", "shift_")},
		{"without prediction changes", without(signal.PredictionChanges)},
		{"without the population (`pop_gain_db`, `boundary_distance`, `low_share`)", without(signal.PopulationGainDB, signal.BoundaryDistance, signal.LowShare)},
		{"without the impulse (`gain_db`)", without(signal.GainDB)},
		{"`gain_db`, `train_loss` and `train_error`", only(signal.GainDB, signal.TrainLoss, signal.TrainError, signal.LearningRate)},
		{"`gain_db` alone, the paper’s method", only(signal.GainDB)},
		{"`train_loss` and `train_error`", only(signal.TrainLoss, signal.TrainError, signal.LearningRate)},
		{"`train_loss` alone", only(signal.TrainLoss)},
	}
}

// costTable says how many whole runs of the bank are judged rightly under each view that takes something away from them.
func costTable(dir string) (string, error) {
	all, err := bank.Load(dir)
	if err != nil {
		return "", err
	}
	all = bank.Where(all, func(r bank.Run) bool { return r.Holdout == 0 })
	var names []string
	for _, s := range signal.All() {
		for _, name := range []string{s.Name, signal.Averaged(s.Name)} {
			if signal.Readable(name) {
				names = append(names, name)
			}
		}
	}
	var out strings.Builder
	out.WriteString("| the rules see | right, half tuned on | right, other half | overfitting seen, other half | told by mistake, other half |\n|---|---:|---:|---:|---:|\n")
	for i, v := range views() {
		var columns []string
		missed := false // a column that some run has is left out
		for _, name := range names {
			if v.keep(name) {
				columns = append(columns, name)
			} else {
				missed = missed || slices.ContainsFunc(all, func(r bank.Run) bool { _, ok := r.Curve.Series(name); return ok })
			}
		}
		if i > 0 && !missed {
			continue
		}
		tuned, other := count(all, columns, true), count(all, columns, false)
		fmt.Fprintf(&out, "| %s | %s | %s | %d of %d | %d of %d |\n", v.name, tuned.share(), other.share(),
			other.seen, other.overfit, other.mistaken, other.total-other.overfit)
	}
	return out.String(), nil
}

// counts say how a view does over some runs.
type counts struct{ right, total, overfit, seen, mistaken int }

func (c counts) share() string {
	return fmt.Sprintf("%.0f %%", 100*float64(c.right)/float64(max(1, c.total)))
}

// count judges one half of the runs by some columns alone.
func count(runs []bank.Run, columns []string, tuned bool) counts {
	var c counts
	for _, r := range runs {
		if r.Tuning() != tuned {
			continue
		}
		told := diagnostics.Diagnose(r.Curve.Only(columns...), diagnostics.DefaultThresholds()).Verdict
		c.total++
		if told == r.Truth.Verdict {
			c.right++
		}
		switch {
		case r.Truth.Verdict == diagnostics.Overfitting && told == diagnostics.Overfitting:
			c.seen++
		case told == diagnostics.Overfitting:
			c.mistaken++
		}
		if r.Truth.Verdict == diagnostics.Overfitting {
			c.overfit++
		}
	}
	return c
}
