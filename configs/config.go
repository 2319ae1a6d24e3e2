// Package configs describes a training run: the keys of its YAML file, their
// defaults and limits, the presets shipped inside the program, and the errors
// that a bad file gets. It knows nothing of data sets beyond their names.
package configs

import (
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// Config is one run, fully resolved. The YAML keys are the fields' names in
// lower case with underscores, under their section: train.batch_size.
type Config struct {
	Name      string // of the run; its folder is <output.dir>/<name>-<time>
	Model     Model
	Data      Data
	Train     Train
	Average   Average
	Gain      Gain
	Diagnosis Diagnosis
	Stop      Stop
	Output    Output

	// Source says in words where the config came from. It is written as a
	// comment above the resolved config and is no part of Hash or Diff.
	Source string
}

// Model is the net: one of the built-in nets by its name, or a list of layers.
type Model struct {
	Name   string // with Layers any name that no built-in net has
	Layers []models.Layer
	Init   models.Init // of the weights, with Layers

	layersAt place // where Layers were given, for LayerFaults
	file     string
}

// Data names the images and says which of them are trained on.
type Data struct {
	Name       string
	Dir        string  // "" searches $MAXGAIN_DATA and the user's cache folder
	TrainCount int     // 0 = all of them
	ValCount   int     // 0 = all of them
	UseAll     bool    // train on training and validation images alike
	Holdout    float64 // share of the training images kept back for validation
	LabelNoise float64 // share of the training labels drawn anew
	Path       string  // of the user's own data
	Split      string  // of emnist
	Height     int     // pixels that pictures are brought to; 0 = their own
	Width      int     // 0 if Height is
	Colour     string  // rgb or grey
	Fit        string  // crop, stretch or pad
	SkipBroken bool    // leave out what cannot be used
	Normalize  string  // mean, standardize, whiten, none; "" = the data's own way
	Shift      int     // pixels by which gain.shifts may move an image; -1 = the data's own
	Augment    datasets.Augment
}

// Phase is a number of epochs at one learning rate, or from Rate to To along a curve.
type Phase struct {
	Rate   float64
	Epochs int
	To     float64
	Curve  string // "" for a constant rate, linear or cosine
}

// Train holds the optimiser's settings. Either LearningRate is set or
// Schedule is; Epochs never exceeds what a Schedule covers.
type Train struct {
	Epochs       int
	BatchSize    int
	LearningRate float64
	Schedule     []Phase
	Momentum     float64
	WeightDecay  float64
	ClassWeights string // none or balanced
	Seed         uint64
	Workers      int    // 0 = every core
	Init         string // run or checkpoint whose weights are the first; "" draws them

	Nesterov            bool // Nesterov's momentum
	DecayNormsAndBiases bool // weight decay for them too
}

// Average says which weights a run keeps.
type Average struct {
	Epochs int // over whose ends the weights are averaged; 0 = weights of one epoch
}

// Gain says which spectral signals are measured and how.
type Gain struct {
	Every       int     // epochs between measurements; 0 = none
	Impulse     float64 // value of the bright pixel
	Window      string  // hann or none, over the derivative; none by default with an Image
	Projection  string  // inverse-score or one
	Image       string  // PNG used instead of the impulse, less its own mean
	SaveSpectra bool
	Positions   int    // places at which an impulse is measured, centre included; 0 = none
	Population  bool   // measure the population gain and its companions
	Images      string // train or noise: what the population is made of
	Shifts      bool   // measure loss and error on training images moved by a few pixels
	Mixed       bool   // measure loss, error and prediction changes on training images rotated, scaled and shifted
	Changes     bool   // count the training images predicted otherwise than an epoch ago
}

// Diagnosis says what the verdicts are judged by.
type Diagnosis struct {
	Calibration string // file written by "train calibrate"; "" = documented defaults
	Rules       string // ours or paper
}

// Stop says when a run ends before its last epoch.
type Stop struct {
	Rule          string // none, gain or validation
	Patience      int    // epochs, of the validation rule
	OnOverfitting bool   // of the gain rule
	OnConvergence bool   // of the gain rule
}

// Output says where a run's folder goes and what is put into it.
type Output struct {
	Dir               string
	CheckpointEvery   int     // epochs between kept checkpoints; 0 = last and best only
	CheckpointMinutes float64 // between checkpoints within an epoch; 0 = none
	TensorBoard       bool
	Report            bool
}

// Default returns the settings of every key that has a default. The model, the
// data, the learning rate and (without a schedule) the epochs have none.
func Default() Config {
	return Config{
		Data:    Data{Split: "balanced", Colour: "rgb", Fit: "crop", Shift: -1},
		Train:   Train{BatchSize: 100, Momentum: 0.9, WeightDecay: 0.0005, ClassWeights: "none", Seed: 1, DecayNormsAndBiases: true},
		Average: Average{Epochs: 10},
		Gain: Gain{Every: 1, Impulse: 1, Window: "hann", Projection: "inverse-score",
			SaveSpectra: true, Population: true, Images: "train", Shifts: true, Mixed: true, Changes: true},
		Diagnosis: Diagnosis{Rules: "ours"},
		Stop:      Stop{Rule: "none", Patience: 5, OnOverfitting: true, OnConvergence: true},
		Output:    Output{Dir: "runs", CheckpointMinutes: 10, TensorBoard: true, Report: true},
	}
}

// epochs returns the number of epochs that the phases cover.
func epochs(phases []Phase) int {
	total := 0
	for _, p := range phases {
		total += p.Epochs
	}
	return total
}
