package configs

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// maxPhases bounds a schedule's length.
const maxPhases = 1000

// schedule is a list of {rate, epochs}.
func schedule(key string, dst *[]Phase) field {
	return field{
		key: key, want: "a list of {rate: …, epochs: …}",
		read: func(n *yaml.Node, report reporter) {
			if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
				report(n, "", got(n, "a list of {rate: …, epochs: …}"))
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
				list.Content = append(list.Content, &yaml.Node{
					Kind: yaml.MappingNode, Style: yaml.FlowStyle,
					Content: []*yaml.Node{
						scalar("!!str", "rate"), numberNode(p.Rate),
						scalar("!!str", "epochs"), scalar("!!int", fmt.Sprint(p.Epochs)),
					},
				})
			}
			return list
		},
	}
}

// phase reads one {rate, epochs} and reports its faults.
func phase(n *yaml.Node, report reporter) Phase {
	var p Phase
	if n.Kind != yaml.MappingNode {
		report(n, "", got(n, "{rate: …, epochs: …}"))
		return p
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		problem := ""
		switch {
		case key.Kind != yaml.ScalarNode:
			report(key, "", got(key, "a key"))
			continue
		case seen[key.Value]:
			problem = "given twice"
		case key.Value == "rate":
			p.Rate, problem = numberOf(value, above(0))
		case key.Value == "epochs":
			p.Epochs, problem = wholeOf(value, 1, 1_000_000)
		default:
			report(key, "."+shorten(key.Value, 40), "unknown key, want rate and epochs")
			continue
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
	return p
}
