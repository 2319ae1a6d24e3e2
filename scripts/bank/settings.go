package main

import "github.com/maxgain/maxgain/diagnostics/bank"

// batch is one line of the bank's plan: a setting at several rates or noises, each with several seeds.
type batch struct {
	bank.Setting
	noises []float64
	rates  []float64
	seeds  []uint64
}

// validation images of the runs of the bank, and untouched ones of the proof.
const (
	valCount   = 2000
	proofCount = 5000
)

// one, two and three seeds.
var (
	one   = []uint64{1}
	two   = []uint64{1, 2}
	three = []uint64{1, 2, 3}
)

// mnist, cifar and digits are settings of LeNet on the data set of the name.
func mnist(train, epochs int) bank.Setting {
	return bank.Setting{Data: "mnist", Model: "lenet-mnist", Train: train, Val: valCount, Epochs: epochs}
}

func digits(train, epochs int) bank.Setting {
	return bank.Setting{Data: "digits", Model: "lenet-mnist", Train: train, Val: valCount, Epochs: epochs}
}

func fashion(train, epochs int) bank.Setting {
	return bank.Setting{Data: "fashion-mnist", Model: "lenet-mnist", Train: train, Val: valCount, Epochs: epochs}
}

func cifar(train, epochs int) bank.Setting {
	return bank.Setting{Data: "cifar10", Model: "lenet-cifar10", Train: train, Val: valCount, Epochs: epochs}
}

func nin(train, epochs int) bank.Setting {
	return bank.Setting{Data: "cifar10", Model: "nin-cifar10-narrow", Train: train, Val: valCount, Epochs: epochs}
}

// plan is the bank: rates from far too low to far too high on clean labels, and sizes and noises at a rate that serves.
// Sizes come in pairs whose settings fall into different halves. Runs on whole training sets are taken from run folders
// (-import); Fashion-MNIST is left out where its files are missing.
var plan = []batch{
	// Rates.
	{mnist(2000, 20), []float64{0}, []float64{1e-5, 1e-4, 3e-4, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2}, one},
	{mnist(3000, 15), []float64{0}, []float64{1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2}, one},
	{digits(1000, 20), []float64{0}, []float64{1e-5, 1e-4, 3e-4, 1e-3, 5e-3, 2e-2}, one},
	{digits(2000, 15), []float64{0}, []float64{1e-5, 1e-4, 3e-4, 1e-3, 5e-3, 2e-2}, one},
	{fashion(2000, 20), []float64{0}, []float64{1e-4, 3e-4, 3e-3, 5e-3, 1e-2}, one},
	{fashion(3000, 15), []float64{0}, []float64{1e-4, 3e-4, 3e-3, 5e-3, 1e-2}, one},
	{cifar(5000, 20), []float64{0}, []float64{5e-4, 5e-3, 0.1, 0.25, 0.5}, one},
	{cifar(4000, 20), []float64{0}, []float64{5e-4, 5e-3, 0.1, 0.25, 0.5}, one},
	{nin(1000, 12), []float64{0}, []float64{0.004, 0.04, 0.4}, one},
	{nin(2000, 12), []float64{0}, []float64{0.004, 0.04, 0.4}, one},
	{nin(5000, 20), []float64{0}, []float64{0.002}, one},
	{nin(4000, 20), []float64{0}, []float64{0.002}, one},
	// Rates about the highest that serves.
	{mnist(2000, 20), []float64{0}, []float64{6e-3, 8e-3}, two},
	{mnist(3000, 15), []float64{0}, []float64{6e-3, 8e-3}, two},
	{fashion(2000, 20), []float64{0}, []float64{6e-3, 8e-3}, two},
	{fashion(3000, 15), []float64{0}, []float64{6e-3, 8e-3}, two},
	{digits(1000, 20), []float64{0}, []float64{1e-2}, two},
	{digits(2000, 15), []float64{0}, []float64{1e-2}, two},
	{cifar(5000, 20), []float64{0}, []float64{0.05, 0.15, 0.2, 0.3}, two},
	{cifar(4000, 20), []float64{0}, []float64{0.05, 0.15, 0.2, 0.3}, two},
	// Sizes and noises.
	{mnist(1000, 40), []float64{0.1, 0.5}, []float64{1e-3}, one},
	{mnist(2000, 30), []float64{0.1, 0.5}, []float64{1e-3}, one},
	{digits(1000, 40), []float64{0.2, 0.3}, []float64{1e-3}, one},
	{digits(5000, 25), []float64{0, 0.1, 0.2, 0.3}, []float64{1e-3}, one},
	{fashion(5000, 30), []float64{0, 0.3}, []float64{1e-3}, one},
}

// proof is the plan of the proof of use: each with all labels, and with a fifth of them held out.
var proof = []batch{
	{mnist(500, 50), []float64{0, 0.3}, []float64{1e-3}, three},
	{mnist(1000, 40), []float64{0, 0.3}, []float64{1e-3}, three},
	{mnist(2000, 30), []float64{0, 0.3}, []float64{1e-3}, three},
	{mnist(5000, 20), []float64{0, 0.3}, []float64{1e-3}, three},
	{cifar(2000, 50), []float64{0, 0.3}, []float64{0.05}, three},
	{fashion(1000, 40), []float64{0, 0.3}, []float64{1e-3}, three},
	{fashion(2000, 30), []float64{0, 0.3}, []float64{1e-3}, three},
}

// heldOut is the share that the proof's counterparts hold out.
const heldOut = 0.2

// runs writes the plans out as one entry a run.
func runs() []bank.Entry {
	var out []bank.Entry
	add := func(s bank.Setting, seed uint64) {
		out = append(out, bank.Entry{Setting: s, Seed: seed, File: bank.Key(s, seed) + ".csv"})
	}
	each := func(b batch, do func(s bank.Setting, seed uint64)) {
		for _, b.Noise = range b.noises {
			for _, b.Rate = range b.rates {
				for _, seed := range b.seeds {
					do(b.Setting, seed)
				}
			}
		}
	}
	for _, b := range plan {
		each(b, add)
	}
	for _, b := range proof {
		b.Val, b.Proof = proofCount, true
		each(b, add)
		b.Holdout = heldOut
		each(b, add)
	}
	return out
}
