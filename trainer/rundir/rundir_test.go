package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maxgain/maxgain/trainer"
	"github.com/sbinet/npyio/npy"
	"gonum.org/v1/gonum/mat"
)

var start = time.Date(2024, 2, 29, 13, 5, 9, 7, time.UTC)

func create(t *testing.T) *Dir {
	t.Helper()
	d, err := Create(filepath.Join(t.TempDir(), "runs", "a"), []byte("model: {name: x}\n"), NewEnv("1.2.3", "avx2", 2, 42, start))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func history(epochs int) *trainer.History {
	h := &trainer.History{}
	for e := range epochs + 1 {
		h.Rows = append(h.Rows, trainer.Row{Epoch: e, LearningRate: 0.5, TrainLoss: 2, ValLoss: math.NaN(), TestLoss: math.NaN(), Seconds: 1})
	}
	return h
}

func TestPath(t *testing.T) {
	for name, want := range map[string]string{
		"lenet_mnist":      "runs/lenet_mnist-20240229-130509",
		"../../etc/passwd": "runs/_.._etc_passwd-20240229-130509",
		"a b/ü":            "runs/a_b__-20240229-130509",
		"..":               "runs/run-20240229-130509",
		"":                 "runs/run-20240229-130509",
	} {
		if got := Path("runs", name, start); got != filepath.FromSlash(want) {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestCreate(t *testing.T) {
	d := create(t)
	if got := read(t, d.Path(ConfigFile)); got != "model: {name: x}\n" {
		t.Errorf("config %q", got)
	}
	var env Env
	if err := json.Unmarshal([]byte(read(t, d.Path(EnvFile))), &env); err != nil {
		t.Fatal(err)
	}
	if env.Version != "1.2.3" || env.CPU != "avx2" || env.Workers != 2 || env.Seed != 42 || !env.Started.Equal(start.Truncate(time.Second)) {
		t.Errorf("env %+v", env)
	}
	for _, dir := range []string{SpectraDir, CheckpointsDir} {
		if info, err := os.Stat(d.Path(dir)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestCreateRefusesToOverwrite(t *testing.T) {
	path := t.TempDir() // an empty folder is welcome
	d, err := Create(path, nil, Env{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	before := read(t, filepath.Join(path, EnvFile))
	if _, err := Create(path, []byte("other"), Env{Seed: 1}); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if read(t, filepath.Join(path, EnvFile)) != before || read(t, filepath.Join(path, ConfigFile)) != "" {
		t.Error("the run in the folder was changed")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(file, nil, Env{}); err == nil {
		t.Error("a file in place of the folder: no error")
	}
}

func TestOpenWithoutRun(t *testing.T) {
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNoRun) {
		t.Errorf("error %v", err)
	}
}

func TestLock(t *testing.T) {
	d := create(t)
	if _, err := Open(d.Path()); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), d.Path()) {
		t.Errorf("second user: error %v", err)
	}
	d.Close()
	again, err := Open(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	if string(again.Config()) != "model: {name: x}\n" {
		t.Errorf("config %q", again.Config())
	}
	again.Close()
}

// TestLockAgainstProcess runs itself as another process, which holds the lock until it is killed.
func TestLockAgainstProcess(t *testing.T) {
	if path := os.Getenv("MAXGAIN_TEST_LOCK"); path != "" {
		if _, err := Open(path); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("locked\n")
		time.Sleep(time.Minute)
		return
	}
	d := create(t)
	d.Close()
	other := exec.Command(os.Args[0], "-test.run=^TestLockAgainstProcess$")
	other.Env = append(os.Environ(), "MAXGAIN_TEST_LOCK="+d.Path())
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 7)
	if _, err := out.Read(line); err != nil || string(line) != "locked\n" {
		t.Fatalf("the other process says %q, error %v", line, err)
	}
	if _, err := Open(d.Path()); !errors.Is(err, ErrLocked) {
		t.Errorf("while another process has it: error %v", err)
	}
	other.Process.Kill()
	other.Wait()
	again, err := Open(d.Path())
	if err != nil {
		t.Fatalf("after the other process was killed: %v", err)
	}
	again.Close()
}

func TestRecord(t *testing.T) {
	d := create(t)
	status := trainer.Status{State: trainer.StateStopped, Reason: trainer.ReasonOverfitting, Detail: "since epoch 1", Epoch: 2, Epochs: 9, BestEpoch: 1, Restored: true}
	if err := d.Record(history(1), status); err != nil {
		t.Fatal(err)
	}
	if want := "epoch,learning_rate,train_loss,train_error,seconds,images_per_second\n0,,,,1,\n1,0.5,2,0,1,0\n"; read(t, d.Path(MetricsCSV)) != want {
		t.Errorf("%s: %s", MetricsCSV, read(t, d.Path(MetricsCSV)))
	}
	if lines := strings.Count(read(t, d.Path(MetricsJSONL)), "\n"); lines != 2 {
		t.Errorf("%s has %d lines, want 2", MetricsJSONL, lines)
	}
	if read(t, d.Path(FlagsFile)) != "" {
		t.Errorf("%s: %s", FlagsFile, read(t, d.Path(FlagsFile)))
	}
	got, err := ReadStatus(d.Path())
	if err != nil || got != status {
		t.Errorf("status %+v, error %v, want %+v", got, err, status)
	}
}

// Flags of epochs that a resumed run has still to do are dropped, and written again by it.
func TestFlagsFollowHistory(t *testing.T) {
	d := create(t)
	type verdict struct {
		Epoch   int    `json:"epoch"`
		Verdict string `json:"verdict"`
	}
	add := func(d *Dir, epoch int, v string) {
		t.Helper()
		if err := d.AddFlag(verdict{epoch, v}); err != nil {
			t.Fatal(err)
		}
	}
	add(d, 1, "still-learning")
	add(d, 3, "overfitting")
	if err := d.Record(history(3), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	want := `{"epoch":1,"verdict":"still-learning"}` + "\n" + `{"epoch":3,"verdict":"overfitting"}` + "\n"
	if got := read(t, d.Path(FlagsFile)); got != want {
		t.Errorf("flags %s, want %s", got, want)
	}
	d.Close()
	again, err := Open(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Record(history(2), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, d.Path(FlagsFile)), want[:strings.Index(want, "\n")+1]; got != want {
		t.Errorf("flags after resuming from epoch 2: %s, want %s", got, want)
	}
	add(again, 3, "overfitting")
	if err := again.Record(history(3), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, d.Path(FlagsFile)); got != want {
		t.Errorf("flags %s, want %s", got, want)
	}
	if err := again.AddFlag("no object"); err == nil {
		t.Error("a flag that is no object: no error")
	}
	if err := again.AddFlag(struct{}{}); err == nil {
		t.Error("a flag without an epoch: no error")
	}
}

// A configuration that is set is written with the next record, not before.
func TestSetConfig(t *testing.T) {
	d := create(t)
	d.SetConfig([]byte("model: {name: y}\n"))
	if got := read(t, d.Path(ConfigFile)); got != "model: {name: x}\n" {
		t.Errorf("before the record: %q", got)
	}
	if err := d.Record(history(1), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, d.Path(ConfigFile)); got != "model: {name: y}\n" || string(d.Config()) != got {
		t.Errorf("after it: %q, %q", got, d.Config())
	}
}

func TestDamagedFlags(t *testing.T) {
	d := create(t)
	d.Close()
	if err := os.WriteFile(d.Path(FlagsFile), []byte("{\"epoch\":1}\n{\"epo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(d.Path()); err == nil || !strings.Contains(err.Error(), FlagsFile+": line 2: ") {
		t.Errorf("error %v", err)
	}
}

func TestSavePlane(t *testing.T) {
	d := create(t)
	values := []float64{1, 2, 3, -4, 5.5, math.Inf(-1)}
	if err := d.SavePlane(7, "c0", 2, 3, values); err != nil {
		t.Fatal(err)
	}
	var m mat.Dense
	if err := npy.Read(bytes.NewReader([]byte(read(t, d.Path(SpectraDir, "epoch-0007-c0.npy")))), &m); err != nil {
		t.Fatal(err)
	}
	if !mat.Equal(&m, mat.NewDense(2, 3, values)) {
		t.Errorf("read back %v", mat.Formatted(&m))
	}
	if err := d.SavePlane(7, "../../c0", 2, 3, values); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(d.Path(SpectraDir)); err != nil || len(entries) != 1 {
		t.Errorf("a name with a path left the folder: %v, error %v", entries, err)
	}
	if err := d.SavePlane(7, "c0", 2, 2, values); err == nil {
		t.Error("wrong size: no error")
	}
}

func TestRecordInRemovedFolder(t *testing.T) {
	d := create(t)
	if err := os.RemoveAll(d.Path()); err != nil {
		t.Fatal(err)
	}
	if err := d.Record(history(1), trainer.Status{}); err == nil || !strings.Contains(err.Error(), "has been removed or renamed") {
		t.Errorf("error %v", err)
	}
}
