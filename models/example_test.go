package models_test

import (
	"fmt"

	"github.com/maxgain/maxgain/models"
	"gopkg.in/yaml.v3"
)

// A net is a list of layers over images of one shape. New makes it with fresh weights; Train, Evaluate and Update run it.
func ExampleNew() {
	spec := models.Spec{
		Name: "tiny", Input: models.Shape{H: 8, W: 8, C: 1}, Classes: 2,
		Layers: []models.Layer{
			models.Conv{Size: 3, Out: 4, Pad: models.Same(1), NoBias: true}, models.BatchNorm{}, models.ReLU{},
			models.GlobalAvgPool{}, models.Dense{Out: models.OutClasses},
		},
	}
	net, err := models.New(spec, models.Options{Batch: 2, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer net.Close()
	bright, dark := make([]float32, 64), make([]float32, 64)
	for i := range bright {
		bright[i] = 1
	}
	batch := models.Batch{X: append(bright, dark...), Labels: []uint16{1, 0}, N: 2}
	for step := range uint64(50) {
		if _, err := net.Train(batch, step); err != nil {
			fmt.Println(err)
			return
		}
		if err := net.Update(0.1, 0.9, 0); err != nil {
			fmt.Println(err)
			return
		}
	}
	outcome, err := net.Evaluate(batch)
	fmt.Println(outcome.Wrong, outcome.Predictions, err)
	// Output: 0 [1 0] <nil>
}

// The YAML of a net's layers, what they need, and what is said of a mistake.
func ExampleParseLayers() {
	const text = `
- conv: {size: 3, out: 16, pad: same, bias: false}
- batch_norm
- relu
- max_pool: {size: 2}
- residual: {body: [conv: {size: 3, out: 16, pad: same}, batch_norm]}
- relu
- dense: {out: classes}
`
	parse := func(text string) ([]models.Layer, error) {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(text), &document); err != nil {
			return nil, err
		}
		return models.ParseLayers(document.Content[0])
	}
	layers, err := parse(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := models.Spec{Input: models.Shape{H: 28, W: 28, C: 1}, Classes: 10, Layers: layers}.Summary()
	for _, r := range rows {
		fmt.Printf("%-8s%-22s%2d×%2d×%2d%6d\n", r.Name, r.Label, r.Output.H, r.Output.W, r.Output.C, r.Params)
	}
	fmt.Println(err)
	_, err = parse("- conv: {size: 3, out: 16, pad: sane}\n- rely")
	fmt.Println(err)
	// Output:
	// conv1   conv 3×3 → 16         28×28×16   144
	// bn1     batch norm            28×28×16    32
	//         relu                  28×28×16     0
	//         max pool 2×2 / 2      14×14×16     0
	// conv2   conv 3×3 → 16         14×14×16  2320
	// bn2     batch norm            14×14×16    32
	//         residual, identity    14×14×16     0
	//         relu                  14×14×16     0
	// fc1     dense → 10             1× 1×10 31370
	// <nil>
	// 1:33: layers[0].conv.pad: got "sane", want same, valid, a number of pixels, or [top, bottom, left, right]; at most 1024
	// 2:3: layers[1]: unknown layer "rely", want one of conv, dense, batch_norm, relu, leaky_relu, max_pool, avg_pool, global_avg_pool, dropout, residual (did you mean relu?)
}
