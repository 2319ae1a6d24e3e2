package configs

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// maxPhases bounds a schedule's length.
const maxPhases = 1000

// schedule is a list of {rate, epochs}, or of {rate, epochs, to, curve}. {cosine: {rate, epochs, to, warmup}} stands
// for two of these: warmup epochs of a linear rise from 0, and a cosine over the others.
func schedule(key string, dst *[]Phase) field {
	return field{
		key: key, want: "a list of {rate: …, epochs: …}",
		read: func(n *yaml.Node, report reporter) {
			if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "cosine" {
				if phases := cosine(n.Content[1], report); phases != nil {
					*dst = phases
				}
				return
			}
			if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
				report(n, "", got(n, "a list of {rate: …, epochs: …}, or {cosine: {rate: …, epochs: …}}"))
				return
			}
			if len(n.Content) > maxPhases {
				report(n, "", fmt.Sprintf("got %d phases, want at most %d", len(n.Content), maxPhases))
				return
			}
			phases, whole := make([]Phase, 0, len(n.Content)), true
			for i, item := range n.Content {
				phases = append(phases, phase(item, func(at *yaml.Node, below, problem string) {
					report(at, fmt.Sprintf("[%d]%s", i, below), problem)
					whole = false
				}))
			}
			if whole {
				*dst = phases
			}
		},
		write: func() *yaml.Node {
			if *dst == nil {
				return nil
			}
			list := &yaml.Node{Kind: yaml.SequenceNode}
			for _, p := range *dst {
				one := &yaml.Node{
					Kind: yaml.MappingNode, Style: yaml.FlowStyle,
					Content: []*yaml.Node{
						scalar("!!str", "rate"), numberNode(p.Rate),
						scalar("!!str", "epochs"), scalar("!!int", fmt.Sprint(p.Epochs)),
					},
				}
				if p.Curve != "" {
					one.Content = append(one.Content, scalar("!!str", "to"), numberNode(p.To),
						scalar("!!str", "curve"), scalar("!!str", p.Curve))
				}
				list.Content = append(list.Content, one)
			}
			return list
		},
	}
}

// phaseKeys reads the keys of one mapping of a schedule by the given readers, which return what is wrong; reading is
// what it is a part of, for the message about an unknown key. It returns which keys were there.
func phaseKeys(n *yaml.Node, want string, readers map[string]func(v *yaml.Node) string, report reporter) map[string]bool {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read := readers[key.Value]
		problem := ""
		switch {
		case key.Kind != yaml.ScalarNode:
			report(key, "", got(key, "a key"))
			continue
		case seen[key.Value]:
			problem = "given twice"
		case read == nil:
			report(key, "."+shorten(key.Value, 40), "unknown key, want "+want)
			continue
		default:
			problem = read(value)
		}
		seen[key.Value] = true
		if problem != "" {
			report(value, "."+key.Value, problem)
		}
	}
	for _, name := range []string{"rate", "epochs"} {
		if !seen[name] {
			report(n, "."+name, "missing")
		}
	}
	return seen
}

// phase reads one {rate, epochs, to, curve} and reports its faults.
func phase(n *yaml.Node, report reporter) Phase {
	var p Phase
	if n.Kind != yaml.MappingNode {
		report(n, "", got(n, "{rate: …, epochs: …}"))
		return p
	}
	seen := phaseKeys(n, "rate, epochs, to and curve", map[string]func(v *yaml.Node) string{
		"rate":   func(v *yaml.Node) (problem string) { p.Rate, problem = numberOf(v, from(0)); return },
		"epochs": func(v *yaml.Node) (problem string) { p.Epochs, problem = wholeOf(v, 1, 1_000_000); return },
		"to":     func(v *yaml.Node) (problem string) { p.To, problem = numberOf(v, from(0)); return },
		"curve": func(v *yaml.Node) string {
			if v.Kind != yaml.ScalarNode || v.Value != "linear" && v.Value != "cosine" {
				return got(v, "linear or cosine")
			}
			p.Curve = v.Value
			return ""
		},
	}, report)
	switch {
	case seen["curve"] != seen["to"]:
		report(n, "", "to and curve go together: to is the rate at the end, curve the way there, linear or cosine")
	case seen["rate"] && p.Rate == 0 && (!seen["to"] || p.To == 0):
		at := n
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "rate" {
				at = n.Content[i+1]
			}
		}
		if _, problem := numberOf(at, above(0)); problem != "" {
			report(at, ".rate", problem)
		}
	}
	return p
}

// cosine reads {rate, epochs, to, warmup} and returns the phases that it stands for, nil after a fault.
func cosine(n *yaml.Node, report reporter) []Phase {
	fine := true
	under := func(at *yaml.Node, below, problem string) {
		fine = false
		report(at, ".cosine"+below, problem)
	}
	if n.Kind != yaml.MappingNode {
		under(n, "", got(n, "{rate: …, epochs: …, to: 0, warmup: 0}"))
		return nil
	}
	p, warmup := Phase{Curve: "cosine"}, 0
	phaseKeys(n, "rate, epochs, to and warmup", map[string]func(v *yaml.Node) string{
		"rate":   func(v *yaml.Node) (problem string) { p.Rate, problem = numberOf(v, above(0)); return },
		"epochs": func(v *yaml.Node) (problem string) { p.Epochs, problem = wholeOf(v, 1, 1_000_000); return },
		"to":     func(v *yaml.Node) (problem string) { p.To, problem = numberOf(v, from(0)); return },
		"warmup": func(v *yaml.Node) (problem string) { warmup, problem = wholeOf(v, 0, 1_000_000); return },
	}, under)
	switch {
	case !fine:
		return nil
	case warmup >= p.Epochs:
		under(n, ".warmup", fmt.Sprintf("got %d, want less than epochs, %d", warmup, p.Epochs))
		return nil
	case warmup == 0:
		return []Phase{p}
	}
	p.Epochs -= warmup
	return []Phase{{To: p.Rate, Epochs: warmup, Curve: "linear"}, p}
}
