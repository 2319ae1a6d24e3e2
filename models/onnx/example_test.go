package onnx_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
)

// A net is written as an ONNX file, as another program might have written it, and the derivative of its winning logit is
// taken at an image. onnx.Read reads a file by its path.
func Example() {
	spec := models.Spec{Name: "sum", Input: models.Shape{H: 2, W: 2, C: 1}, Classes: 2, Layers: []models.Layer{models.Dense{Out: 2}}}
	trained, err := models.New(spec, models.Options{Batch: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer trained.Close()
	weights := trained.Params()[0] // [classes, pixels]
	if err := weights.Import(weights.Value, []float32{1, 1, 1, 1, 0, 5, 0, 0}); err != nil {
		log.Fatal(err)
	}
	trained.Changed()
	var file bytes.Buffer
	if err := onnx.Write(&file, trained, nil); err != nil {
		log.Fatal(err)
	}

	model, err := onnx.Parse(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	net, err := onnx.NewNet(model, onnx.NetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	result, err := net.Linearize([]float64{0, 2, 0, 0}, 1, models.Logit)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("images", net.Shape(), "classes", net.Classes())
	fmt.Println("logits", result.Logits, "winner", result.Winner[0])
	fmt.Println("derivative", result.Derivative)
	// Output:
	// images {2 2 1} classes 2
	// logits [2 10] winner 1
	// derivative [0 5 0 0]
}
