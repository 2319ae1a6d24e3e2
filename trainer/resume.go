package trainer

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/models"
	"gopkg.in/yaml.v3"
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
	return nil
}

// agrees says by which keys the checkpoint is of another run than this one, if it is.
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
	keys, err := differingKeys([]byte(c.meta[metaConfig]), t.o.Checkpoints.Config, t.o.Checkpoints.FreeKeys)
	if err != nil {
		return err
	}
	if differ = append(differ, keys...); len(differ) > 0 {
		return fmt.Errorf("%w:\n  %s", ErrMismatch, strings.Join(differ, "\n  "))
	}
	return nil
}

// differingKeys compares two YAML documents key by key, but for the free keys.
func differingKeys(was, now []byte, free []string) ([]string, error) {
	a, err := flatYAML(was)
	if err != nil {
		return nil, fmt.Errorf("%w: its configuration: %w", ErrCheckpoint, err)
	}
	b, err := flatYAML(now)
	if err != nil {
		return nil, fmt.Errorf("the configuration: %w", err)
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	var differ []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		isFree := slices.ContainsFunc(free, func(f string) bool {
			return key == f || strings.HasSuffix(f, ".") && strings.HasPrefix(key, f)
		})
		if x, y := orNone(a, key), orNone(b, key); x != y && !isFree {
			differ = append(differ, fmt.Sprintf("%s: checkpoint %s, now %s", key, x, y))
		}
	}
	return differ, nil
}

func orNone(values map[string]string, key string) string {
	if v, ok := values[key]; ok {
		return v
	}
	return "(none)"
}

// flatYAML is a document's scalars under keys like train.schedule.0.rate.
func flatYAML(document []byte) (map[string]string, error) {
	if len(document) > longest {
		return nil, fmt.Errorf("%d bytes, at most %d are allowed", len(document), longest)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	flat := map[string]string{}
	for _, n := range root.Content {
		if err := flatten(flat, "", n); err != nil {
			return nil, err
		}
	}
	return flat, nil
}

// Limits of a configuration, beyond what any has: its bytes and those of a key, which holds the names of all that it
// lies in.
const (
	longest    = 1 << 20
	longestKey = 64
)

func flatten(flat map[string]string, key string, n *yaml.Node) error {
	if len(key) > longestKey {
		return fmt.Errorf("line %d: a key of %d bytes, at most %d are allowed", n.Line, len(key), longestKey)
	}
	under := func(name string, value *yaml.Node) error {
		return flatten(flat, strings.TrimPrefix(key+"."+name, "."), value)
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := under(n.Content[i].Value, n.Content[i+1]); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, value := range n.Content {
			if err := under(strconv.Itoa(i), value); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		var value any // equal numbers may be written differently
		if err := n.Decode(&value); err != nil {
			return err
		}
		if value != nil {
			flat[key] = fmt.Sprint(value)
		}
	default:
		return fmt.Errorf("line %d: aliases are not supported", n.Line)
	}
	return nil
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
		return err
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
	t.status.Epoch = p.StatusEpoch
	if t.bestEpoch >= 0 {
		t.loadBest()
	}
	t.status.BestEpoch = t.bestEpoch
	return nil
}

// loadBest reads the best weights. The file may be of a later epoch than the checkpoint knows, if the
// process was killed between writing the two; then that epoch is done again, and marked again.
func (t *Trainer) loadBest() {
	c, err := t.store.get(BestFile)
	if err == nil {
		t.best, err = c.weights(t.net)
	}
	if err != nil {
		t.warn("%v; if the run is to end with its best weights, those of its last epoch are kept instead", err)
		t.best, t.bestEpoch = nil, -1
	}
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
		return nil, fmt.Errorf("%w: it has no tensor %s", ErrMismatch, name)
	}
	if !slices.Equal(t.Shape, shape) {
		return nil, fmt.Errorf("%w: %s has the shape %v, the model's is %v", ErrMismatch, name, t.Shape, shape)
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
