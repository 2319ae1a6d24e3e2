package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/figures"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/spf13/cobra"
)

// addCompletions tells shells what the flags and arguments of all commands may be.
func addCompletions(c *cobra.Command) {
	for flag, values := range map[string]func() []string{
		"config": func() []string { return presetsOf(c) },
		"set":    nil, "name": datasets.Names, "model": models.Names, "fail-on": verdicts,
		"log":        func() []string { return []string{console.LogText, console.LogJSON} },
		"window":     func() []string { return []string{"hann", "none"} },
		"projection": func() []string { return []string{"inverse-score", "one"} },
	} {
		if c.LocalFlags().Lookup(flag) == nil {
			continue
		}
		complete := settings
		if values != nil {
			directive := cobra.ShellCompDirectiveNoFileComp
			if flag == "config" { // or a file
				directive = cobra.ShellCompDirectiveDefault
			}
			complete = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return beginning(begun, values()), directive
			}
		}
		if err := c.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(fmt.Sprintf("completion of --%s of %s: %v", flag, c.Name(), err)) // only if it is registered twice
		}
	}
	switch c.Name() {
	case "figure":
		c.ValidArgsFunction = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return beginning(begun, figureNumbers()), cobra.ShellCompDirectiveNoFileComp
		}
	case "config":
		c.ValidArgsFunction = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return beginning(begun, configs.Keys()), cobra.ShellCompDirectiveNoFileComp
		}
	}
	for _, sub := range c.Commands() {
		addCompletions(sub)
	}
}

// beginning are the values that begin as what has been typed.
func beginning(begun string, values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !strings.HasPrefix(v, begun) })
}

// presetsOf are the names of the presets for a command: those of sweeps for sweeps.
func presetsOf(c *cobra.Command) []string {
	if c.Name() == "sweep" || c.HasParent() && c.Parent().Name() == "sweep" {
		return configs.PresetSweeps()
	}
	return configs.Presets()
}

// figureNumbers are the numbers of the figures, each with its title for the shell to show.
func figureNumbers() []string {
	var out []string
	for _, p := range figures.All {
		out = append(out, fmt.Sprintf("%d\t%s", p.Number, p.Title))
	}
	return out
}

// settings completes "key=value": the key, and then its value if there are few of them.
func settings(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	key, _, valued := strings.Cut(begun, "=")
	var out []string
	for _, k := range configs.Reference() {
		switch {
		case !valued:
			out = append(out, k.Name+"=\t"+k.Meaning)
		case k.Name == key:
			for _, v := range k.Values() {
				out = append(out, key+"="+v)
			}
		}
	}
	out = beginning(begun, out)
	if valued {
		return out, cobra.ShellCompDirectiveDefault // the value may be a path
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func verdicts() []string {
	var out []string
	for _, v := range diagnostics.Verdicts() {
		out = append(out, v.String())
	}
	return out
}
