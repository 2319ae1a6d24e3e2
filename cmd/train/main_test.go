package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/maxgain/maxgain/trainer/tensorboard"
)

var update = flag.Bool("update", false, "write the golden files")

// command runs a command line as main does.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// memoryLine is the estimate that depends on the number of cores and on the CPU level.
var memoryLine = regexp.MustCompile(`memory of the net: about [0-9.]+ [MG]B`)

// golden compares got with testdata/name.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = memoryLine.ReplaceAllString(got, "memory of the net: about SIZE")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", path, got, want)
	}
}

// tiny is a run on a few of the built-in digits that takes a fraction of a second an epoch.
func tiny(args ...string) []string {
	return append([]string{"--config", "quickstart.yaml", "--set", "train.epochs=2", "--set", "data.train_count=200",
		"--set", "data.val_count=100", "--set", "train.batch_size=50"}, args...)
}

func TestGoldenOutput(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"help":           {[]string{"--help"}, exitOK},
		"data-list":      {[]string{"data", "list"}, exitOK},
		"plan-digits":    {[]string{"--config", "quickstart.yaml", "--dry-run"}, exitOK},
		"no-config":      {nil, exitUsage},
		"no-such-config": {[]string{"--config", "lenet_mnits"}, exitUsage},
		"bad-settings": {[]string{"--config", "lenet_mnist", "--set", "train.learning_rate=-0.1", "--set", "train.epoch=2",
			"--set", "data.name=minst"}, exitUsage},
		"unknown-command":  {[]string{"sweeep"}, exitUsage},
		"unknown-flag":     {[]string{"--configg", "x"}, exitUsage},
		"wrong-shape":      {[]string{"--config", "lenet_cifar10", "--set", "data.name=digits", "--dry-run"}, exitUsage},
		"resume-no-run":    {[]string{"--resume", "testdata"}, exitUsage},
		"resume-config":    {[]string{"--resume", "testdata", "--config", "quickstart"}, exitUsage},
		"resume-out":       {[]string{"--resume", "testdata", "--out", "elsewhere"}, exitUsage},
		"sweep-as-run":     {[]string{"--config", "sweep_lenet_mnist"}, exitUsage},
		"run-as-sweep":     {[]string{"sweep", "--config", "lenet_mnist", "--dry-run"}, exitUsage},
		"unknown-log":      {[]string{"data", "list", "--log", "xml"}, exitUsage},
		"unknown-verdict":  {[]string{"diagnose", "x.csv", "--fail-on", "over-fitting"}, exitUsage},
		"no-such-figure":   {[]string{"figure", "14"}, exitUsage},
		"diagnose-no-path": {[]string{"diagnose"}, exitUsage},
		"diagnose-missing": {[]string{"diagnose", "testdata/none.csv"}, exitData},
		"diagnose-bad":     {[]string{"diagnose", "testdata/bad.csv"}, exitData},
		"sweep-dry-run":    {[]string{"sweep", "--config", "sweep_lenet_mnist", "--dry-run"}, exitOK},
		"sweep-no-out":     {[]string{"sweep", "--config", "sweep_lenet_mnist"}, exitUsage},
		"sweep-index":      {[]string{"sweep", "run", "--config", "sweep_lenet_mnist", "--out", "x", "--index", "7"}, exitUsage},
		"sweep-table-none": {[]string{"sweep", "table", "testdata"}, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := command(t, c.args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			golden(t, name, stdout+"--- stderr\n"+stderr)
		})
	}
}

// TestDiagnose judges a gain that rises by 1.5 dB an epoch all the way, which is rule 2 of the paper.
func TestDiagnose(t *testing.T) {
	for name, args := range map[string][]string{
		"as it is": {"testdata/rising.csv"},
		"renamed":  {"testdata/renamed.csv", "--map", "gain_db=max gain"},
	} {
		code, stdout, stderr := command(t, append([]string{"diagnose", "--json"}, args...)...)
		var r struct {
			Path    string
			Verdict diagnostics.Verdict
			Epoch   int
		}
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitOK {
			t.Fatalf("%s: exit code %d, %v\n%s%s", name, code, err, stdout, stderr)
		}
		if r.Path != args[0] || r.Verdict != diagnostics.StillLearning {
			t.Errorf("%s: %+v", name, r)
		}
	}
	code, stdout, stderr := command(t, "diagnose", "testdata/rising.csv", "testdata/rising.csv", "--json", "--fail-on", "diverged,still-learning")
	var list []map[string]any
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 2 {
		t.Errorf("two paths: %v\n%s", err, stdout)
	}
	if want := "testdata/rising.csv: still-learning"; code != exitFailOn || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	if code, _, _ := command(t, "diagnose", "testdata/rising.csv", "--quiet", "--fail-on", "overfitting"); code != exitOK {
		t.Errorf("another verdict: exit code %d", code)
	}
}

