package main

import (
	"fmt"
	"log/slog"

	"github.com/maxgain/maxgain/configs"
	"github.com/spf13/cobra"
)

// configFlags are the flags of every command that reads a config.
type configFlags struct {
	config  string
	set     []string
	dataDir string
	seed    uint64
	workers uint
}

func (f *configFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVarP(&f.config, "config", "c", "", "preset or YAML `file` of the run")
	flags.StringArrayVar(&f.set, "set", nil, "change one setting, `key=value`, e.g. train.epochs=5; repeatable")
	flags.StringVar(&f.dataDir, "data-dir", "", "`folder` of the data (else $MAXGAIN_DATA, the user's cache, a download)")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of everything random (train.seed)")
	flags.UintVar(&f.workers, "workers", 0, "cores to use; results do not depend on it (train.workers; 0 = all)")
}

// overrides are the settings given by flags, those of --set last.
func (f *configFlags) overrides(c *cobra.Command) []string {
	var out []string
	for _, given := range []struct{ flag, assignment string }{
		{"data-dir", "data.dir=" + f.dataDir},
		{"seed", fmt.Sprint("train.seed=", f.seed)},
		{"workers", fmt.Sprint("train.workers=", f.workers)},
	} {
		if c.Flags().Changed(given.flag) {
			out = append(out, given.assignment)
		}
	}
	return append(out, f.set...)
}

// load resolves the config; there must be one.
func (f *configFlags) load(c *cobra.Command) (configs.Config, error) {
	if f.config == "" {
		return configs.Config{}, usage("--config is missing; try: train %s--config quickstart.yaml", subcommand(c))
	}
	return configs.Load(f.config, f.overrides(c))
}

// subcommand is the command's name after "train", with a space behind it; "" for the root.
func subcommand(c *cobra.Command) string {
	if !c.HasParent() {
		return ""
	}
	return c.Name() + " "
}

// outputFlags say how much a command writes, and how.
type outputFlags struct {
	json, quiet bool
}

func (f *outputFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object on stdout and nothing else there")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print the result only, no progress and no remarks but errors")
}

// apply sets which remarks are shown.
func (f *outputFlags) apply(a *app) {
	level := slog.LevelInfo
	if f.quiet {
		level = slog.LevelError
	}
	a.logAt(level)
}
