package configs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
)

var modelNames = strings.Join(Models, ", ")

// bad holds, for each testdata/*.bad.yaml, the whole message.
var bad = map[string][]string{
	"value": {":9:18: train.learning_rate: got -0.1, want a number > 0"},
	"unknown": {
		":1:1: data.name: missing, want one of " + dataNames,
		":1:1: model.name: missing, want one of " + modelNames + " (or model.layers)",
		":1:1: train.epochs: missing, want a whole number from 1 to 1000000",
		":1:1: train.learning_rate: missing, want a number > 0 (or train.schedule)",
		":2:3: model.nam: unknown key, did you mean model.name?",
		":3:3: model.depth: unknown key, want one of name, layers, init",
		":4:1: epochs: unknown key, did you mean train.epochs?",
		":5:1: trian: unknown key, did you mean train?",
		":7:1: colour: unknown key, did you mean data.colour?",
	},
	"types": {
		`:2:9: model.name: got "lenet-mnst", want one of ` + modelNames + " (did you mean lenet-mnist?), or model.layers beside it",
		":3:3: model.name: given twice, first in line 2",
		":5:9: data.name: got a list, want a text",
		`:6:12: data.use_all: got "yes", want true or false`,
		":7:16: data.label_noise: got 1.5, want a number >= 0 and <= 1",
		":8:16: data.train_count: got 1e3, want a whole number from 0 to 10000000",
		":9:12: data.holdout: got .nan, want a finite number",
		":11:11: train.epochs: got 0, want a whole number from 1 to 1000000",
		`:12:15: train.batch_size: got "100", want a whole number from 1 to 10000`,
		":13:18: train.learning_rate: got .inf, want a finite number",
		":14:13: train.momentum: got 1, want a number >= 0 and < 1",
		":15:9: train.seed: got -1, want a whole number from 0 to 18446744073709551615",
		":16:11: train.workers: got nothing, want a whole number from 0 to 1024",
		":17:1: train: given twice, first in line 10",
	},
	"sections": {
		":1:1: data.name: missing, want one of " + dataNames,
		":1:1: model.name: missing, want one of " + modelNames + " (or model.layers)",
		`:1:8: model: got "lenet-mnist", want a section, such as model.name: …`,
		":2:7: data: got a list, want a section, such as data.name: …",
	},
	"phases": {
		":7:14: train.schedule[1].rate: got 0, want a number > 0",
		":7:25: train.schedule[1].epochs: got 1.5, want a whole number from 1 to 1000000",
		":8:7: train.schedule[2].epochs: missing",
		":8:19: train.schedule[2].epoch: unknown key, want rate, epochs, to and curve",
		":8:35: train.schedule[2].rate: given twice",
		":9:7: train.schedule[3]: got 0.1, want {rate: …, epochs: …}",
	},
	"conflict": {
		":2:45: data.holdout: nothing can be held out when data.use_all trains on everything",
		":4:11: train.epochs: got 9, want at most 2, the epochs of train.schedule",
		":7:5: train.schedule: train.learning_rate is given too; want one of them",
		":8:14: stop.rule: validation needs images to validate on, but data.use_all trains on all; try stop.rule: gain",
	},
	"layers": {
		":2:9: model.name: lenet-mnist is a built-in net, but model.layers are given; want another name, or no layers",
		`:3:9: model.init: got "hee", want he, xavier or {normal: 0.01} (did you mean he?)`,
		`:5:37: model.layers[0].conv.pad: got "sane", want same, valid, a number of pixels, or [top, bottom, left, right]; at most 1024`,
		`:6:7: model.layers[1]: unknown layer "batchnorm", want one of conv, dense, batch_norm, relu, leaky_relu, max_pool, avg_pool, global_avg_pool, dropout, residual (did you mean batch_norm?)`,
		":9:13: model.layers[2].residual.body[0].conv.size: missing, as in conv: {size: 3, out: 16, pad: same}",
	},
	"init":   {":3:9: model.init: it goes with model.layers only; a built-in net has its own"},
	"epochs": {":4:11: train.epochs: got 9, want at most 2, the epochs of train.schedule"},
	"bomb": {
		":1:4: anchors are not supported",
		":2:4: anchors are not supported",
		":3:5: aliases are not supported; write the value out",
		":3:8: aliases are not supported; write the value out",
		":3:11: aliases are not supported; write the value out",
		":3:14: aliases are not supported; write the value out",
	},
	"tags": {
		":2:9: tags are not supported: !!str",
		":4:9: tags are not supported: !secret",
	},
	"syntax": {":2: not valid YAML: did not find expected key"},
	"two":    {":2: not valid YAML: a second document; want one"},
	"list":   {":1:1: got a list, want sections: model, data, train, average, gain, diagnosis, stop, output"},
	"empty": {
		":1:1: data.name: missing, want one of " + dataNames,
		":1:1: model.name: missing, want one of " + modelNames + " (or model.layers)",
		":1:1: train.epochs: missing, want a whole number from 1 to 1000000",
		":1:1: train.learning_rate: missing, want a number > 0 (or train.schedule)",
	},
	"escape": {
		`:1:7: name: got "../../etc/passwd", want a name of at most 64 letters, digits, dots, dashes and underscores that begins with a letter or digit`,
		`:5:15: output.dir: got "", want a folder`,
		":6:3: got a list, want a key",
	},
}

