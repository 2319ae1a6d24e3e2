package main

import (
	"slices"

	"github.com/maxgain/maxgain/diagnostics/bank"
)

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

var one = []uint64{1}

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

// net is a setting of another net on a data set.
func net(model, data string, train, epochs int) bank.Setting {
	return bank.Setting{Data: data, Model: model, Train: train, Val: valCount, Epochs: epochs}
}

// plan is the part of the bank that numbers are chosen on.
var plan = []batch{
	{mnist(700, 36), []float64{0, 0.2, 0.4}, []float64{1e-3}, one},
	{fashion(1000, 36), []float64{0, 0.1, 0.3}, []float64{1e-3}, one},
	{digits(1000, 28), []float64{0, 0.2, 0.4}, []float64{1e-3}, one},
	{digits(800, 28), []float64{0, 0.2}, []float64{1e-3}, one},
	{net("vgg", "fashion-mnist", 1000, 26), []float64{0, 0.3}, []float64{0.02}, one},
	{net("vgg", "fashion-mnist", 800, 24), []float64{0, 0.3}, []float64{0.02}, one},
	{net("dense", "mnist", 1000, 26), []float64{0, 0.3}, []float64{0.02}, one},
	{net("residual", "digits", 800, 22), []float64{0.3}, []float64{0.02}, one},
	{mnist(1500, 14), []float64{0}, []float64{2e-4, 4e-3, 1e-2}, one},
	{cifar(1500, 26), []float64{0, 0.3}, []float64{0.05}, one},
	{fashion(2500, 18), []float64{0, 0.2}, []float64{2e-3}, one},
	{fashion(1200, 14), []float64{0}, []float64{2e-4, 6e-3}, one},
	{net("residual", "mnist", 1000, 20), []float64{0}, []float64{0.02}, one},
	{mnist(6000, 8), []float64{0}, []float64{1e-3}, one},
	{digits(1000, 14), []float64{0}, []float64{1e-2}, one},
	{cifar(1500, 10), []float64{0}, []float64{0.15, 0.3}, one},
	{net("vgg", "cifar10", 1500, 20), []float64{0.3}, []float64{0.02}, one},
}

// blind is the part that the rules were judged on once they stood: settings, sizes, noises, rates and seeds that were never
// used before. Those of the first list are trained on all labels and with a fifth of them held out.
var blind = []batch{
	{onMany(mnist(900, 32)), []float64{0.15, 0.35}, []float64{1.5e-3}, fresh},
	{onMany(mnist(2200, 24)), []float64{0, 0.25}, []float64{1.5e-3}, fresh[:1]},
	{onMany(fashion(1300, 30)), []float64{0, 0.25, 0.45}, []float64{1.3e-3}, fresh[:1]},
	{digits(1100, 28), []float64{0.15, 0.5}, []float64{1.5e-3}, fresh[:1]},
	{digits(600, 30), []float64{0}, []float64{1.5e-3}, fresh[:1]},
	{net("dense", "fashion-mnist", 900, 28), []float64{0, 0.25}, []float64{0.01}, fresh[:1]},
	{net("dense", "digits", 700, 28), []float64{0.35}, []float64{0.01}, fresh},
	{net("vgg", "mnist", 900, 30), []float64{0, 0.35}, []float64{0.05}, fresh[:1]},
	{net("residual", "digits", 900, 26), []float64{0.15}, []float64{0.05}, fresh[:1]},
	{augmented(mnist(800, 30)), []float64{0.3}, []float64{1.5e-3}, fresh[:1]},
	{net("vgg", greyData, 1200, 28), []float64{0, 0.35}, []float64{0.05}, fresh[:1]},
	{augmented(net("vgg", "fashion-mnist", 1100, 28)), []float64{0.25}, []float64{0.05}, fresh[:1]},
	{net("dense", greyData, 1500, 24), []float64{0, 0.2}, []float64{0.01}, fresh[:1]},
	{net("residual", "fashion-mnist", 900, 26), []float64{0, 0.35}, []float64{0.05}, fresh[:1]},
	{cifar(1200, 30), []float64{0, 0.25}, []float64{0.04}, fresh[:1]},
	{augmented(cifar(1200, 30)), []float64{0.25}, []float64{0.04}, fresh[:1]},
	{mnist(500, 30), []float64{0, 0.3}, []float64{2e-3}, fresh},
	{fashion(700, 30), []float64{0.2}, []float64{2e-3}, fresh},
}

// blindRates are the runs of the blind part that differ in their rates, on all labels alone.
var blindRates = []batch{
	{mnist(1800, 24), []float64{0}, []float64{1e-4, 6e-3, 2e-2}, fresh[:1]},
	{fashion(1800, 24), []float64{0}, []float64{1.2e-4, 8e-3}, fresh[:1]},
	{digits(1500, 24), []float64{0}, []float64{2e-5, 1.2e-2}, fresh[:1]},
	{net("dense", "mnist", 900, 24), []float64{0}, []float64{3e-4, 0.3}, fresh[:1]},
	{net("vgg", "digits", 900, 24), []float64{0}, []float64{5e-4, 0.5}, fresh[:1]},
	{net("residual", "mnist", 900, 24), []float64{0}, []float64{3e-4}, fresh[:1]},
	{cifar(1200, 22), []float64{0}, []float64{1e-3, 0.2, 0.4}, fresh[:1]},
	{mnist(5000, 24), []float64{0}, []float64{1.5e-3}, fresh[:1]},
	{digits(4000, 22), []float64{0.3}, []float64{1.2e-3}, fresh[:1]},
}

// fresh are seeds that no other run of the bank has.
var fresh = []uint64{11, 12}

// onMany is a setting whose runs are evaluated on more images.
func onMany(s bank.Setting) bank.Setting {
	s.Val = proofCount
	return s
}

// augmented is a setting whose training images are shifted, and mirrored where they are no digits or clothes.
func augmented(s bank.Setting) bank.Setting {
	s.Augmented = true
	return s
}

// heldOut is the share that the proof's counterparts hold out.
const heldOut = 0.2

// tuning and blindRuns write the plans out as one entry a run.
func tuning() []bank.Entry { return entries(plan) }

func blindRuns() []bank.Entry {
	var all, held []batch
	for _, b := range blind {
		b.Proof = true
		all = append(all, b)
		b.Holdout = heldOut
		held = append(held, b)
	}
	return slices.Concat(entries(all), entries(blindRates), entries(held))
}

// entries are the runs of some batches.
func entries(batches []batch) []bank.Entry {
	var out []bank.Entry
	for _, b := range batches {
		for _, b.Noise = range b.noises {
			for _, b.Rate = range b.rates {
				for _, seed := range b.seeds {
					out = append(out, bank.Entry{Setting: b.Setting, Seed: seed, File: bank.Key(b.Setting, seed) + ".csv"})
				}
			}
		}
	}
	return out
}
