package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/atomicfile"
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
	if h, err := d.History(); err != nil || len(h.Rows) != 2 || h.Rows[1].LearningRate != 0.5 {
		t.Errorf("history %+v, error %v", h, err)
	}
	got, err := ReadStatus(d.Path())
	if err != nil || !reflect.DeepEqual(got, status) {
		t.Errorf("status %+v, error %v, want %+v", got, err, status)
	}
}

// Flags of epochs that a resumed run has still to do are dropped, and written again by it.
func TestFlagsFollowHistory(t *testing.T) {
	d := create(t)
	add := func(d *Dir, epoch int, v string) {
		t.Helper()
		if err := d.AddFlag(Flag{Epoch: epoch, Verdict: v, Onset: 1, Confidence: 0.5, Advice: "a", BestEpoch: 2}); err != nil {
			t.Fatal(err)
		}
	}
	add(d, 1, "still-learning")
	add(d, 3, "overfitting")
	if err := d.Record(history(3), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	rest := `,"onset":1,"confidence":0.5,"advice":"a","best_epoch":2}` + "\n"
	want := `{"epoch":1,"verdict":"still-learning"` + rest + `{"epoch":3,"verdict":"overfitting"` + rest
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
	flags, err := again.Flags()
	if err != nil || len(flags) != 2 || flags[1].Epoch != 3 || flags[1].Verdict != "overfitting" || flags[1].Onset != 1 || flags[1].BestEpoch != 2 {
		t.Errorf("read back %+v, error %v", flags, err)
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
	for _, second := range []string{"{\"epo", "{\"verdict\":\"converged\"}", "{\"epoch\":\"3\"}"} {
		if err := os.WriteFile(d.Path(FlagsFile), []byte("{\"epoch\":1}\n"+second), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(d.Path()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), FlagsFile+": line 2: ") {
			t.Errorf("%s: error %v", second, err)
		}
	}
}

// The files of a plane are NumPy's, one a channel, under the epoch and the channel's number.
func TestPlanes(t *testing.T) {
	d := create(t)
	p := Plane{Epoch: 7, H: 2, W: 3, Channels: [][]float64{{1, 2, 3, -4, 5.5, math.Inf(-1)}, {0, 0, 0, 0, 0, 9}}}
	earlier := Plane{Epoch: 4, H: 2, W: 3, Channels: [][]float64{{6, 5, 4, 3, 2, 1}}}
	derivative := Plane{Epoch: 7, H: 2, W: 3, Channels: [][]float64{{1, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, 0}}}
	last := Plane{Epoch: 11, H: 1, W: 1, Channels: [][]float64{{3}}}
	if err := errors.Join(d.SaveSpectrum(p), d.SaveSpectrum(earlier), d.SaveDerivative(derivative), d.SaveDerivative(last)); err != nil {
		t.Fatal(err)
	}
	var m mat.Dense
	if err := npy.Read(bytes.NewReader([]byte(read(t, d.Path(SpectraDir, "epoch-0007-c0.npy")))), &m); err != nil {
		t.Fatal(err)
	}
	if !mat.Equal(&m, mat.NewDense(2, 3, p.Channels[0])) {
		t.Errorf("read back %v", mat.Formatted(&m))
	}
	if err := npy.Read(bytes.NewReader([]byte(read(t, d.Path(SpectraDir, "epoch-0007-derivative-c1.npy")))), &m); err != nil || m.At(0, 0) != 2 {
		t.Errorf("second channel of the derivative: %v, error %v", mat.Formatted(&m), err)
	}
	if got, err := d.Spectrum(7); err != nil || !reflect.DeepEqual(*got, p) {
		t.Errorf("spectrum %v, error %v", got, err)
	}
	if got, err := d.Spectrum(8); err != nil || got != nil {
		t.Errorf("spectrum of another epoch %v, error %v", got, err)
	}
	if got, err := d.Spectra(); err != nil || !reflect.DeepEqual(got, []Plane{earlier, p}) {
		t.Errorf("spectra %v, error %v", got, err)
	}
	if got, err := d.Derivative(); err != nil || !reflect.DeepEqual(*got, last) {
		t.Errorf("derivative %v, error %v", got, err)
	}
	p.W = 2
	if err := d.SaveSpectrum(p); err == nil {
		t.Error("wrong size: no error")
	}
	other := Plane{Epoch: 9, H: 3, W: 3, Channels: [][]float64{make([]float64, 9)}}
	if err := d.SaveSpectrum(other); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Spectra(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "the spectrum of epoch 9 is 3×3, that of epoch 4 2×3") {
		t.Errorf("spectra of two sizes: error %v", err)
	}
	if err := os.Remove(d.Path(SpectraDir, "epoch-0007-c0.npy")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Spectrum(7); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "no channel 0") {
		t.Errorf("without the first channel: error %v", err)
	}
}

// A header that promises more than the file holds is refused before memory is taken.
func TestDamagedPlane(t *testing.T) {
	d := create(t)
	if err := d.SaveSpectrum(Plane{Epoch: 1, H: 1, W: 2, Channels: [][]float64{{1, 2}}}); err != nil {
		t.Fatal(err)
	}
	path := d.Path(SpectraDir, "epoch-0001-c0.npy")
	whole := read(t, path)
	for _, text := range []string{"", "PK", whole[:9], whole[:20], whole[:len(whole)-1], whole[:len(whole)-8], whole + "12345678",
		strings.Replace(whole, "(1, 2), }        ", "(99999, 99999), }", 1),
		strings.Replace(whole, "(1, 2)", "(2, 1)", 1)[:len(whole)-8], strings.Replace(whole, "<f8", "<f4", 1), strings.Replace(whole, "False", "True ", 1)} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Spectrum(1); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "epoch-0001-c0.npy") {
			t.Errorf("%q: error %v", text, err)
		}
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

// A run whose folder is renamed while it runs goes on in its own folder, and leaves alone what is put in its place.
func TestRenamedFolder(t *testing.T) {
	d := create(t)
	if d.Moved() {
		t.Error("moved before it was")
	}
	was, now := d.Path(), d.Path()+"-renamed"
	if err := os.Rename(was, now); err != nil {
		t.Fatal(err)
	}
	if !d.Moved() {
		t.Error("renamed, but not noticed")
	}
	other, err := Create(was, []byte("other: 1\n"), Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if !d.Moved() {
		t.Error("another run's folder taken for this one's")
	}
	if err := other.Record(history(1), trainer.Status{Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := d.AddFlag(Flag{Epoch: 2}); err != nil {
		t.Fatal(err)
	}
	events, err := d.Events()
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(d.Record(history(5), trainer.Status{Epoch: 5, State: trainer.StateFinished}), d.WriteVerdict("mine"),
		d.SaveSpectrum(Plane{Epoch: 3, H: 1, W: 1, Channels: [][]float64{{1}}}),
		d.WriteReport(func(w io.Writer) error { _, err := io.WriteString(w, "page"); return err }),
		atomicfile.WriteBytesIn(d.Checkpoints(), "w", nil), atomicfile.WriteBytesIn(events, "e", nil))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := ReadStatus(now); err != nil || s.Epoch != 5 {
		t.Errorf("in the renamed folder: %+v, error %v", s, err)
	}
	if s, err := ReadStatus(was); err != nil || s.Epoch != 1 {
		t.Errorf("of the other run: %+v, error %v", s, err)
	}
	for _, name := range []string{VerdictFile, ReportFile, "spectra/epoch-0003-c0.npy", "checkpoints/w", "tb/e"} {
		if _, err := os.Stat(filepath.Join(now, name)); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(was, name)); err == nil {
			t.Errorf("%s was written into the other run's folder", name)
		}
	}
	if p, err := d.Spectrum(3); err != nil || p == nil {
		t.Errorf("spectrum read back: %v, error %v", p, err)
	}
}

// The verdict on a run that had ended is gone when the run goes on.
func TestVerdict(t *testing.T) {
	d := create(t)
	type verdict struct{ Verdict string }
	if err := errors.Join(d.Record(history(2), trainer.Status{State: trainer.StateFinished}), d.WriteVerdict(verdict{"converged"})); err != nil {
		t.Fatal(err)
	}
	if err := d.Record(history(2), trainer.Status{State: trainer.StateFinished}); err != nil {
		t.Fatal(err)
	}
	var got verdict
	if err := d.Verdict(&got); err != nil || got.Verdict != "converged" {
		t.Errorf("%+v, error %v", got, err)
	}
	if err := d.Record(history(2), trainer.Status{State: trainer.StateRunning}); err != nil {
		t.Fatal(err)
	}
	if err := d.Verdict(&got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a run that goes on: error %v", err)
	}
}

// Runs of one name that begin in the same second get folders of their own.
func TestCreateIn(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	for _, want := range []string{"a-20240229-130509", "a-20240229-130509-2", "a-20240229-130509-3"} {
		d, err := CreateIn(root, "a", start, nil, Env{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if d.Path() != filepath.Join(root, want) {
			t.Errorf("folder %s, want %s", d.Path(), want)
		}
	}
}

// What is not there is an fs.ErrNotExist, what cannot be read an ErrDamaged that names the file.
func TestReadFaults(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: error %v", err)
	}
	dir := t.TempDir()
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	readers := map[string]func() error{
		StatusFile:  func() error { _, err := r.Status(); return err },
		MetricsCSV:  func() error { _, err := r.History(); return err },
		FlagsFile:   func() error { _, err := r.Flags(); return err },
		EnvFile:     func() error { _, err := r.Env(); return err },
		VerdictFile: func() error { return r.Verdict(&struct{}{}) },
	}
	for name, read := range readers {
		if err := read(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no %s: error %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := read(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name) {
			t.Errorf("damaged %s: error %v", name, err)
		}
	}
}
