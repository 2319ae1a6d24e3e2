package configs

import (
	"slices"
	"strings"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// Names that model.name and data.name may have. That the nets and the data of
// these names exist is tested where both are known, in cmd/train.
var (
	Models   = models.Names()
	DataSets = datasets.Names()
)

// neutral holds the keys that leave a run's numbers as they are, and do not count
// in Hash and Diff: where things lie, what is written, and how many cores work.
var neutral = map[string]bool{
	"name": true, "data.dir": true, "train.workers": true, "output.dir": true,
	"output.checkpoint_every": true, "output.checkpoint_minutes": true,
	"output.tensorboard": true, "output.report": true, "gain.save_spectra": true,
}

// fields lists every key in the order of the resolved file. It is the only
// list of them: reading, checking, writing, Hash and Diff follow it.
func (c *Config) fields() []field {
	return slices.Concat([]field{
		text("name", &c.Name, runName).says("", "name of the run; its folder is <output.dir>/<name>-<time>").without("the file's name"),
		netName("model.name", &c.Model.Name).says("", "the net; with model.layers any other name").without("required, or model.layers"),
		optional(layers("model.layers", &c.Model.Layers), func() bool { return c.Model.Layers != nil }).added().
			says("", "layers of a net of one's own").without("those of model.name"),
		optional(initial("model.init", &c.Model.Init), func() bool { return c.Model.Init != models.Init{} }).added().
			says("", "standard deviation of the initial weights, with model.layers").without("he"),
		text("data.name", &c.Data.Name, oneOf(DataSets...)).says("", "the data").without("required"),
		source("data.dir", &c.Data.Dir).says("", "folder of the data").without("$MAXGAIN_DATA, the user's cache, a download"),
		whole("data.train_count", &c.Data.TrainCount, 0, 10_000_000).says("images", "training images to use; 0 takes all"),
		whole("data.val_count", &c.Data.ValCount, 0, 10_000_000).says("images", "validation images to use; 0 takes all"),
		flag("data.use_all", &c.Data.UseAll).says("", "train on training and validation images alike"),
		number("data.holdout", &c.Data.Holdout, from(0).to(0.9)).says("shares", "part of the training images kept back for validation"),
		number("data.label_noise", &c.Data.LabelNoise, from(0).to(1)).says("shares", "part of the training labels drawn anew at random"),
	}, c.dataFields(), []field{
		whole("train.epochs", &c.Train.Epochs, 1, 1_000_000).says("epochs", "passes over the training images").without("required, or those of train.schedule"),
		whole("train.batch_size", &c.Train.BatchSize, 1, 10_000).says("images", "images in a step"),
		optional(number("train.learning_rate", &c.Train.LearningRate, above(0)),
			func() bool { return c.Train.Schedule == nil }).says("", "learning rate").without("required, or train.schedule"),
		schedule("train.schedule", &c.Train.Schedule).says("", "learning rates and how many epochs each one holds, constant, or with to: … and curve: linear or cosine; {cosine: {rate, epochs, to, warmup}} for short").without("none"),
		number("train.momentum", &c.Train.Momentum, from(0).below(1)).says("", "momentum of stochastic gradient descent"),
		number("train.weight_decay", &c.Train.WeightDecay, from(0)).says("", "factor of the weights that is added to their gradient"),
		optional(flag("train.decay_norms_and_biases", &c.Train.DecayNormsAndBiases), func() bool { return !c.Train.DecayNormsAndBiases }).added().
			says("", "weight decay for batch norms and biases too, not for the other weights alone").without("true"),
		optional(flag("train.nesterov", &c.Train.Nesterov), func() bool { return c.Train.Nesterov }).added().
			says("", "Nesterov's form of the momentum").without("false"),
		optional(text("train.class_weights", &c.Train.ClassWeights, oneOf("none", "balanced")), func() bool { return c.Train.ClassWeights != "none" }).added().
			says("", "balanced weighs each training image by the mean number of images of a class over that of its own"),
		optional(source("train.init", &c.Train.Init), func() bool { return c.Train.Init != "" }).added().
			says("", "run or checkpoint whose weights training begins with; the last layer is drawn anew where its classes are others").without("weights drawn by train.seed"),
		seed("train.seed", &c.Train.Seed).says("", "seed of everything random"),
		whole("train.workers", &c.Train.Workers, 0, 1024).says("cores", "cores to use; results do not depend on it; 0 takes all"),
		whole("average.epochs", &c.Average.Epochs, 0, 100).added().says("epochs", "last epochs over whose ends the weights that are kept are averaged; 0 keeps those of one epoch"),
		whole("gain.every", &c.Gain.Every, 0, 1_000_000).says("epochs", "epochs from one measurement of the signals to the next; 0 measures none"),
		number("gain.impulse", &c.Gain.Impulse, above(0)).says("", "value of the impulse's pixel"),
		text("gain.window", &c.Gain.Window, oneOf("hann", "none")).says("", "window over the derivative; none by default with gain.image"),
		text("gain.projection", &c.Gain.Projection, oneOf("inverse-score", "one")).says("", "what the winning class's score is weighted by: p = 1/score or p = 1"),
		source("gain.image", &c.Gain.Image).says("", "PNG of the net's input size that is measured at instead of the impulse").without("the impulse"),
		flag("gain.save_spectra", &c.Gain.SaveSpectra).says("", "keep each epoch's spectrum and derivative in the run's folder"),
		whole("gain.positions", &c.Gain.Positions, 0, 100).says("", "places at which an impulse is measured, the centre included; 0 measures at none"),
		flag("gain.population", &c.Gain.Population).says("", "measure the gain at training images, their distance to the boundary and their share of low frequencies"),
		text("gain.images", &c.Gain.Images, oneOf("train", "noise")).says("", "images of gain.population: training images, or noise"),
		flag("gain.shifts", &c.Gain.Shifts).says("", "measure loss and error on training images moved by a few pixels"),
		flag("gain.mixed", &c.Gain.Mixed).added().says("", "measure loss, error and prediction changes on training images rotated, scaled and shifted at random; not where data.shift is 0"),
		flag("gain.changes", &c.Gain.Changes).says("", "count the training images that are predicted otherwise than an epoch ago"),
		source("diagnosis.calibration", &c.Diagnosis.Calibration).says("", "file of thresholds that \"train calibrate\" has written").without("documented thresholds"),
		text("diagnosis.rules", &c.Diagnosis.Rules, oneOf("ours", "paper")).added().says("", "rules of the verdicts: this program's, on all signals, or the paper's four, on the gain of the impulse"),
		text("stop.rule", &c.Stop.Rule, oneOf("none", "gain", "validation")).says("", "what ends a run before its last epoch: nothing, the verdict, or the validation loss"),
		whole("stop.patience", &c.Stop.Patience, 1, 1_000_000).says("epochs", "epochs without a lower validation loss before stop.rule validation ends the run"),
		flag("stop.on_overfitting", &c.Stop.OnOverfitting).says("", "stop.rule gain ends the run at the verdict overfitting"),
		flag("stop.on_convergence", &c.Stop.OnConvergence).says("", "stop.rule gain ends the run at the verdict converged"),
		text("output.dir", &c.Output.Dir, folder).says("", "folder in which runs get their folders"),
		whole("output.checkpoint_every", &c.Output.CheckpointEvery, 0, 1_000_000).says("epochs", "epochs from one kept checkpoint to the next; 0 keeps the last and the best only"),
		number("output.checkpoint_minutes", &c.Output.CheckpointMinutes, from(0)).says("minutes", "time between checkpoints within an epoch; 0 writes none there"),
		flag("output.tensorboard", &c.Output.TensorBoard).says("", "write a file for TensorBoard"),
		flag("output.report", &c.Output.Report).says("", "write report.html when the run ends"),
	})
}

// Keys returns every key of a config in the order of the resolved file.
func Keys() []string {
	var c Config
	var keys []string
	for _, f := range c.fields() {
		keys = append(keys, f.key)
	}
	return keys
}

// sections returns the known sections in order: "model", "data", ….
func sections() []string {
	var names []string
	for _, key := range Keys() {
		section, _, nested := strings.Cut(key, ".")
		if nested && (len(names) == 0 || names[len(names)-1] != section) {
			names = append(names, section)
		}
	}
	return names
}