func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) != len(bad) {
		t.Fatalf("%d files, %d messages, %v", len(files), len(bad), err)
	}
	for name, want := range bad {
		t.Run(name, func(t *testing.T) {
			file := name + ".bad.yaml"
			data, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(file, data, nil)
			if err == nil {
				t.Fatal("accepted")
			}
			if lines := file + strings.Join(want, "\n"+file); err.Error() != lines {
				t.Errorf("got\n%v\nwant\n%s", err, lines)
			}
		})
	}
}

func TestBadOverrides(t *testing.T) {
	for set, want := range map[string]string{
		"train.epochs=x":        `got "x", want a whole number from 1 to 1000000`,
		"train.epochs=":         "got nothing, want a whole number from 1 to 1000000",
		"train.epochs=[1":       "not valid YAML: did not find expected ',' or ']'",
		"train.epoch=3":         "unknown key, did you mean train.epochs?",
		"learning_rate=3":       "unknown key, did you mean train.learning_rate?",
		"train=3":               "is a section; name one of its keys, such as train.epochs",
		"epochs":                "want key=value, such as train.epochs=2",
		"=3":                    "want key=value, such as train.epochs=2",
		"name=../x":             `got "../x", want a name of at most 64 letters, digits, dots, dashes and underscores that begins with a letter or digit`,
		"gain.window=*a":        `got "*a", want one of hann, none`,
		"train.seed=&a 3":       "anchors are not supported",
		"train.momentum=.nan":   "got .nan, want a finite number",
		"train.learning_rate=0": "got 0, want a number > 0",
		"train.schedule=[{rate: 0.1, epochs: 0}]": "train.schedule[0].epochs: got 0, want a whole number from 1 to 1000000",
	} {
		_, err := Load("lenet_mnist", []string{set})
		if full := "--set " + set + ": " + want; err == nil || err.Error() != full {
			t.Errorf("got  %v\nwant %s", err, full)
		}
	}
}

func TestFaultsOfFileComeBeforeOverridesInOrder(t *testing.T) {
	_, err := Parse("a.yaml", []byte("model: {name: lenet-mnist}\ndata: {name: mnist}\ntrain: {epochs: 1, learning_rate: -1}\n"),
		[]string{"stop.rule=z", "gain.every=-1"})
	var faults FieldErrors
	if !errors.As(err, &faults) || len(faults) != 3 ||
		faults[0].Line != 3 || faults[1].Key != "stop.rule" || faults[2].Key != "gain.every" {
		t.Errorf("got %v", err)
	}
}

