package diagnostics_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"strings"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// A training that ends with a loss that is no number.
func ExampleDiagnose() {
	curve, err := diagnostics.ReadCSV(strings.NewReader(
		"epoch,train_loss,gain_db\n1,2.1,-30\n2,1.6,-28\n3,NaN,-20\n"), nil)
	if err != nil {
		log.Fatal(err)
	}
	report := diagnostics.Diagnose(curve, diagnostics.DefaultThresholds())
	fmt.Println(report.Verdict, "in epoch", report.Epoch)
	fmt.Println("advice:", report.Advice)
	// Output:
	// diverged in epoch 3
	// advice: start again with a learning rate ten times lower
}

// The gain of a net of one's own: one dense layer, of whose two outputs the first has the weight 1 at each of the 16
// pixels. The derivative of its logit is 1 everywhere, so the spectrum has 16 at frequency 0: 20·log10(16) dB.
func ExampleImageGain() {
	shape := models.Shape{H: 4, W: 4, C: 1}
	net, err := models.New(models.Spec{Name: "mine", Input: shape, Classes: 2,
		Layers: []models.Layer{models.Dense{Out: models.OutClasses}}}, models.Options{Batch: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	weights := net.Params()[0] // fc1.weight [2,1,4,4]
	torch := make([]float32, len(weights.Value))
	for i := range 16 {
		torch[i] = 1
	}
	if err := weights.Import(weights.Value, torch); err != nil {
		log.Fatal(err)
	}
	net.Changed()

	probe, err := diagnostics.ImpulseGain(shape, 1, models.Logit, spectrum.None)
	if err != nil {
		log.Fatal(err)
	}
	gauge, err := probe.Gauge(net)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("class %d, Maximum Gain %.4f dB, want %.4f\n", gauge.Winner, gauge.MeanDB, 20*math.Log10(16))
	// Output: class 0, Maximum Gain 24.0824 dB, want 24.0824
}

// Training on arrays: 40 images of 4×4 pixels whose left or right half is bright, watched by the gain of an impulse.
func ExampleMonitor() {
	var images datasets.Images
	for i := range 40 {
		for pixel := range 16 {
			bright := (pixel%4 < 2) == (i%2 == 0)
			value := float32(i%5) / 10
			if bright {
				value++
			}
			images.Floats = append(images.Floats, value)
		}
		images.Labels = append(images.Labels, uint16(i%2))
	}
	data, err := datasets.FromSlices(context.Background(), datasets.Slices{H: 4, W: 4, C: 1,
		ClassNames: []string{"left", "right"}, Train: images}, datasets.Options{Normalize: datasets.NormalizeMean})
	if err != nil {
		log.Fatal(err)
	}
	shape := models.Shape{H: 4, W: 4, C: 1}
	net, err := models.New(models.Spec{Name: "halves", Input: shape, Classes: 2, Layers: []models.Layer{
		models.Conv{Size: 3, Out: 4, Pad: models.Same(1)}, models.BatchNorm{}, models.ReLU{},
		models.Dense{Out: models.OutClasses},
	}}, models.Options{Batch: 10, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	probe, err := diagnostics.ImpulseGain(shape, 1, models.LogScore, spectrum.HannWindow)
	if err != nil {
		log.Fatal(err)
	}
	t, err := trainer.New(net, data, trainer.Options{
		Epochs: 8, BatchSize: 10, Schedule: trainer.Constant(0.05), Momentum: 0.9, Seed: 1,
		Hooks: []trainer.Hook{&diagnostics.Monitor{Probes: []diagnostics.Probe{probe}, Every: 1}},
	})
	if err != nil {
		log.Fatal(err)
	}
	status, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	curve := diagnostics.FromHistory(t.History())
	gains, _ := curve.Series(diagnostics.GainDB)
	rows := t.History().Rows
	fmt.Println(status.State, "after", status.Epoch, "epochs,", len(gains), "gains")
	fmt.Printf("training error %.0f %%\n", 100*rows[len(rows)-1].TrainError)
	// Output:
	// finished after 8 epochs, 9 gains
	// training error 0 %
}
