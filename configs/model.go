package configs

import (
	"errors"
	"strings"

	"github.com/maxgain/maxgain/models"
	"gopkg.in/yaml.v3"
)

// unnamedNet is the name of a net of layers that was given none.
const unnamedNet = "custom"

// netName is the name of a net. Whether it must be a built-in one's is known when all keys are.
func netName(key string, dst *string) field {
	f := text(key, dst, runName)
	f.want = oneOf(Models...)(unacceptable)
	return f
}

// layers is a net's list of layers.
func layers(key string, dst *[]models.Layer) field {
	return field{
		key: key, want: "a list of layers, such as [conv: {size: 3, out: 16, pad: same}, relu]",
		read: func(n *yaml.Node, report reporter) {
			list, err := models.ParseLayers(n)
			if reportLayers(err, report); err == nil {
				*dst = list
			}
		},
		write: func() *yaml.Node { return models.FormatLayers(*dst) },
	}
}

// initial is a rule for initial weights.
func initial(key string, dst *models.Init) field {
	return field{
		key: key, want: "he, xavier or {normal: 0.01}",
		read: func(n *yaml.Node, report reporter) {
			init, err := models.ParseInit(n)
			if reportLayers(err, report); err == nil {
				*dst = init
			}
		},
		write: func() *yaml.Node { return models.FormatInit(*dst) },
	}
}

func reportLayers(err error, report reporter) {
	var faults models.LayerErrors
	if errors.As(err, &faults) {
		for _, f := range faults {
			report(&yaml.Node{Line: f.At.Line, Column: f.At.Column}, f.Path, f.Problem)
		}
	}
}

// settleModel makes sure that the net is either a built-in one or a list of layers.
func (r *reading) settleModel(top place) {
	m := &r.config.Model
	name, hasName := r.given["model.name"]
	at, hasLayers := r.given["model.layers"]
	builtIn := oneOf(Models...)
	switch {
	case hasLayers:
		m.file, m.layersAt = r.file, at
		if !hasName {
			m.Name = unnamedNet
		} else if builtIn(m.Name) == "" {
			r.fault(name, "model.name", m.Name+" is a built-in net, but model.layers are given; want another name, or no layers")
		}
		return
	case r.syntaxFailed():
		return
	case !hasName:
		r.fault(top, "model.name", "missing, want one of "+strings.Join(Models, ", ")+" (or model.layers)")
	case m.Name != "": // else it was at fault itself
		if want := builtIn(m.Name); want != "" {
			r.fault(name, "model.name", got(scalar("!!str", m.Name), want+", or model.layers beside it"))
		}
	}
	if init, ok := r.given["model.init"]; ok {
		r.fault(init, "model.init", "it goes with model.layers only; a built-in net has its own")
	}
}

// LayerFaults puts the file's name, or the override, before the place that a *models.LayerError in err names, and
// returns other errors as they are. It is for what the layers of Config.Model turn out to be once the data are known.
func (c Config) LayerFaults(err error) error {
	var fault *models.LayerError
	if c.Model.Layers == nil || !errors.As(err, &fault) {
		return err
	}
	f := FieldError{File: c.Model.file, Key: "model.layers" + fault.Path, Problem: fault.Problem}
	if at := c.Model.layersAt; at.override != "" {
		f.File, f.Override = "", at.override
	} else {
		f.Line, f.Column = fault.At.Line, fault.At.Column
	}
	return FieldErrors{f}
}
