package trainer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// Keys of a checkpoint's metadata, and the format they belong to.
const (
	checkpointFormat = "maxgain-checkpoint-1"
	endFormat        = "maxgain-epoch-end-1"
	recipeFormat     = "maxgain-preprocessing-1"

	metaFormat   = "format"
	metaModel    = "model"
	metaNet      = "net" // the model's layers as YAML
	metaSeed     = "seed"
	metaEpoch    = "epoch"    // completed
	metaAveraged = "averaged" // number of epochs, that one the last, whose ends the weights are the mean of; absent: none
	metaData     = "data"     // name, number of training images, checksum
	metaConfig   = "config"
	metaHash     = "config_sha256"
	metaCPU      = "cpu"    // level of the kernels
	metaInputs   = "inputs" // JSON of CheckpointOptions.Inputs
	metaProgress = "progress"
	metaHistory  = "history"
	metaChecksum = "sha256" // of the whole file with zeros in this place

	predictionsTensor = "trainer.predictions"
	previousTensor    = "trainer.previous_predictions"
	memoryPrefix      = "trainer.memory." // before the name of what a hook keeps
)

// progress is all a checkpoint holds beside tensors, history and configuration.
type progress struct {
	At          position   `json:"at"`
	Loss        exact      `json:"loss"`
	Wrong       int        `json:"wrong"`
	Seen        int        `json:"seen"`
	Training    exact      `json:"training_seconds"`
	Elapsed     exact      `json:"elapsed_seconds"`
	BestEpoch   int        `json:"best_epoch"`
	Stop        *StopError `json:"stop"`
	StatusEpoch int        `json:"status_epoch"`
	Average     int        `json:"average,omitempty"` // span of the averaged weights
	Warnings    []string   `json:"warnings,omitempty"`
}

// velocityName is the name of a parameter's velocity in a checkpoint.
func velocityName(param string) string { return "optimizer." + param + ".velocity" }

// encodeCheckpoint is the checkpoint of the run as it is now.
func (t *Trainer) encodeCheckpoint() ([]byte, error) {
	var tensors []models.Tensor
	for _, p := range t.net.Params() {
		tensors = append(tensors, models.Float32Tensor(p.Name, p.Shape, p.Export(p.Value)))
	}
	for _, p := range t.net.Params() {
		if !p.Running() {
			tensors = append(tensors, models.Float32Tensor(velocityName(p.Name), p.Shape, p.Export(p.Velocity)))
		}
	}
	for _, c := range []struct {
		name    string
		classes []uint16
	}{{predictionsTensor, t.current}, {previousTensor, t.previous}} {
		if c.classes != nil {
			tensors = append(tensors, classTensor(c.name, c.classes))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.memory)) {
		tensors = append(tensors, classTensor(memoryPrefix+name, t.memory[name]))
	}
	at, err := json.Marshal(progress{
		At: t.at, Loss: exact(t.sums.Loss), Wrong: t.sums.Wrong, Seen: t.sums.Seen,
		Training: exact(t.sums.Training), Elapsed: exact(t.sums.Elapsed),
		BestEpoch: t.bestEpoch, Stop: t.stop, StatusEpoch: t.status.Epoch, Average: t.o.Average, Warnings: t.status.Warnings,
	})
	if err != nil {
		return nil, err
	}
	history, err := json.Marshal(t.history)
	if err != nil {
		return nil, err
	}
	inputs, err := json.Marshal(t.o.Checkpoints.Inputs)
	if err != nil {
		return nil, err
	}
	meta := t.facts(t.status.Epoch)
	meta[metaProgress], meta[metaHistory], meta[metaCPU], meta[metaInputs] = string(at), string(history), t.cpu, string(inputs)
	return sealed(t.withRecipe(tensors, meta, false), meta)
}

// facts are the metadata of weights of an epoch.
func (t *Trainer) facts(epoch int) map[string]string {
	facts := map[string]string{
		metaFormat: checkpointFormat,
		metaModel:  t.net.Spec().Name,
		metaSeed:   strconv.FormatUint(t.o.Seed, 10),
		metaEpoch:  strconv.Itoa(epoch),
		metaData:   t.dataIdentity(),
		metaConfig: string(t.o.Checkpoints.Config),
		metaHash:   hexSum(t.o.Checkpoints.Config),
	}
	if spec := t.net.Spec(); len(spec.Layers) > 0 {
		facts[metaNet] = string(models.FormatNet(spec))
	}
	return facts
}

// withRecipe adds the preprocessing to a checkpoint's tensors and metadata; a large one only if it is wanted.
func (t *Trainer) withRecipe(tensors []models.Tensor, meta map[string]string, large bool) []models.Tensor {
	r := t.data.Recipe
	if r == nil || !large && isLarge(r) {
		return tensors
	}
	text, more := recipeTensors(r)
	meta[datasets.RecipeKey] = text
	return append(tensors, more...)
}

