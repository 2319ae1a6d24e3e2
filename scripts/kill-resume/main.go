// Kill-resume kills a short training run with SIGKILL at random moments, resumes each and compares the
// final weights, metrics, flags and spectra, bit for bit, with those of a run that nothing disturbed:
//
//	go run ./scripts/kill-resume -n 100
//
// It trains on the built-in digits, with checkpoints within the epochs too, and resumes with one to four
// workers: LeNet, and in turn with it a net with batch norms, a residual and dropout on augmented images.
// Every third run is killed once more while it resumes. It ends with status 1 if any run differs.
package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/maxgain/maxgain/scripts/internal/kill"
)

func main() { kill.Main("kill-resume", "runs", 100, run) }

// trial is what all runs of a config share.
type trial struct {
	train  string
	dir    string
	config string
	moment *rand.Rand
	length time.Duration // of the undisturbed run
	want   map[string]string
}

// norms is a net that keeps values beside its weights, on images that are drawn anew in every epoch.
const norms = `
data: {name: digits, augment: {flip: true, shift: 2, rotate: 10}}
model:
  layers:
    - conv: {size: 3, out: 8, stride: 2, pad: same, bias: false}
    - batch_norm
    - relu
    - residual: {body: [conv: {size: 3, out: 8, pad: same, bias: false}, batch_norm, dropout: 0.2]}
    - relu
    - global_avg_pool
    - dense: {out: classes}
train: {learning_rate: 0.05}
average: {epochs: 3}
`

func run(n int, seed uint64, train string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "kill-resume-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if train == "" {
		if train, err = kill.Build(dir); err != nil {
			return err
		}
	}
	own := filepath.Join(dir, "norms.yaml")
	if err := os.WriteFile(own, []byte(norms), 0o644); err != nil {
		return err
	}
	moment := rand.New(rand.NewPCG(seed, 0))
	fmt.Fprintf(out, "seed %d\n", seed)
	trials := []*trial{
		{train: train, dir: dir, config: "quickstart.yaml", moment: moment},
		{train: train, dir: dir, config: own, moment: moment},
	}
	for i, t := range trials {
		if err := t.undisturbed(filepath.Join(dir, fmt.Sprint("undisturbed-", i))); err != nil {
			return fmt.Errorf("undisturbed run of %s: %w", filepath.Base(t.config), err)
		}
		fmt.Fprintf(out, "undisturbed %s: %.1f s, %d results to compare\n", filepath.Base(t.config), t.length.Seconds(), len(t.want))
	}
	found := map[string]int{}
	kills, equal := 0, 0
	for i := range n {
		t := trials[i%len(trials)]
		same, where, k, err := t.killed(filepath.Join(dir, fmt.Sprint("run-", i)), i%3 == 2)
		if err != nil {
			return fmt.Errorf("run %d: %w", i, err)
		}
		kills += k
		found[where]++
		if same == "" {
			equal++
		} else {
			fmt.Fprintf(out, "run %d of %s, killed %s: %s differs\n", i, filepath.Base(t.config), where, same)
		}
	}
	for _, where := range []string{beforeCheckpoint, betweenEpochs, withinEpoch} {
		fmt.Fprintf(out, "%4d resumed %s\n", found[where], where)
	}
	fmt.Fprintf(out, "%d/%d equal (%d kills)\n", equal, n, kills)
	if equal != n {
		return fmt.Errorf("%d of %d runs ended otherwise than the undisturbed one", n-equal, n)
	}
	return nil
}

// command is the command that trains in a folder, with other arguments.
func (t *trial) command(args ...string) *exec.Cmd {
	c := exec.Command(t.train, append(args, "--quiet")...)
	c.Dir = t.dir
	return c
}

// begin is the command that begins a run.
func (t *trial) begin(dir string) *exec.Cmd {
	args := []string{"--config", t.config, "--out", dir, "--workers", "2"}
	for _, s := range []string{"data.train_count=300", "data.val_count=100", "train.batch_size=20", "train.epochs=8",
		"output.checkpoint_every=3", "output.checkpoint_minutes=0.002"} {
		args = append(args, "--set", s)
	}
	return t.command(args...)
}

// resume is the command that goes on with a run, on another number of workers.
func (t *trial) resume(dir string) *exec.Cmd {
	return t.command("--resume", dir, "--workers", fmt.Sprint(1+t.moment.IntN(4)))
}

func (t *trial) undisturbed(dir string) error {
	begin := time.Now()
	if text, err := t.begin(dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	t.length = time.Since(begin)
	var err error
	t.want, err = results(dir)
	return err
}

// killed begins a run, kills it, resumes it, twice if wanted, and names the first result that differs
// from the undisturbed run's; where is what the kill left, kills how often it was needed. Kills that
// come before the run's folder is made, or after the run's end, are tried again.
func (t *trial) killed(dir string, twice bool) (differs, where string, kills int, err error) {
	for where == "" {
		if err := os.RemoveAll(dir); err != nil {
			return "", "", kills, err
		}
		killed, err := kill.Within(t.begin(dir), t.length, t.moment)
		if err != nil {
			return "", "", kills, err
		}
		kills++
		if where, err = left(dir, !killed); err != nil {
			return "", "", kills, err
		}
	}
	if twice {
		if _, err := kill.Within(t.resume(dir), t.length, t.moment); err != nil {
			return "", "", kills, err
		}
		kills++
	}
	if text, err := t.resume(dir).CombinedOutput(); err != nil {
		return "", "", kills, fmt.Errorf("resuming after a kill %s: %w: %s", where, err, text)
	}
	got, err := results(dir)
	if err != nil {
		return "", "", kills, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", "", kills, err
	}
	return difference(got, t.want), where, kills, nil
}
