package experiment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// ConfigOf is the config of the run in a folder with the settings "key=value" laid over it. Without a run it is a
// rundir.ErrNoRun.
func ConfigOf(dir string, set []string) (configs.Config, error) {
	path := filepath.Join(dir, rundir.ConfigFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return configs.Config{}, fmt.Errorf("%w in %s: %w", rundir.ErrNoRun, dir, err)
	}
	return configs.Load(path, append(configs.Since(text), set...))
}

// Ended says whether the run in a folder needs nothing more. Its report is written last.
func Ended(dir string, c configs.Config) bool {
	status, err := rundir.ReadStatus(dir)
	if err != nil || !status.State.Ended() {
		return false
	}
	if !c.Output.Report {
		return true
	}
	_, err = os.Stat(filepath.Join(dir, rundir.ReportFile))
	return err == nil
}

// folder makes the folder of a new run or opens that of the one to resume.
func (o RunOptions) folder(c configs.Config, started time.Time) (*rundir.Dir, error) {
	if o.Resume {
		return reopen(o.Out, c)
	}
	level, err := models.CPULevel()
	if err != nil {
		return nil, Usagef("%w", err)
	}
	env := rundir.NewEnv(Version(), level, c.Train.Workers, c.Train.Seed, started)
	if o.Out == "" {
		return rundir.CreateIn(c.Output.Dir, c.Name, started, c.YAML(), env)
	}
	return rundir.Create(o.Out, c.YAML(), env)
}

// reopen opens the folder of a run to go on with, which may be for another number of epochs than it was to have.
func reopen(path string, c configs.Config) (*rundir.Dir, error) {
	dir, err := rundir.Open(path)
	if err != nil {
		return nil, err
	}
	before, err := configs.ParseResolved(dir.Path(rundir.ConfigFile), dir.Config())
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	if epochs := c.Train.Epochs; before.Train.Epochs != epochs {
		before.Train.Epochs = epochs
		before.Source += fmt.Sprint(", resumed with train.epochs=", epochs)
		dir.SetConfig(before.YAML())
	}
	return dir, nil
}

// differences are the settings, but for the number of epochs, in which a run of the config of a checkpoint differs from
// one of c, as lines like "train.momentum: checkpoint 0.9, now 0.5".
func differences(was []byte, c configs.Config) ([]string, error) {
	before, err := configs.ParseResolved("config", was)
	if err != nil {
		return nil, err
	}
	before.Train.Epochs = c.Train.Epochs
	var lines []string
	for _, line := range configs.Diff(before, c) {
		key, values, _ := strings.Cut(line, ": ")
		lines = append(lines, key+": checkpoint "+values)
	}
	return lines, nil
}
