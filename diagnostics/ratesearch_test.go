package diagnostics

import (
	"math"
	"testing"
)

// rateCurve is a pilot of twelve epochs whose training loss falls by equal factors from 2.3 to end, every other epoch higher
// by the share up. The population gain rises to −15 dB and swings by the scatter given, in dB, from one epoch to the next.
func rateCurve(rate, end, up, scatter float64) Pilot {
	var points []point
	for epoch := 0; epoch <= 12; epoch++ {
		values := map[string]float64{PopulationGainDB: -15 - 20*math.Exp(-float64(epoch)) + scatter*float64(epoch%2*2-1)/2}
		if epoch > 0 {
			values[TrainLoss] = 2.3 * math.Pow(end/2.3, float64(epoch)/12) * (1 + up*float64(epoch%2))
		}
		points = append(points, point{epoch: epoch, values: values})
	}
	return Pilot{Rate: rate, Epochs: 12, Curve: newCurve(points)}
}

func TestJudgeRates(t *testing.T) {
	lost := rateCurve(1, 0.5, 0, 0.2)
	lost.Curve = newCurve([]point{{epoch: 1, values: map[string]float64{TrainLoss: math.Inf(1)}}})
	overflowed := rateCurve(2, 0.28, 0, 0.2) // its losses are fine, but it ended an epoch early
	overflowed.Epochs = 13
	judged := JudgeRates([]Pilot{ // out of order on purpose
		lost, overflowed,
		rateCurve(0.3, 0.28, 0.8, 9),    // swings
		rateCurve(0.01, 0.30, 0, 0.2),   // serves
		rateCurve(0.1, 0.40, 0, 0.2),    // calm, but the rate below came to 0.30
		rateCurve(0.003, 0.60, 0, 0.2),  // serves, slower
		rateCurve(0.00001, 2.2, 0, 0.2), // has learnt next to nothing
	}, DefaultThresholds())
	want := []struct {
		rate   float64
		fit    RateFit
		beaten float64
	}{{1e-5, RateTooLittle, 0}, {0.003, RateServes, 0}, {0.01, RateServes, 0}, {0.1, RateTooHigh, 0.01}, {0.3, RateTooHigh, 0}, {1, RateTooHigh, 0}, {2, RateTooHigh, 0}}
	for i, w := range want {
		if g := judged[i]; g.Pilot.Rate != w.rate || g.Fit != w.fit || g.Beaten != w.beaten {
			t.Errorf("place %d: rate %v, fit %d, beaten by %v (%v); want %v", i, g.Pilot.Rate, g.Fit, g.Beaten, g.Report.Verdict, w)
		}
	}
	for i, want := range []string{"learnt next to nothing in these epochs", "serves", "serves", "too high: 0.01 came to a lower training loss",
		"too high: " + LearningRateTooHigh.Meaning(), "too high: diverged", "too high: diverged"} {
		if got := judged[i].Why(); got != want {
			t.Errorf("place %d: %q, want %q", i, got, want)
		}
	}
	if loss, variability := judged[2].Numbers(); math.Abs(loss-0.30) > 1e-12 || !(variability > 0.1 && variability < 1) || judged[2].Epochs() != 12 {
		t.Errorf("place 2: loss %v, variability %v dB, %d epochs", loss, variability, judged[2].Epochs())
	}
	if got := HighestServing(judged); got != 0.01 {
		t.Errorf("highest rate that serves: %v, want 0.01", got)
	}
}

// A rate that seems to serve above one that is too high is not advised, and losses at which nothing is left to learn are
// not held against each other.
func TestHighestServing(t *testing.T) {
	serves, tooHigh := JudgedRate{Pilot: Pilot{Rate: 1}, Fit: RateServes}, JudgedRate{Pilot: Pilot{Rate: 2}, Fit: RateTooHigh}
	lucky := JudgedRate{Pilot: Pilot{Rate: 3}, Fit: RateServes}
	if got := HighestServing([]JudgedRate{serves, tooHigh, lucky}); got != 1 {
		t.Errorf("got %v, want 1", got)
	}
	if got := HighestServing([]JudgedRate{tooHigh, lucky}); got != 0 {
		t.Errorf("no rate below one too high: got %v, want 0", got)
	}
	judged := JudgeRates([]Pilot{rateCurve(0.001, 0.0005, 0, 0.1), rateCurve(0.002, 0.002, 0, 0.1)}, DefaultThresholds())
	if got := HighestServing(judged); got != 0.002 {
		t.Errorf("both learnt all: got %v, want 0.002", got)
	}
}

// Against an oracle that calls every rate above a limit too high, the search ends within its fine factor under the limit,
// wherever it starts, in few pilots.
func TestRateSearch(t *testing.T) {
	for _, limit := range []float64{3.7e-5, 0.0009, 0.004, 0.05, 1.3, 70} {
		for _, start := range []float64{0.001, 0.05} {
			s := NewRateSearch(start)
			var judged []JudgedRate
			tried := 0
			for {
				rate, more := s.Next(judged)
				if !more {
					break
				}
				if tried++; tried > 20 {
					t.Fatalf("limit %v from %v: no end", limit, start)
				}
				j := JudgedRate{Pilot: Pilot{Rate: rate}, Fit: RateServes}
				if rate > limit {
					j.Fit = RateTooHigh
				}
				at := 0
				for at < len(judged) && judged[at].Pilot.Rate < rate {
					at++
				}
				judged = append(judged[:at], append([]JudgedRate{j}, judged[at:]...)...)
			}
			found := HighestServing(judged)
			if found > limit || found < limit/1.5 {
				t.Errorf("limit %v from %v: found %v", limit, start, found)
			}
			if coarse := math.Abs(math.Log10(limit/start))*2 + 4; float64(tried) > coarse {
				t.Errorf("limit %v from %v: %d pilots, want at most %.0f", limit, start, tried, coarse)
			}
		}
	}
}

// The search gives up at its ends.
func TestRateSearchEnds(t *testing.T) {
	s := RateSearch{Start: 1, Lowest: 0.2, Highest: 5, Coarse: 10, Fine: 1.5}
	if rate, more := s.Next([]JudgedRate{{Pilot: Pilot{Rate: 1}, Fit: RateServes}}); more {
		t.Errorf("beyond the highest: %v", rate)
	}
	if rate, more := s.Next([]JudgedRate{{Pilot: Pilot{Rate: 1}, Fit: RateTooHigh}}); more {
		t.Errorf("below the lowest: %v", rate)
	}
	if rate, more := s.Next([]JudgedRate{{Pilot: Pilot{Rate: 1}, Fit: RateServes}, {Pilot: Pilot{Rate: 1.5}, Fit: RateTooHigh}}); more {
		t.Errorf("fine enough, but %v is to be tried", rate)
	}
	if rate, more := s.Next([]JudgedRate{{Pilot: Pilot{Rate: 1}, Fit: RateServes}, {Pilot: Pilot{Rate: 4}, Fit: RateTooHigh}}); !more || rate != 2 {
		t.Errorf("between 1 and 4: %v, %v; want 2", rate, more)
	}
}
