package main

import (
	"fmt"

	"github.com/maxgain/maxgain/models"
	"gopkg.in/yaml.v3"
)

// smallNets are nets of other kinds than the built-in ones, as YAML lists of layers: a dense net, a VGG and a residual net
// with batch norm.
var smallNets = map[string]string{
	"dense": `
- batch_norm
- dense: {out: 256}
- relu
- dense: {out: 128}
- relu
- dense: {out: classes}`,
	"residual": `
- conv: {size: 3, out: 16, pad: same, bias: false}
- batch_norm
- relu
- max_pool: {size: 2, stride: 2}
- residual: {body: [{conv: {size: 3, out: 16, pad: same, bias: false}}, batch_norm, relu, {conv: {size: 3, out: 16, pad: same, bias: false}}, batch_norm]}
- relu
- residual:
    body: [{conv: {size: 3, out: 32, stride: 2, pad: same, bias: false}}, batch_norm, relu, {conv: {size: 3, out: 32, pad: same, bias: false}}, batch_norm]
    shortcut: projection
- relu
- global_avg_pool
- dense: {out: classes}`,
	"vgg": `
- conv: {size: 3, out: 16, pad: same, bias: false}
- batch_norm
- relu
- max_pool: {size: 2, stride: 2}
- conv: {size: 3, out: 32, pad: same, bias: false}
- batch_norm
- relu
- max_pool: {size: 2, stride: 2}
- conv: {size: 3, out: 64, pad: same, bias: false}
- batch_norm
- relu
- global_avg_pool
- dense: {out: classes}`,
}

// specOf is the net of a name for images of a shape: one of these, or a built-in one.
func specOf(name string, input models.Shape) (models.Spec, error) {
	layersText, ok := smallNets[name]
	if !ok {
		return models.Lookup(name)
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(layersText), &node); err != nil {
		return models.Spec{}, fmt.Errorf("net %s: %w", name, err)
	}
	layers, err := models.ParseLayers(node.Content[0])
	if err != nil {
		return models.Spec{}, fmt.Errorf("net %s: %w", name, err)
	}
	init, err := models.ParseInit(&yaml.Node{Kind: yaml.ScalarNode, Value: "he"})
	if err != nil {
		return models.Spec{}, fmt.Errorf("net %s: %w", name, err)
	}
	return models.Spec{Name: name, Input: input, Classes: 10, Init: init, Layers: layers}, nil
}
