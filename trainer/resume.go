package trainer

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/models"
)

// resume puts the run where its newest whole checkpoint left it.
func (t *Trainer) resume() error {
	c, err := t.store.latest(t.warn)
	if err != nil {
		return fmt.Errorf("resuming: %w", err)
	}
	if c == nil {
		t.warn("%s holds no checkpoint yet: the run begins anew", t.store.dir.Name())
		return nil
	}
	if err := t.agrees(c); err != nil {
		return fmt.Errorf("resuming: %w", err)
	}
	if begun := c.progress.At.begun(); begun > t.o.Epochs {
		return fmt.Errorf("resuming: got %d epochs: %w: epoch %d is begun or done; want at least %d", t.o.Epochs, ErrEpochs, begun, begun)
	}
	if err := t.restore(c); err != nil {
		return fmt.Errorf("resuming: %w", err)
	}
	if t.otherCPU(c) {
		t.keepWarning("resumed %s at the CPU level %s, before %s: the run does not end in the bits that it would have ended in",
			t.where(), t.cpu, c.meta[metaCPU])
	}
	return nil
}

// agrees says by what the checkpoint is of another run than this one, if it is.
func (t *Trainer) agrees(c *checkpoint) error {
	var differ []string
	for _, k := range []struct{ key, now string }{
		{metaModel, t.net.Spec().Name},
		{metaSeed, strconv.FormatUint(t.o.Seed, 10)},
		{metaData, t.dataIdentity()},
	} {
		if was := c.meta[k.key]; was != k.now {
			differ = append(differ, fmt.Sprintf("%s: checkpoint %s, now %s", k.key, was, k.now))
		}
	}
	if was := c.progress.Average; was != t.o.Average {
		differ = append(differ, fmt.Sprintf("epochs over which the weights are averaged: checkpoint %d, now %d", was, t.o.Average))
	}
	if t.o.Checkpoints.Differences != nil {
		settings, err := t.o.Checkpoints.Differences([]byte(c.meta[metaConfig]))
		if err != nil {
			return fmt.Errorf("%w: its configuration: %w", ErrCheckpoint, err)
		}
		differ = append(differ, settings...)
	}
	inputs, err := t.otherInputs(c)
	if err != nil {
		return err
	}
	differ = append(differ, inputs...)
	if was := c.meta[metaCPU]; t.otherCPU(c) && !t.o.Checkpoints.AllowOtherCPU {
		differ = append(differ, fmt.Sprintf("cpu: checkpoint %s, now %s; MAXGAIN_CPU=%s goes on to the same bits where the CPU has that level, --allow-other-cpu to others", was, t.cpu, was))
	}
	if len(differ) > 0 {
		return fmt.Errorf("%w:\n  %s", ErrMismatch, strings.Join(differ, "\n  "))
	}
	return nil
}

// otherCPU tells whether the checkpoint was written at another CPU level, if it is known.
func (t *Trainer) otherCPU(c *checkpoint) bool {
	return c.meta[metaCPU] != "" && c.meta[metaCPU] != t.cpu
}

// otherInputs says which files have other contents than they had for the checkpoint. One of an earlier version does not
// know.
func (t *Trainer) otherInputs(c *checkpoint) ([]string, error) {
	text, ok := c.meta[metaInputs]
	if !ok {
		return nil, nil
	}
	var was map[string]string
	if err := json.Unmarshal([]byte(text), &was); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCheckpoint, metaInputs, err)
	}
	var differ []string
	now := t.o.Checkpoints.Inputs
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if sum, ok := now[key]; ok && sum != was[key] {
			differ = append(differ, fmt.Sprintf("%s: the file's content has changed, its SHA-256 was %s and is %s", key, was[key], sum))
		}
	}
	return differ, nil
}

