package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/spf13/cobra"
)

// trainFlags are the flags of the root command.
type trainFlags struct {
	configFlags
	outputFlags
	out    string
	resume string
	init   string
	anyCPU bool // to resume on
	dryRun bool
	live   bool
	liveFlags
}

func newTrain(a *app) *cobra.Command {
	var f trainFlags
	c := &cobra.Command{
		Use:   "train --config FILE",
		Short: "Train a convolutional net and judge the training by its gain",
		Long: `Train a convolutional net and judge, from its Maximum Gain after every epoch, whether the learning
rate fits, whether the net has converged and whether it overfits. No validation data is needed for that.

Presets: ` + strings.Join(configs.Presets(), ", "),
		Example: `  train --config quickstart.yaml
  train --config lenet_mnist.yaml --set train.learning_rate=0.005 --out runs/fast
  train --resume runs/fast
  train --resume runs/fast --set train.epochs=40`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.train(c, f) },
	}
	f.configFlags.add(c)
	f.outputFlags.add(c)
	c.Flags().StringVarP(&f.out, "out", "o", "", "`folder` of this run, new or empty (else <output.dir>/<name>-<time>)")
	c.Flags().StringVar(&f.init, "init", "", "begin with the weights of this `run` or checkpoint instead of drawn ones (train.init)")
	c.Flags().StringVar(&f.resume, "resume", "", "go on with the run in this `folder`, to the same bits as if it had never stopped")
	c.Flags().BoolVar(&f.anyCPU, "allow-other-cpu", false, "with --resume, go on at another CPU level too, though not to the same bits")
	c.Flags().BoolVar(&f.live, "live", false, "show the run in a browser while it goes on, at the address that is printed")
	f.liveFlags.add(c)
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "check config and data, print what would be done, write nothing")
	return c
}

// train is the root command.
func (a *app) train(c *cobra.Command, f trainFlags) error {
	f.apply(a)
	if !f.live && (c.Flags().Changed("port") || c.Flags().Changed("listen")) {
		return usage("--port and --listen are for the live page; add --live")
	}
	if f.anyCPU && f.resume == "" {
		return usage("--allow-other-cpu is for --resume")
	}
	config, err := f.resolve(c)
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.dryRun(c.Context(), config, f.outputFlags)
	}
	o := experiment.RunOptions{Out: f.out}
	if f.resume != "" {
		o.Out, o.Resume, o.AllowOtherCPU = f.resume, true, f.anyCPU
	}
	var result *experiment.Result
	if !f.live {
		result, err = a.trainConfig(c.Context(), config, o, f.outputFlags)
	} else {
		err = a.withLive(c.Context(), f.liveFlags, func(shown *liveScreen) (err error) {
			o.Began = shown.began
			result, err = a.trainShown(c.Context(), config, o, f.outputFlags, shown.over)
			return err
		})
	}
	if result != nil && errors.Is(err, trainer.ErrInterrupted) {
		return fmt.Errorf("%w; go on with: train --resume %s", err, shellWord(result.Run))
	}
	return err
}

// resolve is the config of a new run, or of the one to resume.
func (f trainFlags) resolve(c *cobra.Command) (configs.Config, error) {
	if f.init != "" {
		f.set = append([]string{"train.init=" + f.init}, f.set...)
	}
	if f.resume == "" {
		return f.load(c)
	}
	if f.init != "" {
		return configs.Config{}, usage("--resume goes on with the run's own weights; leave out --init")
	}
	if f.config != "" || f.out != "" {
		return configs.Config{}, usage("--resume goes on in the run's own folder with its own config; leave out --config and --out")
	}
	return experiment.ConfigOf(f.resume, f.overrides(c))
}

// shellWord is a word as a shell takes it.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("./_-+=:@%,", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
