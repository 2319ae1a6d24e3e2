package sweep

import (
	"slices"
	"strings"

	"github.com/maxgain/maxgain/configs"
)

// labels names trials by what varies among them: "learning_rate=0.001 seed=2". set are the settings of each trial, as
// the sweep's folder lists them. A key goes by its last part where no other one that varies has the same.
func labels(set []string) []string {
	all := make([][]assignment, len(set))
	values := map[string]map[string]bool{}
	for i, s := range set {
		all[i] = assignments(s)
		for _, a := range all[i] {
			if values[a.key] == nil {
				values[a.key] = map[string]bool{}
			}
			values[a.key][a.value] = true
		}
	}
	ends := map[string]int{}
	for key, v := range values {
		if len(v) > 1 {
			ends[end(key)]++
		}
	}
	out := make([]string, len(set))
	for i := range set {
		var parts []string
		for _, a := range all[i] {
			if len(values[a.key]) < 2 {
				continue
			}
			name := end(a.key)
			if ends[name] > 1 {
				name = a.key
			}
			parts = append(parts, name+"="+a.value)
		}
		if len(parts) == 0 { // nothing varies
			parts = []string{set[i]}
		}
		out[i] = strings.Join(parts, " ")
	}
	return out
}

type assignment struct{ key, value string }

// assignments splits settings "key=value key=value" at the spaces before keys; values may have spaces in them.
func assignments(set string) []assignment {
	var out []assignment
	keys := configs.Keys()
	for _, word := range strings.Split(set, " ") {
		key, value, ok := strings.Cut(word, "=")
		if ok && slices.Contains(keys, key) {
			out = append(out, assignment{key, value})
		} else if n := len(out); n > 0 {
			out[n-1].value += " " + word
		}
	}
	return out
}

// end is the last part of a dotted key.
func end(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }
