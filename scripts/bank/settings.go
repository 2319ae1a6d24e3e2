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
	valCount   = 1000
	proofCount = 2000
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

// net is a setting of another net on a data set.
func net(model, data string, train, epochs int) bank.Setting {
	return bank.Setting{Data: data, Model: model, Train: train, Val: valCount, Epochs: epochs}
}

// plan is the part of the bank that numbers are chosen on.
var plan = []batch{
	{mnist(700, 36), []float64{0, 0.2, 0.4}, []float64{1e-3}, one},
	{fashion(1000, 32), []float64{0, 0.3}, []float64{1e-3}, one},
	{net("vgg", "fashion-mnist", 800, 24), []float64{0, 0.3}, []float64{0.02}, one},
	{net("dense", "mnist", 1000, 26), []float64{0, 0.3}, []float64{0.02}, one},
	{digits(800, 28), []float64{0, 0.2}, []float64{1e-3}, one},
	{net("residual", "digits", 800, 22), []float64{0.3}, []float64{0.02}, one},
	{mnist(1500, 14), []float64{0}, []float64{2e-4, 4e-3, 1e-2}, one},
	{cifar(1500, 26), []float64{0, 0.3}, []float64{0.05}, one},
	{fashion(2500, 18), []float64{0, 0.2}, []float64{2e-3}, one},
	{fashion(1200, 14), []float64{0}, []float64{2e-4, 6e-3}, one},
	{net("residual", "mnist", 1000, 20), []float64{0}, []float64{0.02}, one},
	{mnist(6000, 8), []float64{0}, []float64{1e-3}, one},
	{digits(1000, 14), []float64{0}, []float64{1e-2}, one},
	{cifar(1500, 10), []float64{0}, []float64{0.15, 0.3}, one},
	{net("vgg-colour", "cifar10", 1500, 20), []float64{0.3}, []float64{0.02}, one},
}

// proof is the plan of the proof of use: each with all labels, and with a fifth of them held out.
var proof = []batch{}

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
