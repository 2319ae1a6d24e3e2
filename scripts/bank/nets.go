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

// layersOf are the layers of a net of one of these names, nil for any other name, which is a built-in net's.
func layersOf(name string) ([]models.Layer, models.Init, error) {
	layersText, ok := smallNets[name]
	if !ok {
		return nil, models.Init{}, nil
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(layersText), &node); err != nil {
		return nil, models.Init{}, fmt.Errorf("net %s: %w", name, err)
	}
	layers, err := models.ParseLayers(node.Content[0])
	if err != nil {
		return nil, models.Init{}, fmt.Errorf("net %s: %w", name, err)
	}
	init, err := models.ParseInit(&yaml.Node{Kind: yaml.ScalarNode, Value: "he"})
	if err != nil {
		return nil, models.Init{}, fmt.Errorf("net %s: %w", name, err)
	}
	return layers, init, nil
}
