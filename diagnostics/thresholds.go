package diagnostics

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Thresholds are the numbers of the rules that a calibration file may set. Those under Noise depend on network and data and
// are what a calibration replaces; the others are shares and ratios that carry over. The tags from and to of each field are
// the range that ParseThresholds accepts. Numbers that nobody may set are constants in constants.go.
type Thresholds struct {
	// Source names where the noise levels come from.
	Source string `yaml:"source"`
	// Calibrated is true when they were measured for this network and data.
	Calibrated bool `yaml:"calibrated"`

	// PaperOnly judges by the four rules of the paper alone, on the gain of the impulse.
	PaperOnly bool `yaml:"-"`

	Noise       Noise       `yaml:"noise"`
	Transformed Transformed `yaml:"transformed"`
	Rules       Rules       `yaml:"rules"`
}

// Noise holds what scatter from epoch to epoch counts as high, in dB.
type Noise struct {
	ImpulseHighDB    float64 `yaml:"impulse_high_db" from:"1e-6" to:"1000"`    // of gain_db
	PositionsHighDB  float64 `yaml:"positions_high_db" from:"1e-6" to:"1000"`  // of gain_positions_median_db
	PopulationHighDB float64 `yaml:"population_high_db" from:"1e-6" to:"1000"` // of pop_gain_db
}

// Transformed holds the numbers of the rules that read transformed images. docs/diagnosis.md says how much a verdict depends
// on each.
type Transformed struct {
	LeastEpochs   int     `yaml:"least_epochs" from:"3" to:"1000"`    // before which nothing but diverged is said
	UnsteadyLoss  float64 `yaml:"unsteady_loss" from:"0.01" to:"100"` // steps of the training loss upward, summed, over its range
	StayedUp      float64 `yaml:"stayed_up" from:"0.01" to:"1"`       // end of the training loss above its lowest, over its range
	ChangesWeight float64 `yaml:"changes_weight" from:"0.01" to:"1"`  // weight of the newest value of mixed_changes
	ChangesRise   float64 `yaml:"changes_rise" from:"0.001" to:"100"` // of mixed_changes over their lowest, relative
	LeastChanges  float64 `yaml:"least_changes" from:"0.0001" to:"1"` // mixed_changes under which a rise is chance
	LossRise      float64 `yaml:"loss_rise" from:"0.0001" to:"100"`   // of mixed_loss over its lowest, relative
	Patience      int     `yaml:"patience" from:"1" to:"1000"`        // epochs in a row that both rises must hold
	LeastError    float64 `yaml:"least_error" from:"0.0001" to:"1"`   // training error at the lowest mixed_loss under which nothing is memorised
	SettledEpochs int     `yaml:"settled_epochs" from:"1" to:"1000"`  // since learning began, before which averaged weights have not settled
	StillFall     float64 `yaml:"still_fall" from:"0.0001" to:"1"`    // relative fall of mixed_error in the last quarter: still learning
}

// Rules holds the numbers that carry over between networks.
type Rules struct {
	LeastEpochs int `yaml:"least_epochs" from:"3" to:"1000"` // before which nothing but diverged is said

	UnsteadyLoss    float64 `yaml:"unsteady_loss" from:"0.01" to:"100"`   // steps of the training loss upward, summed, over its range
	RestlessChanges float64 `yaml:"restless_changes" from:"0.001" to:"1"` // smoothed prediction_changes at which a third of the scatter does for a rate too high
	Backslide       float64 `yaml:"backslide" from:"0.001" to:"100"`      // training loss over its lowest, relative, that means a rate too high
	CollapseDB      float64 `yaml:"collapse_db" from:"1" to:"1000"`       // fall of the gain under its median that means a dead network

	Begun           float64 `yaml:"begun" from:"0.01" to:"1"`             // training loss over its highest at which learning has begun
	Smoothing       float64 `yaml:"smoothing" from:"0.01" to:"1"`         // weight of the newest value of low_share and boundary_distance
	ChangesWeight   float64 `yaml:"changes_weight" from:"0.01" to:"1"`    // the same of prediction_changes
	ShiftRise       float64 `yaml:"shift_rise" from:"0.001" to:"100"`     // of shift_loss over its lowest, relative
	ShiftTurn       float64 `yaml:"shift_turn" from:"0.0001" to:"100"`    // the same, from which it no longer falls
	StallEpochs     int     `yaml:"stall_epochs" from:"1" to:"1000"`      // over which a training loss falls and that on moved images does not
	StallFall       float64 `yaml:"stall_fall" from:"0.001" to:"1"`       // of the training loss, relative, at least
	StallShift      float64 `yaml:"stall_shift" from:"0.0001" to:"1"`     // of shift_loss, relative, at most
	ShareFall       float64 `yaml:"share_fall" from:"0.001" to:"1"`       // of low_share under its highest
	DistanceFall    float64 `yaml:"distance_fall" from:"0.001" to:"1"`    // of boundary_distance under its highest, relative
	DistanceKeep    float64 `yaml:"distance_keep" from:"0.001" to:"1"`    // the same, up to which weights are worth keeping
	ChangesRise     float64 `yaml:"changes_rise" from:"0.001" to:"100"`   // of prediction_changes over their lowest, relative
	MemorisedLoss   float64 `yaml:"memorised_loss" from:"0.001" to:"100"` // training loss at the turn from which labels were memorised
	Patience        int     `yaml:"patience" from:"1" to:"1000"`          // epochs in a row that the signs must hold
	LateVariability float64 `yaml:"late_variability" from:"1" to:"1000"`  // of a gain alone: scatter after the onset over that before
	LateFloorDB     float64 `yaml:"late_floor_db" from:"1e-6" to:"1000"`  // and the least scatter in dB that counts

	RisingShare float64 `yaml:"rising_share" from:"0.001" to:"1"`  // share of a gain's range, travelled in the last third: still learning
	RisingDB    float64 `yaml:"rising_db" from:"1e-6" to:"1000"`   // and the least travel in dB
	FallingLoss float64 `yaml:"falling_loss" from:"0.0001" to:"1"` // relative fall of the training loss in the last third: still learning
	LearntLoss  float64 `yaml:"learnt_loss" from:"1e-6" to:"10"`   // training loss under which nothing is left to learn
	LinearPace  float64 `yaml:"linear_pace" from:"0.01" to:"100"`  // second half's travel over the first half's: rate too low
	PlateauDB   float64 `yaml:"plateau_db" from:"1e-6" to:"1000"`  // distance from its end within which a gain counts as flat
}

