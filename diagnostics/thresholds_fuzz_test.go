package diagnostics

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// A calibration is refused by its name, or read and written without loss, and gives every curve a verdict.
func FuzzParseThresholds(f *testing.F) {
	text, err := yaml.Marshal(DefaultThresholds())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("noise: {impulse_high_db: .inf}\n"))
	f.Add([]byte("rules: {least_epochs: 3, smoothing: 1e-300}\nsource: a\n"))
	f.Add([]byte("a: &a [*a]\n"))
	rising := synthetic(12, map[string]func(float64) float64{GainDB: climbing})
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ParseThresholds("f.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "calibration f.yaml: ") {
				t.Fatalf("error %v", err)
			}
			return
		}
		if r := Diagnose(rising, got); !(r.Confidence >= 0 && r.Confidence <= 1) {
			t.Fatalf("%+v: confidence %v", got, r.Confidence)
		}
	})
}
