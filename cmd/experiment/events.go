package experiment

import (
	"fmt"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/tensorboard"
)

// eventCharts are the charts of the table of signals that hold several columns, such as the losses of training and
// validation, as TensorBoard is told of them.
func eventCharts() []tensorboard.Chart {
	var out []tensorboard.Chart
	for _, of := range signal.Charts() {
		c := tensorboard.Chart{Title: of.Title}
		for _, column := range signal.All() {
			if column.Chart != of.File {
				continue
			}
			name, one := column.Name, column.Name
			if column.Numbered {
				name, one = name+"[0-9]+", name+"0"
			}
			c.Columns = append(c.Columns, name)
			if _, twin := signal.Lookup(signal.Averaged(one)); twin {
				c.Columns = append(c.Columns, signal.Averaged(name))
			}
		}
		out = append(out, c)
	}
	return out
}

// endEvents tells TensorBoard the settings of a run that has ended, and the verdict on it in words.
func (s *session) endEvents(r *Result) error {
	if s.events == nil {
		return nil
	}
	settings, err := judged.SettingsIn(&s.dir.Run)
	if err != nil {
		return err
	}
	e := tensorboard.Ending{Text: verdictText(r), Failed: r.State == trainer.StateDiverged || r.State == trainer.StateFailed}
	for _, setting := range settings {
		e.Settings = append(e.Settings, tensorboard.Setting(setting))
	}
	e.Settings = append(e.Settings, tensorboard.Setting{Name: "verdict", Value: r.Diagnosis.Verdict.String()},
		tensorboard.Setting{Name: "verdict confidence", Value: fmt.Sprint(r.Diagnosis.Confidence)})
	return s.events.End(e)
}

// verdictText is a verdict in Markdown.
func verdictText(r *Result) string {
	v := r.Diagnosis
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** at epoch %d, confidence %.0f %%: %s.\n\n", v.Verdict, v.Epoch, 100*v.Confidence, v.Meaning())
	for _, e := range v.Evidence {
		speaks := "for"
		if !e.Supports {
			speaks = "against"
		}
		fmt.Fprintf(&b, "- %s it: %s\n", speaks, judged.Sentence(e))
	}
	if v.Verdict == diagnostics.Undetermined || v.Confidence >= judged.AdviceFrom {
		fmt.Fprintf(&b, "\nAdvice: %s.\n", v.Advice)
	} else {
		fmt.Fprintf(&b, "\nOnly %s of such verdicts were right on real runs: too few to advise by.\n", judged.HowOften(v.Confidence))
	}
	return b.String()
}
