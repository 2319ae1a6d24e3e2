package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

type obs struct{}

func (obs) BatchDone(epoch, done, total int, loss float64) {}
func (obs) EpochDone(r trainer.Row) {
	fmt.Printf("%d train %.4f %.4f val %.4f %.4f", r.Epoch, r.TrainLoss, r.TrainError, r.ValLoss, r.ValError)
	for _, s := range r.Signals {
		fmt.Printf(" %s=%.3f", s.Name, s.Value)
	}
	fmt.Printf(" %.1fs %.0f/s\n", r.Seconds, r.ImagesPerSecond)
}

var _ = diagnostics.Monitor{}

func main() {
	rate, _ := strconv.ParseFloat(os.Args[2], 64)
	epochs, _ := strconv.Atoi(os.Args[3])
	t0 := time.Now()
	d, err := datasets.Open(context.Background(), datasets.Options{Name: os.Args[1], Dir: "/work/shared/data", Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println("data", time.Since(t0))
	spec, _ := models.Lookup("lenet-mnist")
	n, err := models.New(spec, models.Options{Batch: 100, Seed: 1})
	if err != nil {
		panic(err)
	}
	tr, err := trainer.New(n, d, trainer.Options{Epochs: epochs, BatchSize: 100, Schedule: trainer.Constant(rate), Momentum: 0.9, WeightDecay: 5e-4, Seed: 1, Observer: obs{}})
	if err != nil {
		panic(err)
	}
	_, err = tr.Run(context.Background())
	fmt.Println(err)
}