// The definition of a sweep is told from a config.
func TestSweepIsNoConfig(t *testing.T) {
	_, err := Load("sweep_lenet_mnist", nil)
	if want := "this file defines a sweep; run it with: train sweep --config sweep_lenet_mnist.yaml --out FOLDER"; err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want …%s", err, want)
	}
}

func TestTooLongFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.yaml")
	if err := os.WriteFile(path, make([]byte, 2*maxBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, nil)
	if want := path + ": too long for a config: more than 1048576 bytes"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestPresets checks the figures of the sources named in each preset.
func TestPresets(t *testing.T) {
	type numbers struct {
		model, data string
		epochs      int
		rate, decay float64
		phases      int
	}
	want := map[string]numbers{
		"lenet_mnist.yaml":            {"lenet-mnist", "mnist", 20, 0.001, 0.0005, 0},
		"lenet_cifar10.yaml":          {"lenet-cifar10", "cifar10", 45, 0.05, 0.0001, 0},
		"lenet_cifar10_half.yaml":     {"lenet-cifar10-half", "cifar10", 45, 0.05, 0.0001, 0},
		"lenet_cifar10_double.yaml":   {"lenet-cifar10-double", "cifar10", 45, 0.05, 0.0001, 0},
		"lenet_cifar10_schedule.yaml": {"lenet-cifar10", "cifar10", 45, 0, 0.0001, 3},
		"nin_cifar10.yaml":            {"nin-cifar10", "cifar10", 103, 0, 0.0005, 6},
		"nin_cifar10_constant.yaml":   {"nin-cifar10", "cifar10", 45, 0.04, 0.0005, 0},
		"vgg_small.yaml":              {"vgg-small", "cifar10", 20, 0, 0.0005, 2},
		"resnet20_cifar10.yaml":       {"resnet20-cifar10", "cifar10", 30, 0, 0.0005, 2},
	}
	for _, name := range Presets() {
		c, err := Load(name, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "quickstart.yaml" {
			if c.Data.Name != "digits" {
				t.Error("the quick start needs a download")
			}
			continue
		}
		got := numbers{c.Model.Name, c.Data.Name, c.Train.Epochs, c.Train.LearningRate, c.Train.WeightDecay, len(c.Train.Schedule)}
		if got != want[name] {
			t.Errorf("%s: got %v, want %v", name, got, want[name])
		}
		if c.Train.BatchSize != 100 || c.Train.Momentum != 0.9 {
			t.Errorf("%s: batch %d, momentum %g", name, c.Train.BatchSize, c.Train.Momentum)
		}
		if c.Name != strings.TrimSuffix(name, ".yaml") {
			t.Errorf("%s: run is called %s", name, c.Name)
		}
	}
	if got := len(Presets()); got != len(want)+1 {
		t.Errorf("%d presets, want %d", got, len(want)+1)
	}
}

func TestFileIsPreferredToPreset(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Load("lenet_mnist", nil)
	if err != nil || c.Source != "preset lenet_mnist.yaml" {
		t.Fatalf("%q, %v", c.Source, err)
	}
	mine := "name: mine\nmodel: {name: lenet-mnist}\ndata: {name: digits}\ntrain: {epochs: 3, learning_rate: 0.1}\n"
	if err := os.WriteFile("lenet_mnist.yaml", []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lenet_mnist", "lenet_mnist.yaml", "./lenet_mnist.yaml"} {
		c, err := Load(name, []string{"train.epochs=4"})
		if err != nil || c.Name != "mine" || c.Train.Epochs != 4 {
			t.Errorf("%s: %v, %v", name, c, err)
		}
		if !strings.HasPrefix(c.Source, "file ") || !strings.HasSuffix(c.Source, "lenet_mnist.yaml --set train.epochs=4") {
			t.Errorf("source %q", c.Source)
		}
	}
	_, err = Load("lenet_mnits.yaml", nil)
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "did you mean lenet_mnist.yaml?") {
		t.Errorf("got %v", err)
	}
	if _, err = Load(t.TempDir(), nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("folder: %v", err)
	}
}

func TestRateAndScheduleReplaceEachOther(t *testing.T) {
	c, err := Load("lenet_cifar10_schedule", []string{"train.learning_rate=0.1"})
	if err != nil || c.Train.Schedule != nil || c.Train.LearningRate != 0.1 || c.Train.Epochs != 45 {
		t.Errorf("%+v, %v", c.Train, err)
	}
	c, err = Load("lenet_mnist", []string{"train.schedule=[{rate: 0.1, epochs: 15}, {rate: 0.01, epochs: 15}]"})
	want := []Phase{{Rate: 0.1, Epochs: 15}, {Rate: 0.01, Epochs: 15}}
	if err != nil || !slices.Equal(c.Train.Schedule, want) || c.Train.LearningRate != 0 || c.Train.Epochs != 20 {
		t.Errorf("%+v, %v", c.Train, err)
	}
}

func TestGainSettings(t *testing.T) {
	for set, want := range map[string]string{"gain.impulse=2": "hann", "gain.image=cat.png": "none"} {
		if c, err := Load("lenet_mnist", []string{set}); err != nil || c.Gain.Window != want {
			t.Errorf("%s: window %q, %v", set, c.Gain.Window, err)
		}
	}
	_, err := Load("lenet_mnist", []string{"gain.every=0", "stop.rule=gain"})
	if want := "--set stop.rule=gain: gain needs the gain measured, but gain.every is 0"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// What a config leaves out has the values of the paper's training: the weight decay too, whose size no run shows at once.
func TestDefaultsOfTheTraining(t *testing.T) {
	d := Default().Train
	if d.WeightDecay != 5e-4 || d.Momentum != 0.9 || d.BatchSize != 100 || d.Seed != 1 {
		t.Errorf("got %+v", d)
	}
	c, err := Load("quickstart", nil)
	if err != nil || c.Train.WeightDecay != 5e-4 {
		t.Errorf("quickstart: weight decay %v, %v", c.Train.WeightDecay, err)
	}
}

// A picture is measured without a window, unless a window was asked for.
func TestAnExplicitWindowStaysWithAnImage(t *testing.T) {
	for want, sets := range map[string][]string{
		"none": {"gain.image=a.png"},
		"hann": {"gain.image=a.png", "gain.window=hann"},
	} {
		if c, err := Load("lenet_mnist", sets); err != nil || c.Gain.Window != want {
			t.Errorf("%v: window %q, %v, want %s", sets, c.Gain.Window, err, want)
		}
	}
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := "model: {name: lenet-mnist}\ndata: {name: digits}\ntrain: {epochs: 1, learning_rate: 0.1}\ngain: {image: a.png, window: hann}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(file, nil); err != nil || c.Gain.Window != "hann" {
		t.Errorf("of a file: window %q, %v, want hann", c.Gain.Window, err)
	}
}

func TestRunNameStaysInItsFolder(t *testing.T) {
	for file, want := range map[string]string{
		"../../a.yaml": "a", "..": "run", "": "run", "/": "run", ".yaml": "run", "a b/ü x.yaml": "x",
		".hidden.yaml": "hidden", strings.Repeat("n", 99): strings.Repeat("n", 64),
	} {
		got := nameOf(file)
		if got != want || runName(got) != "" {
			t.Errorf("nameOf(%q) = %q, want %q", file, got, want)
		}
	}
}

func TestResolvedFileRepeatsTheRun(t *testing.T) {
	sets := []string{"train.seed=18446744073709551615", "output.dir=a: b # c", "data.dir=null", "train.momentum=0.123456789012345678",
		"gain.image=\u00fc \"x\".png", "train.weight_decay=1e-300"}
	for _, preset := range Presets() {
		c, err := Load(preset, sets)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("other.yaml", c.YAML(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if Diff(c, again) != nil || c.Hash() != again.Hash() || string(c.YAML()) != string(again.YAML()) {
			t.Errorf("%s: read back as\n%s", preset, again.YAML())
		}
	}
}

func TestHashAndDiffSeeWhatDeterminesTheNumbers(t *testing.T) {
	base, err := Load("lenet_mnist", nil)
	if err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{
		"train.workers=2": "", "output.dir=x": "", "data.dir=/d": "", "name=other": "", "output.report=false": "",
		"train.momentum=0.5":     "train.momentum: 0.9, now 0.5",
		"model.name=nin-cifar10": "model.name: lenet-mnist, now nin-cifar10",
		"stop.rule=gain":         "stop.rule: none, now gain",
		"train.schedule=[{rate: 0.1, epochs: 20}]": "train.learning_rate: 0.001, now unset; " +
			"train.schedule: unset, now [{rate: 0.1, epochs: 20}]",
	} {
		c, err := Load("lenet_mnist", []string{set})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(Diff(base, c), "; "); got != want {
			t.Errorf("%s: got %q, want %q", set, got, want)
		}
		if (base.Hash() == c.Hash()) != (want == "") {
			t.Errorf("%s: hashes %s and %s", set, base.Hash(), c.Hash())
		}
	}
}

func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"", "abc"}: 3, {"kitten", "sitting"}: 3, {"flaw", "lawn"}: 2, {"epochs", "epochs"}: 0,
	} {
		if got := editDistance(pair[0], pair[1]); got != want || editDistance(pair[1], pair[0]) != want {
			t.Errorf("%v: got %d, want %d", pair, got, want)
		}
	}
}

