package bank

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
)

// step is by which share each number of the rules is made smaller and larger.
const step = 0.25

// Sensitivity is how many verdicts change when one number of the rules is a quarter smaller or larger.
type Sensitivity struct {
	Key        string
	Value      float64
	Less, More int // verdicts that change
	Runs       int
}

// Sensitivities tries every number of the rules that read transformed images on whole runs.
func Sensitivities(runs []Run, t diagnostics.Thresholds) []Sensitivity {
	changed := func(changed diagnostics.Thresholds) int {
		n := 0
		for _, r := range runs {
			if diagnostics.Diagnose(r.Curve, changed).Verdict != diagnostics.Diagnose(r.Curve, t).Verdict {
				n++
			}
		}
		return n
	}
	var out []Sensitivity
	fields := reflect.TypeFor[diagnostics.Transformed]()
	for i := range fields.NumField() {
		with := func(factor float64) (float64, diagnostics.Thresholds) {
			other := t
			field := reflect.ValueOf(&other.Transformed).Elem().Field(i)
			if field.CanFloat() {
				before := field.Float()
				field.SetFloat(before * factor)
				return before, other
			}
			before := float64(field.Int())
			field.SetInt(max(1, int64(before*factor+0.5)))
			return before, other
		}
		value, less := with(1 - step)
		_, more := with(1 + step)
		out = append(out, Sensitivity{Key: fields.Field(i).Tag.Get("yaml"), Value: value, Less: changed(less), More: changed(more), Runs: len(runs)})
	}
	return out
}

// SensitivityMarkdown is the comparison as a table.
func SensitivityMarkdown(rows []Sensitivity) string {
	var out strings.Builder
	changes, tries := 0, 0
	out.WriteString("| number | value | verdicts that change, a quarter less | a quarter more |\n|---|---:|---:|---:|\n")
	for _, r := range rows {
		fmt.Fprintf(&out, "| `%s` | %g | %d of %d | %d of %d |\n", r.Key, r.Value, r.Less, r.Runs, r.More, r.Runs)
		changes += r.Less + r.More
		tries += 2 * r.Runs
	}
	fmt.Fprintf(&out, "\nIn the mean %.1f %% of the verdicts change.\n", 100*float64(changes)/float64(max(1, tries)))
	return out.String()
}
