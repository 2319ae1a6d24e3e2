package trainer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/datasets/stream"
)

// hash is the SHA-256 of a checkpoint's tensors in hexadecimal.
func (c *checkpoint) hash() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c.tensors)) {
		t := c.tensors[name]
		fmt.Fprintf(h, "%s %s %v\n", name, t.DType, t.Shape)
		h.Write(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// outcome is the SHA-256 of what a run ended with: the weights that it keeps and its last checkpoint's tensors.
func (t *Trainer) outcome() (string, error) {
	last, err := t.store.get(LastFile)
	if err != nil {
		return "", err
	}
	return hexSum([]byte(WeightsHash(t.net) + last.hash())), nil
}

// WeightsHash is the SHA-256 of a net's weights and velocities in hexadecimal.
func WeightsHash(net Net) string {
	h := sha256.New()
	for _, p := range net.Params() {
		fmt.Fprintf(h, "%s %v\n", p.Name, p.Shape)
		for _, values := range [][]float32{p.Export(p.Value), p.Export(p.Velocity)} {
			binary.Write(h, binary.LittleEndian, values) // a hash never fails
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// HistoryHash is the SHA-256 of a history's figures, those of time left out.
func HistoryHash(h *History) (string, error) {
	timeless := History{Rows: slices.Clone(h.Rows)}
	for i := range timeless.Rows {
		timeless.Rows[i].Seconds, timeless.Rows[i].ImagesPerSecond = 0, 0
	}
	text, err := json.Marshal(&timeless)
	if err != nil {
		return "", err
	}
	return hexSum(text), nil
}

// Attempt makes what one leg of a verification needs: a fresh net, its data and options. It may give
// each leg (0 is the undisturbed run) another number of workers. done is called after the leg.
type Attempt func(leg int) (net Net, data *datasets.Dataset, o Options, done func() error, err error)

// Verification is what VerifyResume found.
type Verification struct {
	Cuts    [][2]int  // epoch, step within it after which the run was interrupted
	Weights [2]string // SHA-256 of the weights kept and of the last checkpoint: of the undisturbed and the interrupted run
	Metrics [2]string // the same of the history
}

// Equal tells whether the interrupted run ended as the undisturbed one did.
func (v Verification) Equal() bool {
	return v.Weights[0] == v.Weights[1] && v.Metrics[0] == v.Metrics[1]
}

// VerifyResume trains once undisturbed and once with interruptions after random steps, each resumed
// from its checkpoint by a net made anew, and compares the final weights and metrics bit for bit. The
// checkpoints are kept in folders made in dir. Recorder, Observer and Checkpoints of the attempts'
// options are replaced.
func VerifyResume(ctx context.Context, attempt Attempt, cuts int, seed uint64, dir string) (Verification, error) {
	var v Verification
	total, err := verifyStraight(ctx, attempt, dir, &v)
	if err != nil {
		return v, fmt.Errorf("undisturbed run: %w", err)
	}
	if cuts > total {
		return v, fmt.Errorf("%d interruptions wanted, the run has %d steps", cuts, total)
	}
	var p rand.PCG
	stream.Seed(&p, seed, "verify-resume")
	at := rand.New(&p).Perm(total)[:cuts]
	slices.Sort(at)
	at = append(at, math.MaxInt)
	done := 0
	for i, cut := range at {
		var finished bool
		if done, finished, err = verifyLeg(ctx, attempt, i, done, cut+1, filepath.Join(dir, "interrupted"), &v); err != nil {
			return v, fmt.Errorf("interrupted run, part %d: %w", i+1, err)
		}
		if finished {
			return v, nil
		}
	}
	return v, errors.New("the interrupted run did not end")
}

// verifyStraight trains undisturbed and returns the number of steps it took.
func verifyStraight(ctx context.Context, attempt Attempt, dir string, v *Verification) (steps int, err error) {
	net, data, o, done, err := attempt(0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, done()) }()
	folder, err := makeFolder(filepath.Join(dir, "undisturbed"))
	if err != nil {
		return 0, err
	}
	defer folder.Close()
	counter := &cutter{}
	o.Recorder, o.Observer, o.Checkpoints = nil, counter, CheckpointOptions{Dir: folder}
	t, err := New(net, data, o)
	if err != nil {
		return 0, err
	}
	if _, err := t.Run(ctx); err != nil {
		return 0, err
	}
	if v.Weights[0], err = t.outcome(); err != nil {
		return 0, err
	}
	v.Metrics[0], err = HistoryHash(t.history)
	return counter.done, err
}

// verifyLeg trains from step number done of the whole run until cut steps are done, or to the end.
func verifyLeg(ctx context.Context, attempt Attempt, leg, done, cut int, dir string, v *Verification) (now int, finished bool, err error) {
	net, data, o, end, err := attempt(leg + 1)
	if err != nil {
		return 0, false, err
	}
	defer func() { err = errors.Join(err, end()) }()
	legContext, cancel := context.WithCancel(ctx)
	defer cancel()
	counter := &cutter{done: done, cut: cut, cancel: cancel}
	folder, err := makeFolder(dir)
	if err != nil {
		return 0, false, err
	}
	defer folder.Close()
	o.Recorder, o.Observer, o.Checkpoints = nil, counter, CheckpointOptions{Dir: folder, Resume: true}
	t, err := New(net, data, o)
	if err != nil {
		return 0, false, err
	}
	_, err = t.Run(legContext)
	switch {
	case err == nil:
		if v.Weights[1], err = t.outcome(); err != nil {
			return 0, false, err
		}
		v.Metrics[1], err = HistoryHash(t.history)
		return counter.done, true, err
	case errors.Is(err, ErrInterrupted) && ctx.Err() == nil:
		v.Cuts = append(v.Cuts, [2]int{t.at.Epoch, t.at.Step})
		return counter.done, false, nil
	}
	return counter.done, false, err
}

// makeFolder makes a folder, if need be, and opens it.
func makeFolder(path string) (*os.Root, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	return os.OpenRoot(path)
}

// cutter counts steps and cancels the run after the one wanted.
type cutter struct {
	done, cut int
	cancel    context.CancelFunc
}

// BatchDone implements Observer.
func (c *cutter) BatchDone(int, int, int, float64) {
	c.done++
	if c.done == c.cut {
		c.cancel()
	}
}

// EpochDone implements Observer.
func (c *cutter) EpochDone(Row) {}
