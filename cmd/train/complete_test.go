package main

import (
	"strings"
	"testing"
)

// Shells are told presets, keys, their values and figures.
func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--config", "quick"}, "quickstart.yaml\n"},
		{[]string{"sweep", "--config", "sweep_lenet_m"}, "sweep_lenet_mnist.yaml\n"},
		{[]string{"--set", "train.mom"}, "train.momentum=\t"},
		{[]string{"--set", "gain.window=h"}, "gain.window=hann\n"},
		{[]string{"bench", "--set", "output.report="}, "output.report=true\noutput.report=false\n"},
		{[]string{"figure", "1"}, "1\tA natural image"},
		{[]string{"config", "train.see"}, "train.seed\n"},
		{[]string{"diagnose", "--fail-on", "conv"}, "converged\n"},
		{[]string{"data", "show", "--name", "dig"}, "digits\n"},
		{[]string{"--log", "j"}, "json\n"},
	} {
		code, stdout, _ := command(t, append([]string{"__complete"}, c.args...)...)
		if code != exitOK || !strings.HasPrefix(stdout, c.want) {
			t.Errorf("%q: exit code %d, %q, want %q…", c.args, code, stdout, c.want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if code, stdout, _ := command(t, "completion", shell); code != exitOK || !strings.Contains(stdout, "__complete") {
			t.Errorf("%s: exit code %d, %d bytes", shell, code, len(stdout))
		}
	}
}