func TestMissingData(t *testing.T) {
	t.Setenv("MAXGAIN_DATA", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // no network
	empty := t.TempDir()
	code, stdout, stderr := command(t, "--config", "lenet_mnist", "--data-dir", empty, "--out", filepath.Join(t.TempDir(), "run"))
	if code != exitData || stdout != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	for _, want := range []string{empty, "train-images-idx3-ubyte", "quickstart.yaml"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr does not name %s:\n%s", want, stderr)
		}
	}
}

// A folder of data that is not there is said at once, even where the data need none.
func TestNoDataDir(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	code, _, stderr := command(t, tiny("--dry-run", "--data-dir", nowhere)...)
	if code != exitData || !strings.Contains(stderr, "data.dir: ") || !strings.Contains(stderr, nowhere) {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	code, stdout, stderr := command(t, tiny("--dry-run", "--json")...)
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var p experiment.Plan
	if err := json.Unmarshal([]byte(stdout), &p); err != nil {
		t.Fatal(err)
	}
	if p.Parameters != 431080 || p.MACs != 2293000 || p.Steps != 4 || p.TrainImages != 200 || p.ValImages != 100 {
		t.Errorf("%+v", p)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// TestParameterCounts checks every preset's net against the counts of MatConvNet's, or those of its layers.
func TestParameterCounts(t *testing.T) {
	want := map[string][2]int{
		"lenet-mnist": {431080, 2293000}, "lenet-cifar10": {145578, 12354176}, "lenet-cifar10-half": {37210, 3703104},
		"lenet-cifar10-double": {575818, 44500224}, "nin-cifar10": {966986, 200357760},
		"vgg-small": {979546, 91572096}, "resnet20-cifar10": {272474, 40813184},
	}
	for _, preset := range configs.Presets() {
		c, err := configs.Load(preset, nil)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := models.Lookup(c.Model.Name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := spec.Summary()
		if err != nil {
			t.Fatal(err)
		}
		var got [2]int
		for _, r := range rows {
			got[0] += r.Params
			got[1] += r.MACs
		}
		if got != want[c.Model.Name] {
			t.Errorf("%s: %v parameters and MACs, want %v", preset, got, want[c.Model.Name])
		}
	}
}

func TestNamesInConfigsAreThoseOfThePackages(t *testing.T) {
	if known := slices.Sorted(slices.Values(configs.Models)); !slices.Equal(known, slices.Sorted(slices.Values(models.Names()))) {
		t.Errorf("configs has the models %v, models %v", known, models.Names())
	}
	if known := slices.Sorted(slices.Values(configs.DataSets)); !slices.Equal(known, slices.Sorted(slices.Values(datasets.Names()))) {
		t.Errorf("configs has the data %v, datasets %v", known, datasets.Names())
	}
	for _, name := range datasets.Names() {
		if datasets.Describe(name) == "" {
			t.Errorf("data list says nothing of %s", name)
		}
	}
}

func TestRunAndItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	code, stdout, stderr := command(t, tiny("--out", dir)...)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	lines := strings.Split(stdout, "\n")
	if !strings.HasPrefix(lines[0], "epoch      rate  train loss  error %   val loss  error %   gain dB   pop dB") {
		t.Errorf("first line %q", lines[0])
	}
	for i, epoch := range []string{"    0  ", "    1  ", "    2  "} {
		if !strings.HasPrefix(lines[i+1], epoch) {
			t.Errorf("row %d is %q", i, lines[i+1])
		}
	}
	for _, want := range []string{"verdict: undetermined", "advice: ", "finished: all 2 epochs are done", dir} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	for _, name := range []string{"config.yaml", "env.json", "metrics.csv", "metrics.jsonl", "status.json", "spectra/epoch-0002-c0.npy",
		"checkpoints/last.safetensors", "checkpoints/best.safetensors", "tb/events.out.tfevents.maxgain"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if code, _, stderr := command(t, tiny("--out", dir)...); code != exitUsage || !strings.Contains(stderr, dir) {
		t.Errorf("a second run in the folder: exit code %d, %s", code, stderr)
	}
	sameGainAsSaved(t, dir)
	spectraAreThere(t, dir)
}

// spectraAreThere checks the measurement that a run of 2 epochs keeps: the spectrum saved is that of the derivative saved,
// after the window, and each epoch has a picture for TensorBoard.
func spectraAreThere(t *testing.T, dir string) {
	t.Helper()
	run, err := judged.Load(dir, diagnostics.DefaultThresholds())
	if err != nil {
		t.Fatal(err)
	}
	if run.Derivative == nil || run.Derivative.Epoch != 2 || len(run.Spectra) != 3 {
		t.Fatalf("%d spectra, derivative %+v", len(run.Spectra), run.Derivative)
	}
	response, err := spectrum.Response(run.Derivative.Channels[0], 28, 28, 1, spectrum.HannWindow)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(response.DB(), run.Spectra[2].Channels[0]) {
		t.Error("the spectrum saved is not that of the derivative saved")
	}
	events, err := os.ReadFile(filepath.Join(dir, "tb", tensorboard.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(events, []byte("\x89PNG\r\n")); n != 3 {
		t.Errorf("%d pictures for TensorBoard, want one of each of 3 epochs", n)
	}
}

// sameGainAsSaved measures the last checkpoint's gain and compares it with the run's last row.
func sameGainAsSaved(t *testing.T, dir string) {
	t.Helper()
	npy := filepath.Join(t.TempDir(), "s.npy")
	code, stdout, stderr := command(t, "gain", "--checkpoint", filepath.Join(dir, "checkpoints/last.safetensors"), "--out", npy, "--json")
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var gain struct {
		GainDB     float64   `json:"gain_db"`
		ChannelsDB []float64 `json:"channels_db"`
	}
	if err := json.Unmarshal([]byte(stdout), &gain); err != nil {
		t.Fatal(err)
	}
	var row struct {
		GainDB float64 `json:"gain_db"`
	}
	metrics, err := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(metrics), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &row); err != nil {
		t.Fatal(err)
	}
	if gain.GainDB != row.GainDB || len(gain.ChannelsDB) != 1 || gain.ChannelsDB[0] != gain.GainDB {
		t.Errorf("gain of the checkpoint %v, of the run %v", gain, row)
	}
	// 10 bytes, header padded to 128 in all, 28×28 float64
	if info, err := os.Stat(npy); err != nil || info.Size() != 128+28*28*8 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestJSONIsAllOnStdout(t *testing.T) {
	code, stdout, stderr := command(t, tiny("--out", filepath.Join(t.TempDir(), "run"), "--json", "--set", "data.use_all=true",
		"--set", "data.val_count=0", "--set", "train.epochs=1")...)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var r map[string]any
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	if r["state"] != "finished" || r["val_loss"] != nil || r["epoch"] != 1.0 {
		t.Errorf("%v", r)
	}
	if strings.Contains(stderr, "val loss") || strings.ContainsRune(stderr, '\r') {
		t.Errorf("stderr:\n%s", stderr)
	}
}

// However a run diverges, its result, its flags, its report and the diagnosis of its folder say so alike.
func TestDivergence(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		reason trainer.StopReason
	}{
		"loss": {[]string{"--set", "train.learning_rate=1000", "--set", "train.batch_size=20"}, trainer.ReasonLoss},
		"validation loss, by weights of the last step": {[]string{"--set", "train.learning_rate=1e10", "--set", "data.train_count=50"}, trainer.ReasonLoss},
		"weights of the last step": {[]string{"--set", "train.learning_rate=1e30", "--set", "data.train_count=50",
			"--set", "train.weight_decay=1e10", "--set", "data.use_all=true", "--set", "data.val_count=0"}, trainer.ReasonWeights},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			code, stdout, stderr := command(t, tiny(append(c.args, "--out", dir, "--json", "--quiet")...)...)
			var r struct {
				State     trainer.RunState
				Reason    trainer.StopReason
				Epoch     int
				Diagnosis map[string]any
			}
			decode(t, stdout, &r)
			if code != exitDiverged || r.State != trainer.StateDiverged || r.Reason != c.reason {
				t.Errorf("exit code %d, %+v\n%s", code, r, stderr)
			}
			if d := r.Diagnosis; d["verdict"] != "diverged" || d["epoch"] != float64(r.Epoch+1) || d["best_epoch"] != float64(r.Epoch) ||
				!strings.HasPrefix(d["advice"].(string), "start again with a learning rate ten times lower (next learning rate to try: ") {
				t.Errorf("diagnosis %v after epoch %d", d, r.Epoch)
			}
			code, stdout, stderr = command(t, "diagnose", dir, "--json", "--fail-on", "diverged")
			var again map[string]any
			decode(t, stdout, &again)
			delete(again, "path")
			if code != exitFailOn || !reflect.DeepEqual(again, r.Diagnosis) {
				t.Errorf("exit code %d, diagnosed %v, result %v\n%s", code, again, r.Diagnosis, stderr)
			}
			runs, err := loadRuns(dir)
			if err != nil || len(runs) != 1 || runs[0].Verdict.Verdict != diagnostics.Diverged {
				t.Fatalf("%v, error %v", runs, err)
			}
			if last := runs[0].Flags[len(runs[0].Flags)-1]; last.Epoch != r.Epoch+1 || last.Verdict != diagnostics.Diverged {
				t.Errorf("last flag %+v", last)
			}
		})
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// What a verdict advises, more epochs, can be had of a finished run: the same as if it had been given them at first.
func TestMoreEpochs(t *testing.T) {
	straight, longer := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	if code, _, stderr := command(t, tiny("--out", straight)...); code != exitOK {
		t.Fatal(stderr)
	}
	if code, _, stderr := command(t, tiny("--out", longer, "--set", "train.epochs=1")...); code != exitOK {
		t.Fatal(stderr)
	}
	before := folder(t, longer)
	for want, args := range map[string][]string{
		"train.momentum: checkpoint 0.9, now 0.5":    {"--set", "train.epochs=2", "--set", "train.momentum=0.5"},
		"train.epochs=0: got 0, want a whole number": {"--set", "train.epochs=0"},
	} {
		if code, stdout, stderr := command(t, append(args, "--resume", longer)...); code != exitUsage || !strings.Contains(stderr, want) || stdout != "" {
			t.Errorf("%v: exit code %d, %s%s", args, code, stdout, stderr)
		}
		if after := folder(t, longer); !maps.Equal(before, after) {
			t.Errorf("%v: refused, but the folder has changed", args)
		}
	}
	if code, stdout, stderr := command(t, "--resume", longer, "--set", "train.epochs=2"); code != exitOK || !strings.Contains(stdout, "all 2 epochs are done") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	a, b := lastWeights(t, straight), lastWeights(t, longer)
	for name, want := range a {
		if !bytes.Equal(b[name], want) {
			t.Errorf("%s differs from that of two epochs from the start", name)
		}
	}
	c, err := configs.Load(filepath.Join(longer, rundir.ConfigFile), nil)
	if err != nil || c.Train.Epochs != 2 {
		t.Errorf("the resolved config says %d epochs, error %v", c.Train.Epochs, err)
	}
	if first, _, _ := strings.Cut(folder(t, longer)[rundir.ConfigFile], "\n"); !strings.HasPrefix(first, "# Every setting of this run, from preset quickstart.yaml --set ") ||
		!strings.HasSuffix(first, "--set train.epochs=1, resumed with train.epochs=2") {
		t.Errorf("the resolved config begins with %q", first)
	}
	before = folder(t, longer)
	if code, _, stderr := command(t, "--resume", longer, "--set", "train.epochs=1"); code != exitUsage ||
		!strings.Contains(stderr, "got 1 epochs: the run has gone on for longer than that: epoch 2 is begun or done; want at least 2") {
		t.Errorf("fewer epochs: exit code %d, %s", code, stderr)
	}
	if after := folder(t, longer); !maps.Equal(before, after) {
		t.Error("fewer epochs: refused, but the folder has changed")
	}
}

// folder is the content of the files in a run's folder itself, by name.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

// stopAfterRows cancels a context once so many lines have been written to it.
type stopAfterRows struct {
	bytes.Buffer
	rows   int
	cancel func()
}

func (s *stopAfterRows) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if bytes.Count(s.Bytes(), []byte("\n")) >= s.rows {
		s.cancel()
	}
	return n, err
}

func TestInterruptAndResume(t *testing.T) {
	straight, stopped := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	if code, _, stderr := command(t, tiny("--out", straight)...); code != exitOK {
		t.Fatal(stderr)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	out := &stopAfterRows{rows: 3, cancel: func() { cancel(signalError{syscall.SIGTERM}) }} // title, epochs 0 and 1
	var stderr bytes.Buffer
	if code := run(ctx, tiny("--out", stopped), out, &stderr); code != 143 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	if want := "; go on with: train --resume " + stopped + "\n"; !strings.HasSuffix(stderr.String(), want) {
		t.Errorf("stderr does not end in %q:\n%s", want, stderr.String())
	}
	if s, err := rundir.ReadStatus(stopped); err != nil || s.State != trainer.StateInterrupted || s.Epoch != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if code, _, stderr := command(t, "--resume", stopped, "--set", "train.momentum=0.5"); code != exitUsage ||
		!strings.Contains(stderr, "train.momentum: checkpoint 0.9, now 0.5") {
		t.Errorf("another config: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := command(t, "--resume", stopped, "--workers", "1"); code != exitOK {
		t.Fatal(stderr)
	}
	a, b := lastWeights(t, straight), lastWeights(t, stopped)
	for name, want := range a {
		if !bytes.Equal(b[name], want) {
			t.Errorf("%s differs after the resumption", name)
		}
	}
}

// A folder that is removed under a run ends it at the next epoch with an error that says so, and is not made again.
func TestFolderRemovedWhileRunning(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	out := &stopAfterRows{rows: 2, cancel: func() { // title and epoch 0
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}}
	var stderr bytes.Buffer
	if code := run(t.Context(), tiny("--out", dir), out, &stderr); code != exitOther ||
		!strings.Contains(stderr.String(), dir) || !strings.Contains(stderr.String(), "has been removed or renamed") {
		t.Errorf("exit code %d\n%s", code, stderr.String())
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there again (error %v)", err)
	}
}

// lastWeights are the tensors of a run's last checkpoint.
func lastWeights(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "checkpoints/last.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	tensors, _, err := models.ReadSafetensors(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, tensor := range tensors {
		out[tensor.Name] = tensor.Data
	}
	return out
}

// A check over its limit, or one whose figure is no number, fails the self-test, after the others were made.
func TestSelftestFails(t *testing.T) {
	figure := func(v float64) func() (float64, error) { return func() (float64, error) { return v, nil } }
	for _, bad := range []float64{0.2, math.NaN()} {
		var out bytes.Buffer
		a := &app{stdout: &out, stderr: &out}
		err := a.selftest([]check{{"a", 0.1, "dB", figure(bad)}, {"b", 0, "", figure(0)}})
		if code := exitCode(t.Context(), err); code != exitOther || strings.Count(out.String(), "FAIL") != 1 || strings.Count(out.String(), "pass") != 1 {
			t.Errorf("%v: exit code %d, error %v\n%s", bad, code, err, out.String())
		}
	}
	if code := exitCode(t.Context(), (&app{stdout: io.Discard}).selftest([]check{{"a", 0.1, "", figure(0.1)}})); code != exitOK {
		t.Errorf("at the limit: exit code %d", code)
	}
}

func TestDataShow(t *testing.T) {
	sheet := filepath.Join(t.TempDir(), "d.png")
	code, stdout, stderr := command(t, "data", "show", "--name", "digits", "--set", "data.train_count=50", "--set", "data.val_count=10",
		"--out", sheet, "--json")
	if code != exitOK {
		t.Fatal(stderr)
	}
	var shown shownData
	if err := json.Unmarshal([]byte(stdout), &shown); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range shown.Classes {
		total += n
	}
	if total != 50 || shown.Train != 50 || shown.Val != 10 {
		t.Errorf("%+v", shown)
	}
	for _, path := range []string{shown.Sheet, shown.Preprocessed} {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%v", err)
		}
	}
}

// A $MAXGAIN_CPU that is not there is an error of every command, whether it computes or not.
func TestWrongCPULevel(t *testing.T) {
	t.Setenv(asTrain, "1")
	t.Setenv("MAXGAIN_CPU", "sse9")
	for _, args := range [][]string{tiny("--dry-run"), {"data", "list"}, {"config"}, {"diagnose", "testdata/rising.csv"},
		{"sweep", "table", "testdata/sweep"}, {"report", "testdata/sweep"}, {"selftest"}} {
		p := trainProcess(t, args...)
		text, err := p.CombinedOutput()
		if p.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(text), "MAXGAIN_CPU=sse9: no such level") {
			t.Errorf("%v: %v\n%s", args, err, text)
		}
	}
}

// A panic is no usage error, and says where it came from.
func TestPanicIsNoUsageError(t *testing.T) {
	var stderr bytes.Buffer
	err := protect(&stderr, func() error { panic("lost count") })
	if code := exitCode(t.Context(), err); code != exitOther || !strings.HasPrefix(stderr.String(), "panic: lost count\n") || !strings.Contains(stderr.String(), "main_test.go") {
		t.Errorf("exit code %d, %v\n%s", code, err, stderr.String())
	}
	if err := protect(&stderr, func() error { return errFailOn }); err != errFailOn {
		t.Errorf("without a panic: %v", err)
	}
}