// dataOf loads quickstart with the overrides and returns its data section and what went wrong.
func dataOf(overrides ...string) (Config, error) {
	return Load("quickstart.yaml", overrides)
}

// dataNames are the names of the data as faults list them.
var dataNames = strings.Join(DataSets, ", ")

func TestDataKeys(t *testing.T) {
	c, err := dataOf("data.name=folder", "data.path=/pictures", "data.train_count=0", "data.val_count=0", "data.size=[48, 64]", "data.colour=grey",
		"data.fit=pad", "data.skip_broken=true", "data.normalize=standardize", "data.shift=0",
		"data.augment={flip: true, shift: 4, rotate: 15, scale: 0.1, cutout: 8}", "train.class_weights=balanced")
	if err != nil {
		t.Fatal(err)
	}
	want := Data{Name: "folder", Path: "/pictures", Split: "balanced", Height: 48, Width: 64, Colour: "grey", Fit: "pad", SkipBroken: true,
		Normalize: "standardize", Shift: 0, Augment: datasets.Augment{Flip: datasets.FlipImages, Shift: 4, Rotate: 15, Scale: 0.1, Cutout: 8}}
	if c.Data != want || c.Train.ClassWeights != "balanced" {
		t.Errorf("got %+v, weights %s, want %+v", c.Data, c.Train.ClassWeights, want)
	}
	again, err := Parse("resolved.yaml", c.YAML(), nil)
	if err != nil || again.Data != want || again.Train.ClassWeights != "balanced" {
		t.Errorf("read back as %+v, %v:\n%s", again.Data, err, c.YAML())
	}
	for _, lines := range []string{"  size:", "  augment:\n    flip: true\n    shift: 4\n    rotate: 15\n    scale: 0.1\n    cutout: 8\n"} {
		if !strings.Contains(string(c.YAML()), lines) {
			t.Errorf("resolved as\n%s, want %q in it", c.YAML(), lines)
		}
	}
	for value, want := range map[string]datasets.Flip{"true": datasets.FlipImages, "false": datasets.FlipNone, "batch": datasets.FlipBatches} {
		c, err := dataOf("data.augment.flip=" + value)
		if err != nil || c.Data.Augment != (datasets.Augment{Flip: want}) {
			t.Errorf("flip %s: %+v, %v", value, c.Data.Augment, err)
			continue
		}
		if again, err := Parse("resolved.yaml", c.YAML(), nil); err != nil || again.Data != c.Data {
			t.Errorf("flip %s read back as %+v, %v", value, again.Data, err)
		}
	}
	c, err = dataOf("data.augment.shift=3", "data.augment={flip: false}", "data.size=20", "data.name=folder", "data.path=x", "data.train_count=0", "data.val_count=0")
	if err != nil || c.Data.Augment != (datasets.Augment{Flip: datasets.FlipNone, Shift: 3}) || c.Data.Height != 20 || c.Data.Width != 20 {
		t.Errorf("%+v, %v", c.Data, err)
	}
	// Keys that are not given leave a run's hash as it was, and are not written.
	plain, err := dataOf()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"augment", "path", "size", "colour", "fit", "skip_broken", "normalize", "shift", "class_weights", "split"} {
		if strings.Contains(string(plain.YAML()), " "+key+":") {
			t.Errorf("%s is written though nobody gave it:\n%s", key, plain.YAML())
		}
	}
	seen := map[string]string{plain.Hash(): "none"}
	for _, o := range []string{"data.normalize=none", "data.shift=1", "data.augment.flip=true", "data.augment.flip=false", "data.augment.shift=1", "data.augment.rotate=1",
		"data.augment.scale=0.5", "data.augment.cutout=1", "train.class_weights=balanced"} {
		c, err := dataOf(o)
		if err != nil {
			t.Errorf("%s: %v", o, err)
		}
		if other, found := seen[c.Hash()]; found {
			t.Errorf("%s has the hash of %s", o, other)
		}
		seen[c.Hash()] = o
	}
}