// encodeBest is the file of the weights that are kept, with nothing to go on from; of a run that ends, with all that the
// net needs to be used.
func (t *Trainer) encodeBest(ends bool) ([]byte, error) {
	var tensors []models.Tensor
	for i, p := range t.net.Params() {
		tensors = append(tensors, models.Float32Tensor(p.Name, p.Shape, p.Export(t.best[i])))
	}
	meta := t.facts(t.bestEpoch)
	if t.average != nil && t.bestEpoch > 0 {
		meta[metaAveraged] = strconv.Itoa(min(t.average.span, t.bestEpoch))
	}
	return sealed(t.withRecipe(tensors, meta, ends), meta)
}

// byName finds tensors by their names.
func byName(tensors []models.Tensor) map[string]models.Tensor {
	m := make(map[string]models.Tensor, len(tensors))
	for _, t := range tensors {
		m[t.Name] = t
	}
	return m
}

// classTensor is a tensor of class numbers, [n], type U16.
func classTensor(name string, classes []uint16) models.Tensor {
	data := make([]byte, 0, 2*len(classes))
	for _, class := range classes {
		data = binary.LittleEndian.AppendUint16(data, class)
	}
	return models.Tensor{Name: name, DType: "U16", Shape: []int{len(classes)}, Data: data}
}

// dataIdentity names the training data.
func (t *Trainer) dataIdentity() string {
	return fmt.Sprintf("%s, %d training images, %s", t.data.Name, t.data.Train.Len(), t.data.Checksum)
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

var noChecksum = strings.Repeat("0", 2*sha256.Size)

// sealed is a safetensors file with the SHA-256 of all its bytes in its metadata.
func sealed(tensors []models.Tensor, meta map[string]string) ([]byte, error) {
	meta[metaChecksum] = noChecksum
	var file bytes.Buffer
	if err := models.WriteSafetensors(&file, tensors, meta); err != nil {
		return nil, err
	}
	b := file.Bytes()
	place, err := checksumPlace(b)
	if err != nil {
		return nil, err
	}
	copy(place, hexSum(b))
	return b, nil
}

// checksumPlace is where in a file the checksum's digits are. Quotes within metadata are escaped, so
// the first match is the key itself.
func checksumPlace(file []byte) ([]byte, error) {
	key := []byte(`"` + metaChecksum + `":"`)
	i := bytes.Index(file, key)
	if i < 0 || len(file) < i+len(key)+len(noChecksum) {
		return nil, errors.New("it has no checksum")
	}
	return file[i+len(key) : i+len(key)+len(noChecksum)], nil
}

// unsealed parses a file made by sealed; any damage is an ErrCheckpoint. The file's bytes are kept.
func unsealed(file []byte) ([]models.Tensor, map[string]string, error) {
	tensors, meta, err := models.ReadSafetensors(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	place, err := checksumPlace(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	want := string(place)
	copy(place, noChecksum)
	got := hexSum(file)
	copy(place, want)
	if got != want {
		return nil, nil, fmt.Errorf("%w: its SHA-256 is %s, it should be %s", ErrCheckpoint, got, want)
	}
	return tensors, meta, nil
}

// ReadTensors reads the tensors and metadata of a safetensors file. One that says it is a checkpoint of ours must be
// whole, or the error is an ErrCheckpoint.
func ReadTensors(file []byte) ([]models.Tensor, map[string]string, error) {
	tensors, meta, err := models.ReadSafetensors(file)
	if err == nil && meta[metaFormat] == checkpointFormat {
		return unsealed(file)
	}
	return tensors, meta, err
}

// checkpoint is a checkpoint's content.
type checkpoint struct {
	tensors  map[string]models.Tensor
	meta     map[string]string
	progress progress
	history  *History
}

// decodeCheckpoint parses a checkpoint; what is not a whole one of this format is an ErrCheckpoint.
func decodeCheckpoint(file []byte) (*checkpoint, error) {
	tensors, meta, err := unsealed(file)
	if err != nil {
		return nil, err
	}
	if meta[metaFormat] != checkpointFormat {
		return nil, fmt.Errorf("%w: its format is %q, want %q", ErrCheckpoint, meta[metaFormat], checkpointFormat)
	}
	c := &checkpoint{tensors: byName(tensors), meta: meta, history: &History{}}
	if err := json.Unmarshal([]byte(meta[metaProgress]), &c.progress); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCheckpoint, metaProgress, err)
	}
	if err := json.Unmarshal([]byte(meta[metaHistory]), c.history); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCheckpoint, metaHistory, err)
	}
	return c, nil
}
