package bank

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/truth"
)

// View is a choice of the signals that the rules may read.
type View struct {
	Name    string
	Columns []string // kept; nil for all
	Noise   bool     // the population's signals are those of images of noise
}

// of is the run's curve as it is seen.
func (v View) of(r Run) *diagnostics.Curve {
	c := r.Curve
	if v.Noise {
		c = r.Noise
	}
	if v.Columns != nil {
		c = c.Only(v.Columns...)
	}
	return c
}

// The views that docs/diagnosis.md compares.
var (
	Impulse = View{Name: "impulse gain alone, the paper's method", Columns: []string{diagnostics.GainDB}}
	Shipped = View{Name: "what is shipped"}
)

// Views lists the views, what is shipped last.
func Views() []View {
	companions := []string{diagnostics.PopulationGainDB, diagnostics.BoundaryDistance, diagnostics.LowShare, diagnostics.PredictionChanges,
		diagnostics.TrainLoss, diagnostics.TrainError}
	return []View{
		Impulse,
		{Name: "impulse gain and training loss", Columns: []string{diagnostics.GainDB, diagnostics.TrainLoss}},
		{Name: "population gain alone", Columns: []string{diagnostics.PopulationGainDB}},
		{Name: "population gain and training loss", Columns: []string{diagnostics.PopulationGainDB, diagnostics.TrainLoss}},
		{Name: "population, prediction changes, training loss and error", Columns: companions},
		{Name: "the same on images of noise", Columns: companions, Noise: true},
		Shipped,
	}
}

// Matrix counts runs by their truth and by the verdict given.
type Matrix struct {
	Count map[diagnostics.Verdict]map[diagnostics.Verdict]int // truth → verdict → runs
	Right int
	Fair  int // right, or one of the verdicts that the truth's tolerance allows
	Total int
	Wrong []string // keys of the runs judged wrongly, with truth and verdict
}

// Confusion judges whole runs as they are seen in a view.
func Confusion(runs []Run, v View, t diagnostics.Thresholds) Matrix {
	m := Matrix{Count: map[diagnostics.Verdict]map[diagnostics.Verdict]int{}}
	for _, run := range runs {
		got := diagnostics.Diagnose(v.of(run), t).Verdict
		want := run.Truth.Verdict
		if m.Count[want] == nil {
			m.Count[want] = map[diagnostics.Verdict]int{}
		}
		m.Count[want][got]++
		m.Total++
		if got == want {
			m.Right++
			m.Fair++
			continue
		}
		fair := ""
		if slices.Contains(truth.Verdicts(run.Losses), got) {
			m.Fair++
			fair = ", within the tolerance"
		}
		m.Wrong = append(m.Wrong, fmt.Sprintf("%s: %v, judged %v%s", Key(run.Setting, run.Seed), want, got, fair))
	}
	return m
}

// FalseOverfitting is the share of runs that were not overfitting, but were judged to be.
func (m Matrix) FalseOverfitting() (wrong, of int) {
	for want, row := range m.Count {
		if want == diagnostics.Overfitting {
			continue
		}
		for got, n := range row {
			of += n
			if got == diagnostics.Overfitting {
				wrong += n
			}
		}
	}
	return wrong, of
}

// Markdown is the matrix as a table, a line a truth.
func (m Matrix) Markdown() string {
	var out strings.Builder
	out.WriteString("| truth \\ verdict |")
	for _, v := range diagnostics.Verdicts() {
		fmt.Fprintf(&out, " %v |", v)
	}
	out.WriteString("\n|---|" + strings.Repeat("---|", len(diagnostics.Verdicts())) + "\n")
	for _, want := range diagnostics.Verdicts() {
		if m.Count[want] == nil {
			continue
		}
		fmt.Fprintf(&out, "| %v |", want)
		for _, got := range diagnostics.Verdicts() {
			cell := ""
			if n := m.Count[want][got]; n > 0 {
				cell = fmt.Sprint(n)
			}
			fmt.Fprintf(&out, " %s |", cell)
		}
		out.WriteString("\n")
	}
	share := func(n int) float64 { return 100 * float64(n) / float64(max(1, m.Total)) }
	fmt.Fprintf(&out, "\nRight: %d of %d (%.1f %%); within the tolerance of the truth: %d (%.1f %%).\n", m.Right, m.Total, share(m.Right), m.Fair, share(m.Fair))
	return out.String()
}
