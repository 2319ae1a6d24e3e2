// Package signal is the one table of all columns of a run's metrics: what each is called, its unit, what it says, where
// it is shown and whether a rule may read it. Probes, rules, reports, screens and docs read this table; a new signal
// needs its probe, an entry here and a test of both. The package imports nothing of this module.
package signal

import "strings"

// Names of the columns.
const (
	LearningRate = "learning_rate"
	TrainLoss    = "train_loss"
	TrainError   = "train_error"
	ValLoss      = "val_loss"
	ValError     = "val_error"
	TestLoss     = "test_loss"
	TestError    = "test_error"

	GainDB            = "gain_db"
	GainChannelDB     = "gain_db_c" // the channel's number is appended
	PositionsMedianDB = "gain_positions_median_db"
	PositionsSpreadDB = "gain_positions_spread_db"
	PopulationGainDB  = "pop_gain_db"
	BoundaryDistance  = "boundary_distance"
	LowShare          = "low_share"
	PredictionChanges = "prediction_changes"
	ShiftLoss         = "shift_loss"
	ShiftError        = "shift_error"
	MixedLoss         = "mixed_loss"
	MixedError        = "mixed_error"
	MixedChanges      = "mixed_changes"
)

// AveragedPrefix begins the column of a signal that was measured on the averaged weights.
const AveragedPrefix = "avg_"

// Needs says what a measurement needs beside the network itself, as a set of bits.
type Needs uint8

// The requirements.
const (
	Gradient    Needs = 1 << iota // the derivative of the output with respect to the input
	Images                        // training images, or images like them
	Labels                        // the labels that the network is trained on
	Predictions                   // the class predicted for each training image, in two consecutive epochs
)

// Origin says who measures a column.
type Origin int

// The origins.
const (
	Training   Origin = iota // the trainer, on the training images while the weights change
	Evaluation               // the trainer, on images held out of the training
	Probe                    // a probe of package diagnostics
)

// Screen is how a column is shown in the terminal; Width 0 means that it is not.
type Screen struct {
	Title  string
	Width  int
	Format string // for fmt, applied to the value that Signal.Shown returns
}

// Signal is one column of a run's metrics.
type Signal struct {
	Name    string // of the column; of a numbered one, what stands before the number
	Line    string // its name in a chart's legend
	Unit    string // as stored: "dB", "nats", "share", "units of the input" or "per step"
	Meaning string // a sentence for people
	Chart   string // Chart.File of the chart that draws it; "" for none
	Percent bool   // a share that people are shown in per cent
	Screen  Screen
	Origin  Origin
	Rule    bool // a rule may read it; never true of figures of held-out images
	Needs   Needs

	Numbered bool // the column's name ends in a number, counted from 0
	Averaged bool // measured on the averaged weights
}

// Chart is a picture of one or more columns over the epochs.
type Chart struct {
	File     string // name without extension
	Title    string
	Unit     string // as shown
	Note     string // what is drawn
	Log      bool   // the axis may be logarithmic
	Evidence string // column whose evidence for a verdict is marked in it; "" for none
}

// All returns all columns in the order in which a table shows them, without their averaged twins.
func All() []Signal { return append([]Signal(nil), table...) }

// Charts returns all charts in the order in which a page shows them.
func Charts() []Chart { return append([]Chart(nil), charts...) }

// Lookup finds a column by its name in a metrics file: a name of the table, one with a channel's number, or either after
// AveragedPrefix. The Name of what it returns is the name asked for.
func Lookup(name string) (Signal, bool) {
	base, averaged := strings.CutPrefix(name, AveragedPrefix)
	for _, s := range table {
		if base != s.Name && !(s.Numbered && isNumbered(base, s.Name)) || s.Numbered && base == s.Name {
			continue
		}
		if s.Numbered {
			s.Line += " " + strings.TrimPrefix(base, s.Name)
		}
		if averaged {
			if !s.averages() {
				return Signal{}, false
			}
			s = s.average()
		}
		s.Name = name
		return s, true
	}
	return Signal{}, false
}

// isNumbered tells whether name is prefix followed by a number without a sign or leading zeros.
func isNumbered(name, prefix string) bool {
	number, ok := strings.CutPrefix(name, prefix)
	if !ok || number == "" || len(number) > 1 && number[0] == '0' {
		return false
	}
	return strings.Trim(number, "0123456789") == ""
}

// Readable tells whether a rule may read a column of this name.
func Readable(name string) bool {
	s, ok := Lookup(name)
	return ok && s.Rule
}

// Averaged is the name of a column's twin that is measured on the averaged weights.
func Averaged(name string) string { return AveragedPrefix + name }

// averages tells whether a column has a twin on the averaged weights: what is measured while the weights change has none.
func (s Signal) averages() bool { return s.Origin != Training && s.Needs&Predictions == 0 }

// average is the twin on the averaged weights. It is drawn in the same chart and has no column on the screen.
func (s Signal) average() Signal {
	s.Averaged = true
	s.Name = AveragedPrefix + s.Name
	s.Line += ", averaged weights"
	s.Meaning = strings.TrimSuffix(s.Meaning, ".") + ", measured on the averaged weights."
	s.Screen = Screen{}
	return s
}

// Shown is a value as people are shown it: in per cent where the signal says so.
func (s Signal) Shown(v float64) float64 {
	if s.Percent {
		return 100 * v
	}
	return v
}

// ShownUnit is the unit of what Shown returns.
func (s Signal) ShownUnit() string {
	if s.Percent {
		return "%"
	}
	return s.Unit
}
