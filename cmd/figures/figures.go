// Package figures repeats the figures of Stamatescu & McDonnell (2018), arXiv:1810.03241: it trains what a figure shows
// and holds it against theory where there is one. It prints nothing; the drawing is that of package report.
package figures

import (
	"log/slog"

	"github.com/maxgain/maxgain/cmd/experiment"
)

// Figure is a figure of the paper. The base rates are those of MatConvNet's examples, which the paper trained with; the
// factors between rates are inferred (docs/figures.md).
type Figure struct {
	Number int
	Title  string
	Curves []Curve // the base run first; none: the figure is of the toy net or of published ones
}

// Curve is one setting: a preset at a constant rate.
type Curve struct {
	Setting string // for the legend
	Preset  string
	Rate    float64
}

// Options say with what and where to a figure is made.
type Options struct {
	Runs    string // folder of the runs, a folder a run in it
	Out     string // folder to write the figure to
	DataDir string // of the data; empty looks where configs do
	Seeds   []uint
	Workers uint
	Quick   bool               // LeNet on a few built-in digits stands for every net
	Image   string             // PNG file for figures 1 to 3; empty takes a scene made by the program; photo of figure 5
	Nets    Nets               // of figures 5 to 7
	Run     experiment.RunFunc // trains one of the runs
	Log     *slog.Logger
}

// All lists them. A run that several figures show is trained once.
var All = []Figure{
	{1, "A natural image and the toy net's Gaussian filter", nil},
	{2, "The toy net's maps", nil},
	{3, "Data derivative and frequency response of the toy net by projection p", nil},
	{4, "The toy net at an impulse image, after a Hann window", nil},
	{oneNet, "A published net at a photo and at an impulse, red channel", nil},
	{allNets, "Published nets at an impulse, red channel", nil},
	{netGains, "Maximum Gain of published nets over their error", nil},
	{8, "LeNet on MNIST, larger learning rates", []Curve{
		{"rate 0.001 (base)", "lenet_mnist", 0.001},
		{"rate 0.002", "lenet_mnist", 0.002},
		{"rate 0.005", "lenet_mnist", 0.005},
		{"rate 0.01", "lenet_mnist", 0.01},
	}},
	{9, "LeNet on MNIST, smaller learning rates", []Curve{
		{"rate 0.001 (base)", "lenet_mnist", 0.001},
		{"rate 0.0001", "lenet_mnist", 0.0001},
		{"rate 0.00001", "lenet_mnist", 0.00001},
	}},
	{10, "LeNet on CIFAR-10, larger learning rates", []Curve{
		{"rate 0.05 (base)", "lenet_cifar10", 0.05},
		{"rate 0.1", "lenet_cifar10", 0.1},
		{"rate 0.25", "lenet_cifar10", 0.25},
		{"rate 0.5", "lenet_cifar10", 0.5},
	}},
	{11, "LeNet on CIFAR-10, smaller learning rates", []Curve{
		{"rate 0.05 (base)", "lenet_cifar10", 0.05},
		{"rate 0.005", "lenet_cifar10", 0.005},
		{"rate 0.0005", "lenet_cifar10", 0.0005},
	}},
	{12, "Network in Network and LeNet on CIFAR-10", []Curve{
		{"LeNet, 0.05", "lenet_cifar10", 0.05},
		{"Network in Network, 0.04", "nin_cifar10_constant", 0.04},
	}},
	{13, "LeNet on CIFAR-10 with half and double the filters", []Curve{
		{"original", "lenet_cifar10", 0.05},
		{"half", "lenet_cifar10_half", 0.05},
		{"double", "lenet_cifar10_double", 0.05},
	}},
}
