package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// initialize gives a net the weights of train.init, and says which were drawn instead as the classes are others.
func (e *Experiment) initialize(net *models.Net) error {
	path := e.Config.Train.Init
	w, err := rundir.ReadWeights(path)
	if err != nil {
		return Usagef("train.init: %s: %w", path, err)
	}
	drawn, err := w.Initialize(net)
	if err != nil {
		return Usagef("train.init: %s: %w", path, err)
	}
	message := fmt.Sprintf("the first weights are those of %s", path)
	if w.Epoch >= 0 {
		message += fmt.Sprintf(", epoch %d", w.Epoch)
	}
	if len(drawn) > 0 {
		message += fmt.Sprintf("; for %d classes, %s are drawn anew", e.Spec.Classes, strings.Join(drawn, " and "))
	}
	if e.log != nil {
		e.log(message)
	}
	return nil
}

// LoadNet makes a net of the weights at a path: a run's folder, one of our checkpoints, or any safetensors file whose
// tensors have the names and the PyTorch shapes of the model's parameters. model may be empty if the file says which
// net it is of. Other tensors in the file are passed over.
func LoadNet(path, model string, o models.Options) (*models.Net, error) {
	w, err := rundir.ReadWeights(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Usagef("checkpoint: %w", err)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case model != "":
		if w.Spec, err = models.Lookup(model); err != nil {
			return nil, Usagef("%w", err)
		}
	case len(w.Spec.Layers) == 0:
		return nil, Usagef("%s does not name its model; give --model, one of %v", path, models.Names())
	}
	net, err := w.Net(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return net, nil
}
