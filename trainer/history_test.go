package trainer

import (
	"encoding/json"
	"math"
	"testing"
)

// goldenHistory has every kind of figure: none, infinite, not a number, signals that come and go.
func goldenHistory() *History {
	nan := math.NaN()
	return &History{Rows: []Row{
		{Epoch: 0, LearningRate: nan, TrainLoss: nan, TrainError: nan, ValLoss: 2.5, ValError: 0.75, TestLoss: nan, TestError: nan,
			Signals: []Signal{{"gain_db", math.Inf(-1)}}, Seconds: 1.5, ImagesPerSecond: nan},
		{Epoch: 1, LearningRate: 0.1, TrainLoss: 5.0 / 3, TrainError: 1.0 / 3, ValLoss: 1e-5, ValError: 0, TestLoss: nan, TestError: nan,
			Signals: []Signal{{"gain_db", -33.25}, {"odd", nan}}, Seconds: 20, ImagesPerSecond: 150.5},
		{Epoch: 2, LearningRate: 1e-6, TrainLoss: math.Inf(1), TrainError: 1, ValLoss: 3, ValError: 0.25, TestLoss: nan, TestError: nan,
			Signals: []Signal{{"odd", 7}}, Seconds: 20, ImagesPerSecond: 150},
		{Epoch: 3, LearningRate: 0.1, TrainLoss: nan, TrainError: 1, ValLoss: nan, ValError: nan, TestLoss: nan, TestError: nan,
			Seconds: 0.25, ImagesPerSecond: 12},
	}}
}

func TestHistoryJSONKeepsEveryBit(t *testing.T) {
	h := goldenHistory()
	h.Rows[1].TrainLoss = math.Nextafter(1.0/3, 1)
	h.Rows[1].ValError = math.Copysign(0, -1)
	h.Rows[1].Signals[0].Value = math.SmallestNonzeroFloat64
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var got History
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != len(h.Rows) {
		t.Fatalf("%d rows, want %d", len(got.Rows), len(h.Rows))
	}
	for i := range h.Rows {
		a, b := got.Rows[i].figures(), h.Rows[i].figures()
		for k := range a {
			if math.Float64bits(*a[k]) != math.Float64bits(*b[k]) {
				t.Errorf("row %d, figure %d: %v, want %v", i, k, *a[k], *b[k])
			}
		}
		for k, s := range h.Rows[i].Signals {
			if g := got.Rows[i].Signals[k]; g.Name != s.Name || math.Float64bits(g.Value) != math.Float64bits(s.Value) {
				t.Errorf("row %d, signal %d: %v, want %v", i, k, g, s)
			}
		}
	}
}

func TestHistoryJSONFaults(t *testing.T) {
	nine := `["1","1","1","1","1","1","1","1","1"]`
	for text, want := range map[string]string{
		`{}`:      "want a list of rows",
		`null`:    "want a list of rows",
		`[{}]`:    "row 0: 0 figures, want 9",
		`[{"x":[`: "unexpected end of JSON input",
		`[{"figures":` + nine + `},{"figures":["a"]}]`:                  `row 1: strconv.ParseFloat: parsing "a": invalid syntax`,
		`[{"figures":` + nine + `,"signals":["a","b"],"values":["1"]}]`: "row 0: 2 signals and 1 values",
	} {
		if err := json.Unmarshal([]byte(text), &History{}); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}

func FuzzHistoryJSON(f *testing.F) {
	text, err := json.Marshal(goldenHistory())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`[{"epoch":1,"signals":["a"],"values":[]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var h History
		if json.Unmarshal(data, &h) != nil {
			return
		}
		again, err := json.Marshal(&h)
		if err != nil {
			t.Fatal(err)
		}
		var back History
		if err := json.Unmarshal(again, &back); err != nil || len(back.Rows) != len(h.Rows) {
			t.Fatalf("%s became %s: %v", data, again, err)
		}
	})
}
