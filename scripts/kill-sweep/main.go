// Kill-sweep kills a small sweep with SIGKILL at random moments, goes on with it and compares its table, figure by
// figure, with that of a sweep that nothing disturbed:
//
//	go run ./scripts/kill-sweep -n 30
//
// The sweep is three learning rates, one of which diverges, by two seeds on the built-in digits. Of the sweeps one half
// are killed as they are, up to three times, their trials left to end by themselves; the other half are run as job
// arrays run them, a process a trial, each of which is killed and begun again until it ends. It ends with status 1 if
// any table differs.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/maxgain/maxgain/scripts/internal/kill"
	"github.com/maxgain/maxgain/trainer/rundir"
)

func main() { kill.Main("kill-sweep", "sweeps", 30, run) }

// trials is the number of trials of the sweep.
const trials = 6

const definition = `config: quickstart.yaml
parameters:
  train.learning_rate: [0.0005, 0.001, 0.05]
  train.seed: [1, 2]
overrides: {data.train_count: 100, data.val_count: 20, train.batch_size: 10, train.epochs: 3,
  output.checkpoint_minutes: 0.001, output.tensorboard: false}
`

// sweeps is what all sweeps share.
type sweeps struct {
	train  string
	config string
	moment *rand.Rand
	length time.Duration // of the undisturbed sweep
	want   []byte        // its table
}

func run(n int, seed uint64, train string, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "kill-sweep-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if train == "" {
		if train, err = kill.Build(dir); err != nil {
			return err
		}
	}
	s := &sweeps{train: train, config: filepath.Join(dir, "sweep.yaml"), moment: rand.New(rand.NewPCG(seed, 0))}
	if err := os.WriteFile(s.config, []byte(definition), 0o644); err != nil {
		return err
	}
	begin := time.Now()
	if s.want, err = s.finish(filepath.Join(dir, "undisturbed"), 1); err != nil {
		return fmt.Errorf("undisturbed sweep: %w", err)
	}
	s.length = time.Since(begin)
	fmt.Fprintf(out, "seed %d\nundisturbed: %d trials in %.1f s, a table of %d bytes\n", seed, trials, s.length.Seconds(), len(s.want))
	equal, kills := 0, 0
	for i := range n {
		way, name := s.killed, "the sweep killed"
		if i%2 == 1 {
			way, name = s.array, "each trial killed"
		}
		folder := filepath.Join(dir, fmt.Sprint("sweep-", i))
		at, err := way(folder)
		if err != nil {
			return fmt.Errorf("sweep %d, %s: %w", i, name, err)
		}
		got, err := s.finish(folder, 1+s.moment.IntN(min(2, runtime.GOMAXPROCS(0))))
		if err != nil {
			return fmt.Errorf("sweep %d, %s: %w", i, name, err)
		}
		same := "equal"
		if !bytes.Equal(got, s.want) {
			same = fmt.Sprintf("DIFFERS:\n%s\nundisturbed:\n%s", got, s.want)
		} else {
			equal++
		}
		kills += len(at)
		fmt.Fprintf(out, "sweep %d, %s when so many trials had ended: %v: %s\n", i, name, at, same)
	}
	fmt.Fprintf(out, "%d/%d equal (%d kills)\n", equal, n, kills)
	if equal != n {
		return fmt.Errorf("%d of %d tables differ from that of the undisturbed sweep", n-equal, n)
	}
	return nil
}

// command is a sweep command on the sweep in a folder.
func (s *sweeps) command(folder string, args ...string) *exec.Cmd {
	return exec.Command(s.train, append(args, "--config", s.config, "--out", folder, "--quiet")...)
}

// finish runs what is left of a sweep and returns its table.
func (s *sweeps) finish(folder string, jobs int) ([]byte, error) {
	if text, err := s.command(folder, "sweep", "--jobs", fmt.Sprint(jobs)).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return exec.Command(s.train, "sweep", "table", "--json", folder).Output()
}

// killed kills a sweep one to three times and says how many trials had ended each time.
func (s *sweeps) killed(folder string) (at []int, err error) {
	for wanted := 1 + s.moment.IntN(3); len(at) < wanted; {
		shot, err := kill.Within(s.command(folder, "sweep"), s.length, s.moment)
		if err != nil {
			return nil, err
		}
		if shot {
			at = append(at, ended(folder))
		} else if len(at) > 0 {
			break
		} else if err := os.RemoveAll(folder); err != nil { // it was not disturbed at all
			return nil, err
		}
	}
	return at, nil
}

// array runs each trial by itself, and again as often as it is killed.
func (s *sweeps) array(folder string) (at []int, err error) {
	for i := range trials {
		for {
			trial := s.command(folder, "sweep", "run", "--index", fmt.Sprint(i), "--workers", fmt.Sprint(1+s.moment.IntN(4)))
			shot, err := kill.Within(trial, s.length/trials*2, s.moment)
			var exit *exec.ExitError
			if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == diverged) {
				return nil, err
			}
			if !shot {
				break
			}
			at = append(at, ended(folder))
		}
	}
	return at, nil
}

// diverged is the exit code of a trial that diverged.
const diverged = 4

// ended counts the trials that have ended.
func ended(folder string) int {
	n := 0
	for i := range trials {
		if s, err := rundir.ReadStatus(filepath.Join(folder, fmt.Sprintf("trial-%04d", i))); err == nil && s.State.Ended() {
			n++
		}
	}
	return n
}