func TestDataFaults(t *testing.T) {
	for _, c := range []struct {
		overrides []string
		want      string
	}{
		{[]string{"data.name=folder"}, "data.path: missing: data.name folder needs to know where your data are"},
		{[]string{"data.path=x"}, "data.name digits has no use for it; want it with csv, folder, idx, npz, or data.dir"},
		{[]string{"data.size=0"}, "got 0, want a whole number from 1 to 256 or [height, width]"},
		{[]string{"data.size=[1, 257]"}, "got a list, want"},
		{[]string{"data.size=[1, 2, 3]"}, "got a list, want"},
		{[]string{"data.size=32"}, "the images of digits come as they are; want it with csv, folder"},
		{[]string{"data.colour=grey"}, "the images of digits come as they are"},
		{[]string{"data.colour=gray"}, `got "gray", want one of rgb, grey`},
		{[]string{"data.fit=cut"}, `got "cut", want one of crop, stretch, pad`},
		{[]string{"data.normalize=zca"}, `got "zca", want one of mean, standardize, whiten, none`},
		{[]string{"data.shift=-1"}, "got -1, want a whole number from 0 to 128"},
		{[]string{"data.augment=3"}, "got 3, want {key: value, …}, such as data.augment.flip=…"},
		{[]string{"data.augment={zoom: 3}"}, "unknown key"},
		{[]string{"data.augment.flip=yes"}, `got "yes", want true, false or batch`},
		{[]string{"data.augment.rotate=181"}, "got 181, want a number >= 0 and <= 180"},
		{[]string{"data.augment.scale=1"}, "got 1, want"},
		{[]string{"data.split=all"}, `got "all", want one of balanced, byclass, bymerge, digits, letters, mnist`},
		{[]string{"train.class_weights=yes"}, `got "yes", want one of none, balanced`},
	} {
		if _, err := dataOf(c.overrides...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q", c.overrides, err, c.want)
		}
	}
}