// restore sets the run to the checkpoint. Nothing is changed if a tensor does not fit.
func (t *Trainer) restore(c *checkpoint) error {
	if at := c.progress.At; at.Epoch < 0 || at.Step < 0 || at.Step > t.steps() {
		return fmt.Errorf("%w: it is at step %d of epoch %d, an epoch has %d steps", ErrCheckpoint, at.Step, at.Epoch, t.steps())
	}
	current, err := c.classes(predictionsTensor, len(t.current))
	if err != nil {
		return err
	}
	previous, err := c.classes(previousTensor, len(t.current))
	if err != nil {
		return err
	}
	memory := map[string][]uint16{}
	for tensor, content := range c.tensors {
		name, ok := strings.CutPrefix(tensor, memoryPrefix)
		if !ok || len(content.Shape) != 1 {
			continue
		}
		if memory[name], err = c.classes(tensor, content.Shape[0]); err != nil {
			return err
		}
	}
	if err := c.load(t.net, true); err != nil {
		return fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	t.memory = memory
	p := c.progress
	if current != nil {
		t.current = current
	}
	t.previous = previous
	t.history = c.history
	t.at, t.stop, t.bestEpoch = p.At, p.Stop, p.BestEpoch
	t.sums = sums{Loss: float64(p.Loss), Wrong: p.Wrong, Seen: p.Seen, Training: float64(p.Training), Elapsed: float64(p.Elapsed)}
	t.status.Epoch, t.status.Warnings = p.StatusEpoch, p.Warnings
	if err := t.loadEnds(); err != nil {
		return err
	}
	if err := t.loadBest(); err != nil {
		return err
	}
	t.status.BestEpoch = t.bestEpoch
	return nil
}

// loadBest reads the weights that are kept. The file may be of an epoch that is still to be done, if the process was
// killed between writing it and the checkpoint; then that epoch is done again, and kept again.
func (t *Trainer) loadBest() error {
	c, err := t.store.best()
	if t.bestEpoch < 0 && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	epoch := 0
	if err == nil {
		epoch, err = strconv.Atoi(c.meta[metaEpoch])
	}
	switch {
	case err == nil && epoch == t.bestEpoch:
		t.best, err = c.weights(t.net)
	case err == nil && epoch >= t.at.Epoch:
		if epoch > t.o.Epochs {
			return fmt.Errorf("got %d epochs: %w: %s holds the weights of epoch %d; want at least %d",
				t.o.Epochs, ErrEpochs, t.store.path(BestFile), epoch, epoch)
		}
		t.lost = epoch
		return nil
	case err == nil && t.bestEpoch < 0: // of a run that was to have fewer epochs
		return nil
	case err == nil:
		err = fmt.Errorf("%s holds the weights of epoch %d, not those of epoch %d", t.store.path(BestFile), epoch, t.bestEpoch)
	}
	if err != nil {
		t.warn("%v; no weights are kept until a later epoch is better, or the last is done", err)
		t.best, t.bestEpoch = nil, -1
	}
	return nil
}

// load puts the checkpoint's weights, and its velocities if wanted, into the net.
func (c *checkpoint) load(net Net, velocities bool) error {
	type target struct {
		param  *models.Param
		dst    []float32
		values []float32
	}
	var targets []target
	for _, p := range net.Params() {
		values, err := c.floats(p.Name, p.Shape)
		if err != nil {
			return err
		}
		targets = append(targets, target{p, p.Value, values})
		if !velocities || p.Running() {
			continue
		}
		if values, err = c.floats(velocityName(p.Name), p.Shape); err != nil {
			return err
		}
		targets = append(targets, target{p, p.Velocity, values})
	}
	for _, t := range targets {
		if err := t.param.Import(t.dst, t.values); err != nil {
			return err
		}
	}
	net.Changed()
	return nil
}

// weights are the checkpoint's weights as a net keeps them, which is not touched.
func (c *checkpoint) weights(net Net) ([][]float32, error) {
	var out [][]float32
	for _, p := range net.Params() {
		values, err := c.floats(p.Name, p.Shape)
		if err != nil {
			return nil, err
		}
		internal := make([]float32, len(values))
		if err := p.Import(internal, values); err != nil {
			return nil, err
		}
		out = append(out, internal)
	}
	return out, nil
}

// floats is the tensor of a name if it has the shape.
func (c *checkpoint) floats(name string, shape []int) ([]float32, error) {
	t, ok := c.tensors[name]
	if !ok {
		return nil, fmt.Errorf("it has no tensor %s", name)
	}
	if !slices.Equal(t.Shape, shape) {
		return nil, fmt.Errorf("%s has the shape %v, the model's is %v", name, t.Shape, shape)
	}
	return t.Float32s()
}

// classes are the class numbers in the tensor of a name and length, nil if there is none. Checkpoints of earlier versions
// have one byte for each (U8), later ones two (U16).
func (c *checkpoint) classes(name string, n int) ([]uint16, error) {
	t, ok := c.tensors[name]
	if !ok {
		return nil, nil
	}
	if t.DType != "U8" && t.DType != "U16" || !slices.Equal(t.Shape, []int{n}) {
		return nil, fmt.Errorf("%w: %s is %s of shape %v, want U16 of [%d]", ErrMismatch, name, t.DType, t.Shape, n)
	}
	out := make([]uint16, n)
	for i := range out {
		if t.DType == "U8" {
			out[i] = uint16(t.Data[i])
		} else {
			out[i] = binary.LittleEndian.Uint16(t.Data[2*i:])
		}
	}
	return out, nil
}
