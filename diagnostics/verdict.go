package diagnostics

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Verdict is what a curve says of the training.
type Verdict int

// The verdicts; verdictTable holds their names and meanings.
const (
	Undetermined Verdict = iota
	Diverged
	LearningRateTooHigh
	StillLearning
	Converged
	Overfitting
)

// verdictTable is the one place that says what each verdict is called, what it means and what to do.
var verdictTable = [...]struct{ name, meaning, advice string }{
	Undetermined:        {"undetermined", "too few epochs or no signal to judge by", "train for more epochs, or log pop_gain_db and its companions beside gain_db"},
	Diverged:            {"diverged", "the loss is no number, or the network has stopped responding to its input", "start again with a learning rate ten times lower"},
	LearningRateTooHigh: {"learning-rate-too-high", "the gain swings from epoch to epoch, or the training loss has slid back", "try a learning rate three times lower"},
	StillLearning:       {"still-learning", "the training loss still falls or the gain still moves: the network has not taken in what it can", "train for more epochs"},
	Converged:           {"converged", "the gain has flattened", "stop here"},
	Overfitting:         {"overfitting", "the network fits its training images at the expense of others", "stop at the epoch given"},
}

// Verdicts lists all verdicts, Undetermined first.
func Verdicts() []Verdict {
	out := make([]Verdict, len(verdictTable))
	for i := range out {
		out[i] = Verdict(i)
	}
	return out
}

// ParseVerdict reads a verdict's name.
func ParseVerdict(name string) (Verdict, error) {
	var names []string
	for i, row := range verdictTable {
		if row.name == name {
			return Verdict(i), nil
		}
		names = append(names, row.name)
	}
	return 0, fmt.Errorf("verdict %q is not known: want one of %s", name, strings.Join(names, ", "))
}

// String is the verdict's name.
func (v Verdict) String() string { return verdictTable[v].name }

// Meaning says in a sentence what the verdict means.
func (v Verdict) Meaning() string { return verdictTable[v].meaning }

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Verdict) UnmarshalText(text []byte) (err error) {
	*v, err = ParseVerdict(string(text))
	return err
}

// Kind says more of a verdict: which overfitting, why a network is still learning, or in what it has converged.
type Kind string

// The kinds.
const (
	NoKind             Kind = ""
	Memorised          Kind = "memorised-labels"     // of overfitting: errors on new images rise
	Overconfident      Kind = "overconfidence"       // of overfitting: the loss on new images rises, their error need not
	RateTooLow         Kind = "rate-too-low"         // of still-learning
	MoreEpochs         Kind = "more-epochs"          // of still-learning
	NothingCarriesOver Kind = "nothing-carries-over" // of converged: the training loss falls by what moved images do not show
	TrainingLearnt     Kind = "training-learnt"      // of converged: nothing is left to learn, though the gain still moves
)

// Number is a float64 that is valid JSON whatever it is: NaN is null and infinities are "+Inf" and "-Inf".
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	switch v := float64(n); {
	case math.IsNaN(v):
		return []byte("null"), nil
	case math.IsInf(v, 1):
		return []byte(`"+Inf"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Inf"`), nil
	default:
		return json.Marshal(v)
	}
}

// Evidence is one fact behind a verdict.
type Evidence struct {
	Signal    string `json:"signal"`    // the column it was read from
	What      string `json:"what"`      // what was measured, e.g. "variability"
	Value     Number `json:"value"`     //
	Unit      string `json:"unit"`      //
	Threshold Number `json:"threshold"` // what it was held against; null if nothing
	Source    string `json:"source"`    // where the threshold comes from
	From      int    `json:"from"`      // the window of epochs, both included
	To        int    `json:"to"`
	Supports  bool   `json:"supports"` // whether it speaks for the verdict
}

// String is the evidence in a line for people.
func (e Evidence) String() string {
	unit := ""
	if e.Unit != "" {
		unit = " " + e.Unit
	}
	line := fmt.Sprintf("%s: %s %.3g%s in epochs %d–%d", e.Signal, e.What, float64(e.Value), unit, e.From, e.To)
	if !math.IsNaN(float64(e.Threshold)) {
		source := e.Source
		if strings.HasPrefix(source, calibrationSource) { // what it was made of is in the JSON
			source = calibrationSource
		}
		line += fmt.Sprintf(" (threshold %.3g%s, %s)", float64(e.Threshold), unit, source)
	}
	if !e.Supports {
		line += ", which speaks against it"
	}
	return line
}

// Meaning says in a sentence what the report's verdict means.
func (r Report) Meaning() string {
	switch r.Kind {
	case TrainingLearnt:
		return "nearly nothing is left to learn in the training images, though the gain still moves"
	case NothingCarriesOver:
		return "the training loss still falls, but moved images show nothing of it"
	}
	return r.Verdict.Meaning()
}

// Report is a verdict and what stands behind it.
type Report struct {
	Verdict    Verdict    `json:"verdict"`
	Epoch      int        `json:"epoch"` // the onset where a verdict has one, else the last epoch
	Confidence float64    `json:"confidence"`
	Evidence   []Evidence `json:"evidence"`
	Advice     string     `json:"advice"`
	Kind       Kind       `json:"kind,omitempty"`
	BestEpoch  int        `json:"best_epoch"` // the epoch whose weights to keep
	NextRate   float64    `json:"next_learning_rate,omitempty"`
}
