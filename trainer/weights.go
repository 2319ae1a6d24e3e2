package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// RecipeFile holds the preprocessing in the folder of checkpoints where it is too large to be in each of them, as that of
// whitened images is. At the end of the run best.safetensors takes it over.
const RecipeFile = "preprocessing.safetensors"

// largeRecipe is the number of bytes of tensors from which a recipe has a file of its own: writing it would take longer
// than writing the weights of a small net.
const largeRecipe = 1 << 20

// Weights are a net's weights as a safetensors file holds them, with what the file says of the net.
type Weights struct {
	// Spec is the net. It has no layers if the file does not say what net it is of.
	Spec models.Spec
	// Recipe is the preprocessing of the net's input, with the names of its classes; nil if the file has none.
	Recipe *datasets.Recipe
	Epoch  int // at the end of which the weights were kept; −1 if the file does not say
	// Averaged is the number of epochs, Epoch the last, of whose ends the weights are the mean; 0: they are those of Epoch.
	Averaged int
	Config   []byte // of the run; nil if the file has none
	Tensors  map[string]models.Tensor
}

// ReadWeights reads a safetensors file: a checkpoint of ours, which must be whole or the error is an ErrCheckpoint, or one
// of another program. A checkpoint of an earlier version has no Recipe.
func ReadWeights(file []byte) (*Weights, error) {
	tensors, meta, err := ReadTensors(file)
	if err != nil {
		return nil, err
	}
	w := &Weights{Epoch: -1, Tensors: byName(tensors)}
	if meta[metaFormat] != checkpointFormat {
		if slices.Contains(models.Names(), meta[metaModel]) {
			w.Spec, err = models.Lookup(meta[metaModel])
		}
		return w, err
	}
	if err := w.read(meta); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return w, nil
}

// read takes over what a checkpoint's metadata say.
func (w *Weights) read(meta map[string]string) (err error) {
	if w.Epoch, err = strconv.Atoi(meta[metaEpoch]); err != nil {
		return fmt.Errorf("%s: %w", metaEpoch, err)
	}
	if text, ok := meta[metaAveraged]; ok {
		if w.Averaged, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("%s: %w", metaAveraged, err)
		}
	}
	if text, ok := meta[metaConfig]; ok {
		w.Config = []byte(text)
	}
	if net, ok := meta[metaNet]; ok {
		w.Spec, err = models.ParseNet(meta[metaModel], []byte(net))
	} else if slices.Contains(models.Names(), meta[metaModel]) {
		w.Spec, err = models.Lookup(meta[metaModel])
	}
	if err != nil {
		return fmt.Errorf("%s: %w", metaNet, err)
	}
	w.Recipe, err = recipeOf(w.Tensors, meta)
	return err
}

// recipeOf decodes the preprocessing in a file, nil if there is none or if it has a file of its own.
func recipeOf(tensors map[string]models.Tensor, meta map[string]string) (*datasets.Recipe, error) {
	text, ok := meta[datasets.RecipeKey]
	if !ok {
		return nil, nil
	}
	var fault error
	r, err := datasets.DecodeRecipe(text, func(name string) (datasets.Tensor, bool) {
		t, ok := tensors[name]
		if !ok {
			return datasets.Tensor{}, false
		}
		values, err := t.Float32s()
		fault = errors.Join(fault, err)
		return datasets.Tensor{Name: name, Shape: t.Shape, Values: values}, true
	})
	if err := errors.Join(fault, err); err != nil {
		return nil, err
	}
	return r, nil
}

// recipeTensors are a recipe's text and tensors.
func recipeTensors(r *datasets.Recipe) (text string, tensors []models.Tensor) {
	text, arrays := r.Encode()
	for _, a := range arrays {
		tensors = append(tensors, models.Float32Tensor(a.Name, a.Shape, a.Values))
	}
	return text, tensors
}

// isLarge tells whether a recipe has a file of its own.
func isLarge(r *datasets.Recipe) bool {
	_, arrays := r.Encode()
	bytes := 0
	for _, a := range arrays {
		bytes += 4 * len(a.Values)
	}
	return bytes >= largeRecipe
}

