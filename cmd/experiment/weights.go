package experiment

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// LoadNet makes a net of a safetensors file: one of ours, or any whose tensors have the names and the
// PyTorch shapes of the model's parameters. model may be empty if the file's metadata name it. Other
// tensors in the file are passed over.
func LoadNet(path, model string, o models.Options) (*models.Net, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, Usagef("checkpoint: %w", err)
	}
	tensors, meta, err := trainer.ReadTensors(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if model == "" {
		if model = meta["model"]; model == "" {
			return nil, Usagef("%s does not name its model; give --model, one of %v", path, models.Names())
		}
	}
	spec, err := models.Lookup(model)
	if err != nil {
		return nil, Usagef("%w", err)
	}
	net, err := models.New(spec, o)
	if err != nil {
		return nil, err
	}
	byName := map[string]models.Tensor{}
	for _, t := range tensors {
		byName[t.Name] = t
	}
	for _, p := range net.Params() {
		if err := assign(p, byName); err != nil {
			net.Close()
			return nil, fmt.Errorf("%s is no net of model %s: %w", path, model, err)
		}
	}
	net.Changed()
	return net, nil
}

// assign gives a parameter the values of the tensor of its name.
func assign(p *models.Param, tensors map[string]models.Tensor) error {
	t, ok := tensors[p.Name]
	if !ok {
		return fmt.Errorf("it has no tensor %s", p.Name)
	}
	if t.DType != "F32" || !slices.Equal(t.Shape, p.Shape) {
		return fmt.Errorf("tensor %s is %s %v, want F32 %v", p.Name, t.DType, t.Shape, p.Shape)
	}
	values := make([]float32, len(t.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return p.Import(p.Value, values)
}
