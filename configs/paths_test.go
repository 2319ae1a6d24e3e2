package configs

import (
	"os"
	"path/filepath"
	"testing"
)

const base = "model: {name: lenet-mnist}\ntrain: {epochs: 1, learning_rate: 0.1}\n"

// files writes files by their paths below a folder.
func files(t *testing.T, root string, content map[string]string) {
	t.Helper()
	for path, text := range content {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A path in a file is looked for beside the file, then in the working directory; one of --set in the working directory.
// What Load returns holds from anywhere.
func TestPathsAreAbsolute(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	files(t, root, map[string]string{
		"runs/a.yaml":  base + "data: {name: digits, dir: images}\ngain: {image: cat.png}\ndiagnosis: {calibration: mine}\n",
		"runs/cat.png": "", "cat.png": "", "images/x": "", "runs/mine.yaml": "",
		"own/calibration_lenet_mnist.yaml": "",
		"own/b.yaml":                       base + "data: {name: digits}\ndiagnosis: {calibration: calibration_lenet_mnist}\n",
		"c.yaml":                           base + "data: {name: digits}\ndiagnosis: {calibration: calibration_lenet_mnist}\n",
	})
	for name, w := range map[string]struct {
		file              string
		set               []string
		dir, image, judge string
	}{
		"file":            {"runs/a.yaml", nil, "images", "runs/cat.png", "runs/mine"},
		"command line":    {"runs/a.yaml", []string{"gain.image=cat.png", "data.dir=runs", "diagnosis.calibration=nowhere.yaml"}, "runs", "cat.png", "nowhere.yaml"},
		"own calibration": {"own/b.yaml", nil, "", "", "own/calibration_lenet_mnist"},
	} {
		c, err := Load(w.file, w.set)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []*string{&w.dir, &w.image, &w.judge} {
			if *path != "" {
				*path = filepath.Join(root, *path)
			}
		}
		if c.Data.Dir != w.dir || c.Gain.Image != w.image || c.Diagnosis.Calibration != w.judge {
			t.Errorf("%s: %q, %q, %q; want %q, %q, %q", name, c.Data.Dir, c.Gain.Image, c.Diagnosis.Calibration, w.dir, w.image, w.judge)
		}
	}
	for _, name := range []string{"c.yaml", "lenet_mnist"} { // inside the program, and no such file here
		c, err := Load(name, nil)
		if err != nil || filepath.Ext(c.Diagnosis.Calibration) == "" && c.Diagnosis.Calibration != "calibration_lenet_mnist" || filepath.IsAbs(c.Diagnosis.Calibration) {
			t.Errorf("%s: calibration %q, %v", name, c.Diagnosis.Calibration, err)
		}
	}
}

// A run's own config that an older version wrote holds paths from the working directory.
func TestPathsOfOldRuns(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	files(t, root, map[string]string{
		"run/config.yaml": "# " + sourceComment + "file a.yaml\n" + base + "data: {name: digits}\ngain: {image: cat.png}\n",
		"run/cat.png":     "", "cat.png": "",
	})
	c, err := Load("run/config.yaml", nil)
	if want := filepath.Join(root, "cat.png"); err != nil || c.Gain.Image != want {
		t.Errorf("image %q, error %v; want %q", c.Gain.Image, err, want)
	}
}

// A sweep's config, and the paths that it sets, are looked for beside the sweep's file first.
func TestPathsOfSweeps(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	files(t, root, map[string]string{
		"s/sweep.yaml": "config: base.yaml\nparameters: {gain.image: [a.png, b.png]}\noverrides: {data.dir: d}\n",
		"s/base.yaml":  base + "data: {name: digits}\n",
		"s/a.png":      "", "b.png": "", "s/d/x": "",
	})
	s, err := LoadSweep("s/sweep.yaml", nil)
	if err != nil || len(s.Trials) != 2 {
		t.Fatalf("%d trials, error %v", len(s.Trials), err)
	}
	a, b := s.Trials[0].Config, s.Trials[1].Config
	if a.Gain.Image != filepath.Join(root, "s/a.png") || b.Gain.Image != filepath.Join(root, "b.png") || a.Data.Dir != filepath.Join(root, "s/d") {
		t.Errorf("images %q and %q, data %q", a.Gain.Image, b.Gain.Image, a.Data.Dir)
	}
	if s.Trials[0].Set[0] != "gain.image=a.png" {
		t.Errorf("the first trial sets %q", s.Trials[0].Set)
	}
}

// A whole number with a leading zero is 8 in YAML 1.1 and 10 in YAML 1.2: it is refused.
func TestLeadingZeros(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"train.epochs", "010", "a whole number from 1 to 1000000"},
		{"train.seed", "007", "a whole number from 0 to 18446744073709551615"},
		{"train.learning_rate", "010", "a number > 0"},
		{"train.momentum", "-00", "a number >= 0 and < 1"},
	} {
		set := c.key + "=" + c.value
		_, err := Load("lenet_mnist", []string{set})
		if want := "--set " + set + ": got " + c.value + ", want " + c.want + " without a leading zero, which makes it octal for some readers"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	c, err := Load("lenet_mnist", []string{"train.epochs=10", "train.seed=0", "train.momentum=0.50", "data.label_noise=0.0", "name=010"})
	if err != nil || c.Train.Epochs != 10 || c.Train.Momentum != 0.5 || c.Name != "010" {
		t.Errorf("%d epochs, momentum %v, name %q, error %v", c.Train.Epochs, c.Train.Momentum, c.Name, err)
	}
	for file, want := range map[string]string{
		"config: quickstart\nmethod: random\nseed: 010\ntrials: 3\nparameters: {train.seed: [1]}": "s.yaml:3:7: seed: got 010",
		"config: quickstart\nparameters: {train.learning_rate: {min: 0.1, max: 010, count: 2}}":   "s.yaml:2:51: train.learning_rate.max: got 010",
		"config: quickstart\nparameters: {train.epochs: [010]}":                                   "sweep s.yaml, trial 0 (train.epochs=010): --set train.epochs=010: got 010",
	} {
		if _, err := ParseSweep("s.yaml", []byte(file), nil); err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("got  %v\nwant %s…", err, want)
		}
	}
}
