package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/models"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRoot is the command tree; the root itself trains.
func newRoot(a *app) *cobra.Command {
	root := newTrain(a)
	root.Version = experiment.Version()
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.PersistentFlags().StringVar(&a.logFormat, "log", "", "`format` of remarks: text or json, a line each (else sentences on a terminal, text elsewhere)")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if err := errors.Join(checkCPU(), a.checkLog()); err != nil {
			return err
		}
		a.logAt(slog.LevelInfo)
		return nil
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w%s (see %s --help)", err, flagHint(c, err), c.CommandPath())
	})
	root.AddCommand(newData(a), newGain(a), newDiagnose(a), newCalibrate(a), newVerifyResume(a), newReport(a), newLive(a), newSweep(a), newBench(a), newSelftest(a), newFigure(a), newConfig(a), newEvaluate(a), newPredict(a), newExport(a), newSuspects(a))
	addCompletions(root)
	return root
}

// flagHint names the flag that was probably meant by one that is unknown.
func flagHint(c *cobra.Command, err error) string {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return ""
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := configs.Nearest(name, names); near != "" {
		return ", did you mean --" + near + "?"
	}
	return ""
}

// checkCPU is an error if $MAXGAIN_CPU names no level of the kernels that there is here: commands that do not train refuse
// it too, so that a wrong setting is noticed at once.
func checkCPU() error {
	if _, err := models.CPULevel(); err != nil {
		return usage("%w", err)
	}
	return nil
}

// noArgs refuses arguments, as a misspelt subcommand is one.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf(", did you mean %q?", near[0])
	}
	if c.HasSubCommands() {
		return usage("there is no command %q%s (see %s --help)", args[0], hint, c.CommandPath())
	}
	return usage("%s takes no arguments, got %q", c.CommandPath(), args[0])
}

// exactly is an argument check: n of them, described by what.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s wants %s, got %d arguments", c.CommandPath(), what, len(args))
		}
		return nil
	}
}