// DefaultThresholds are the numbers used without a calibration. The noise levels lie above the scatter that healthy
// runs of LeNet showed (one impulse 1–1.5 dB, population 0.1–0.6 dB, 2.1 dB on labels that were noise) and below that of
// nets trained too fast (population from 4.4 dB); the rest are set by hand on runs with known outcome.
func DefaultThresholds() Thresholds {
	return Thresholds{
		Source: defaultSource,
		Noise:  Noise{ImpulseHighDB: 3, PositionsHighDB: 2.5, PopulationHighDB: 3},
		Transformed: Transformed{LeastEpochs: 8, UnsteadyLoss: 0.6, StayedUp: 0.3, ChangesWeight: 0.4, ChangesRise: 0.22, LeastChanges: 0.03,
			LossRise: 0.08, Patience: 2, LeastError: 0.04, SettledEpochs: 20, StillFall: 0.025},
		Rules: Rules{
			LeastEpochs:  6,
			UnsteadyLoss: 0.6, RestlessChanges: 0.4, Backslide: 0.25, CollapseDB: 30,
			Begun: 0.95, Smoothing: 0.5, ChangesWeight: 0.4,
			ShiftRise: 0.3, ShiftTurn: 0.02, StallEpochs: 10, StallFall: 0.2, StallShift: 0.03, ShareFall: 0.12, DistanceFall: 0.12, DistanceKeep: 0.08, ChangesRise: 0.2, MemorisedLoss: 0.8, Patience: 2,
			LateVariability: 3, LateFloorDB: 0.5,
			RisingShare: 0.15, RisingDB: 0.75, FallingLoss: 0.05, LearntLoss: 0.03, LinearPace: 0.5, PlateauDB: 1,
		},
	}
}

// ParseThresholds reads the text of a calibration file of the given name; numbers that it leaves out keep their defaults.
func ParseThresholds(name string, text []byte) (t Thresholds, err error) {
	defer func() { // yaml.v3 panics on a few malformed inputs
		if p := recover(); p != nil {
			t, err = Thresholds{}, fmt.Errorf("calibration %s: yaml: %v", name, p)
		}
	}()
	t = DefaultThresholds()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&t); err != nil {
		return Thresholds{}, fmt.Errorf("calibration %s: %w", name, err)
	}
	if err := t.check(); err != nil {
		return Thresholds{}, fmt.Errorf("calibration %s: %w", name, err)
	}
	return t, nil
}

// Save writes what a calibration measures to a file: the noise levels and where they come from. The numbers that carry
// over stay those of the program that reads it.
func (t Thresholds) Save(path string) error {
	text, err := yaml.Marshal(struct {
		Source     string `yaml:"source"`
		Calibrated bool   `yaml:"calibrated"`
		Noise      Noise  `yaml:"noise"`
	}{t.Source, t.Calibrated, t.Noise})
	if err != nil {
		return fmt.Errorf("calibration: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("calibration: %w", err)
	}
	return nil
}

// check finds the first number that lies outside the range that its field states, NaN among them.
func (t Thresholds) check() error {
	for _, group := range []struct {
		name   string
		fields reflect.Value
	}{{"noise", reflect.ValueOf(t.Noise)}, {"transformed", reflect.ValueOf(t.Transformed)}, {"rules", reflect.ValueOf(t.Rules)}} {
		for i := range group.fields.NumField() {
			tag := group.fields.Type().Field(i).Tag
			from, fromErr := strconv.ParseFloat(tag.Get("from"), 64)
			to, toErr := strconv.ParseFloat(tag.Get("to"), 64)
			if err := errors.Join(fromErr, toErr); err != nil {
				return fmt.Errorf("%s.%s: its range cannot be read: %w", group.name, tag.Get("yaml"), err)
			}
			field := group.fields.Field(i)
			v := 0.0
			if field.CanFloat() {
				v = field.Float()
			} else {
				v = float64(field.Int())
			}
			if !(v >= from && v <= to) {
				return fmt.Errorf("%s.%s: got %v, want a number from %s to %s", group.name, tag.Get("yaml"), v, tag.Get("from"), tag.Get("to"))
			}
		}
	}
	return nil
}
