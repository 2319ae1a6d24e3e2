package bank

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/truth"
)

// Told counts the verdicts of one kind that were told with one confidence, and how many of them were right.
type Told struct {
	Verdict      diagnostics.Verdict
	Confidence   float64
	Right, Total int
}

// leastBeginning is the number of epochs from which there is a truth about a beginning.
const leastBeginning = 8

// Reliability judges runs as a user sees them who looks in now and then: whole, and at 8 epochs and then always after a
// fifth more, each against the truth about as many epochs. It returns what was told by verdict and confidence.
func Reliability(runs []Run, t diagnostics.Thresholds) []Told {
	var out []Told
	for _, r := range runs {
		whole := r.last() + 1
		for n := leastBeginning; n < whole; n += max(2, n/5) {
			out = tell(out, diagnostics.Diagnose(r.begin(n), t), r.truthAt(n))
		}
		out = tell(out, diagnostics.Diagnose(r.Curve, t), r.Truth)
	}
	slices.SortFunc(out, func(a, b Told) int {
		return cmp.Or(cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.Confidence, b.Confidence))
	})
	return out
}

// begin is the run's curve up to an epoch.
func (r Run) begin(epoch int) *diagnostics.Curve {
	n := 0
	for n < len(r.Curve.Epochs) && r.Curve.Epochs[n] <= epoch {
		n++
	}
	return r.Curve.Prefix(n)
}

// tell counts one verdict.
func tell(counts []Told, r diagnostics.Report, was truth.Truth) []Told {
	i := slices.IndexFunc(counts, func(c Told) bool { return c.Verdict == r.Verdict && c.Confidence == r.Confidence })
	if i < 0 {
		i, counts = len(counts), append(counts, Told{Verdict: r.Verdict, Confidence: r.Confidence})
	}
	counts[i].Total++
	if r.Verdict == was.Verdict {
		counts[i].Right++
	}
	return counts
}

// CalibrationError is the mean distance of the confidence told from the share that was right, weighted by how often it was
// told (expected calibration error).
func CalibrationError(counts []Told) float64 {
	distance, total := 0.0, 0
	for _, c := range counts {
		distance += math.Abs(float64(c.Right) - c.Confidence*float64(c.Total))
		total += c.Total
	}
	return distance / float64(max(total, 1))
}

// ReliabilityMarkdown is a table of both halves, a line a verdict and confidence.
func ReliabilityMarkdown(tuned, other []Told) string {
	share := func(counts []Told, of Told) string {
		for _, c := range counts {
			if c.Verdict == of.Verdict && c.Confidence == of.Confidence {
				return fmt.Sprintf("%.0f %% (%d of %d)", 100*float64(c.Right)/float64(c.Total), c.Right, c.Total)
			}
		}
		return ""
	}
	var lines []Told
	for _, c := range slices.Concat(tuned, other) {
		c.Right, c.Total = 0, 0
		if !slices.Contains(lines, c) {
			lines = append(lines, c)
		}
	}
	slices.SortFunc(lines, func(a, b Told) int {
		return cmp.Or(cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.Confidence, b.Confidence))
	})
	var out strings.Builder
	out.WriteString("| verdict | confidence told | right, part tuned on | right, other part |\n|---|---:|---:|---:|\n")
	for _, c := range lines {
		fmt.Fprintf(&out, "| %v | %.0f %% | %s | %s |\n", c.Verdict, 100*c.Confidence, share(tuned, c), share(other, c))
	}
	fmt.Fprintf(&out, "\nMean distance of the confidence from the share that was right: %.1f points on the part tuned on, %.1f on the other.\n",
		100*CalibrationError(tuned), 100*CalibrationError(other))
	return out.String()
}
