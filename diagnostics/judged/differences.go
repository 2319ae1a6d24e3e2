package judged

import (
	"slices"
	"strings"
)

// Difference is a setting in which runs differ.
type Difference struct {
	Name   string
	Values []string // one a run, in their order; "–" where it is not set
}

// notSet stands for a setting that a run does not have.
const notSet = "–"

// Differences lists the settings in which runs differ, in the order in which the runs have them. The name of a run is no
// setting.
func Differences(list []Run) []Difference {
	var names []string
	values := map[string][]string{}
	for i, r := range list {
		for k, s := range r.Settings {
			if s.Name == "name" {
				continue
			}
			if values[s.Name] == nil {
				values[s.Name] = slices.Repeat([]string{notSet}, len(list))
				names = slices.Insert(names, place(names, r.Settings[:k]), s.Name)
			}
			values[s.Name][i] = s.Value
		}
	}
	var out []Difference
	for _, name := range names {
		v := values[name]
		if slices.ContainsFunc(v, func(other string) bool { return other != v[0] }) {
			out = append(out, Difference{name, v})
		}
	}
	return out
}

// place is where a setting goes that follows others in its run: behind the last of them that is listed.
func place(names []string, before []Setting) int {
	for _, s := range slices.Backward(before) {
		if at := slices.Index(names, s.Name); at >= 0 {
			return at + 1
		}
	}
	return 0
}

// ShortName is the last part of a setting's name, such as learning_rate for train.learning_rate.
func ShortName(setting string) string { return setting[strings.LastIndex(setting, ".")+1:] }