// saveRecipe writes the preprocessing into a file of its own if it is a large one.
func (t *Trainer) saveRecipe() error {
	r := t.data.Recipe
	if t.store == nil || r == nil || !isLarge(r) {
		return nil
	}
	if _, err := t.store.recipe(); err == nil {
		return nil
	}
	text, tensors := recipeTensors(r)
	file, err := sealed(tensors, map[string]string{metaFormat: recipeFormat, datasets.RecipeKey: text})
	if err == nil {
		err = t.store.put(RecipeFile, file)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// removeRecipe removes the preprocessing's own file when the weights that the run ends with hold it.
func (t *Trainer) removeRecipe() error {
	if t.store == nil {
		return nil
	}
	if err := t.store.dir.Remove(RecipeFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// recipe reads the preprocessing that has a file of its own.
func (s *store) recipe() (*datasets.Recipe, error) {
	file, err := s.dir.ReadFile(RecipeFile)
	if err != nil {
		return nil, err
	}
	return ReadRecipe(file)
}

// ReadRecipe reads the content of a RecipeFile. One that is not whole is an ErrCheckpoint.
func ReadRecipe(file []byte) (*datasets.Recipe, error) {
	tensors, meta, err := unsealed(file)
	if err != nil {
		return nil, err
	}
	r, err := recipeOf(byName(tensors), meta)
	if err == nil && (r == nil || meta[metaFormat] != recipeFormat) {
		err = fmt.Errorf("its format is %q, want %q", meta[metaFormat], recipeFormat)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return r, nil
}

// Net makes a net of the weights; close it. Without a Spec it is an error.
func (w *Weights) Net(o models.Options) (*models.Net, error) {
	if len(w.Spec.Layers) == 0 {
		return nil, errors.New("the file does not say which net its weights are of")
	}
	net, err := models.New(w.Spec, o)
	if err != nil {
		return nil, err
	}
	if err := w.Load(net); err != nil {
		return nil, errors.Join(err, net.Close())
	}
	return net, nil
}

// Load gives a net the weights. Every parameter of it must have a tensor of its name and shape, or nothing is changed and
// the error is an ErrOtherNet; other tensors are passed over.
func (w *Weights) Load(net Net) error {
	return load(w.Tensors, net)
}

// Initialize gives a net that is to be trained the weights to start from, as Load does, but for those of its last layer
// with weights if they are for another number of classes: these stay as they were drawn, and their names are returned.
func (w *Weights) Initialize(net Net) (drawn []string, err error) {
	params := net.Params()
	if len(params) == 0 {
		return nil, nil
	}
	tensors := maps.Clone(w.Tensors)
	last := layerOf(params[len(params)-1].Name)
	for _, p := range params {
		t, ok := tensors[p.Name]
		if !ok || layerOf(p.Name) != last || len(t.Shape) != len(p.Shape) || slices.Equal(t.Shape, p.Shape) ||
			!slices.Equal(t.Shape[1:], p.Shape[1:]) {
			continue
		}
		drawn = append(drawn, p.Name)
		tensors[p.Name] = models.Float32Tensor(p.Name, p.Shape, p.Export(p.Value))
	}
	return drawn, load(tensors, net)
}

func load(tensors map[string]models.Tensor, net Net) error {
	c := checkpoint{tensors: tensors}
	if err := c.load(net, false); err != nil {
		return fmt.Errorf("%w: %w", ErrOtherNet, err)
	}
	return nil
}

// layerOf is the layer that a parameter's name begins with: conv1 of conv1.weight.
func layerOf(param string) string {
	layer, _, _ := strings.Cut(param, ".")
	return layer
}

// KeptWeights reads the weights that a run has kept from its open folder of checkpoints, or where it has kept none yet
// those of its last checkpoint, with their preprocessing.
func KeptWeights(dir fs.FS) (*Weights, error) {
	for _, name := range []string{BestFile, LastFile} {
		file, err := fs.ReadFile(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		w, err := ReadWeights(file)
		if err != nil && !errors.Is(err, ErrCheckpoint) {
			err = fmt.Errorf("%w: %w", ErrCheckpoint, err)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return w, w.FindRecipe(dir)
	}
	return nil, fmt.Errorf("there are no weights: %w", fs.ErrNotExist)
}

// FindRecipe takes the preprocessing from the folder of checkpoints that the weights are in, if they have none of their own.
func (w *Weights) FindRecipe(dir fs.FS) error {
	if w.Recipe != nil || w.Epoch < 0 {
		return nil
	}
	file, err := fs.ReadFile(dir, RecipeFile)
	if err == nil {
		if w.Recipe, err = ReadRecipe(file); err != nil {
			return fmt.Errorf("%s: %w", RecipeFile, err)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if file, err = fs.ReadFile(dir, BestFile); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var best *Weights
	if err == nil {
		best, err = ReadWeights(file)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", BestFile, err)
	}
	w.Recipe = best.Recipe // none in one of an earlier version
	return nil
}
