package experiment

import (
	"errors"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"gopkg.in/yaml.v3"
)

func TestCalibrationFaults(t *testing.T) {
	for text, want := range map[string]string{
		"noise: {{},<<}":              "calibration c.yaml: yaml: runtime error: hash of unhashable type map[string]interface {}",
		"noise: {impulse_high_db: 0}": "calibration c.yaml: noise.impulse_high_db: got 0, want a number from 1e-6 to 1000",
		"":                            "calibration c.yaml: EOF",
	} {
		if _, err := parseCalibration("c.yaml", []byte(text)); !errors.Is(err, ErrUsage) || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// A calibration is refused by its name, or gives every curve a verdict.
func FuzzCalibration(f *testing.F) {
	text, err := yaml.Marshal(diagnostics.DefaultThresholds())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, seed := range []string{"noise: {impulse_high_db: .inf}\n", "rules: {least_epochs: 3, smoothing: 1e-300}\nsource: a\n", "a: &a [*a]\n", "noise: {{},<<}"} {
		f.Add([]byte(seed))
	}
	curve, err := diagnostics.ReadCSV(strings.NewReader("epoch,gain_db,train_loss\n1,-30,2\n2,-28,1.9\n3,-26,1.5\n4,-25,1\n5,-24.5,.5\n6,-24,.4\n7,-24,.3\n"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parseCalibration("f.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "calibration f.yaml: ") {
				t.Fatalf("error %v", err)
			}
			return
		}
		if r := diagnostics.Diagnose(curve, got); !(r.Confidence >= 0 && r.Confidence <= 1) {
			t.Fatalf("%+v: confidence %v", got, r.Confidence)
		}
	})
}
