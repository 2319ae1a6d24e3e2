package kubernetes

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"gopkg.in/yaml.v3"
)

// object is what the test reads of a manifest's document.
type object struct {
	Kind string
	Spec struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Template       struct {
			Spec struct{ Containers []struct{ Args []string } }
		}
	}
}

// job is the Job in a manifest.
func job(t *testing.T, file string) object {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			t.Fatalf("%s has no Job", file)
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if o.Kind == "Job" {
			return o
		}
	}
}

// The Job has as many indexes as its sweep has trials, and its command runs the trial of its index and no other. The
// command is run on a small sweep of two trials in another folder.
func TestManifest(t *testing.T) {
	indexed := job(t, "sweep.yaml")
	dir := t.TempDir()
	small := filepath.Join(dir, "small.yaml")
	err := os.WriteFile(small, []byte("config: quickstart.yaml\nparameters: {train.seed: [1, 2]}\noverrides: {data.train_count: 100, data.val_count: 20, train.epochs: 1}\n"), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	const index = "$(JOB_COMPLETION_INDEX)"
	var args []string
	folder, named := "", false
	for _, arg := range indexed.Spec.Template.Spec.Containers[0].Args {
		switch name, value, _ := strings.Cut(arg, "="); {
		case name == "--config":
			s, err := configs.LoadSweep(value, nil)
			if err != nil {
				t.Fatal(err)
			}
			if indexed.Spec.CompletionMode != "Indexed" || indexed.Spec.Completions != len(s.Trials) {
				t.Errorf("%s, %d completions; %s has %d trials", indexed.Spec.CompletionMode, indexed.Spec.Completions, value, len(s.Trials))
			}
			arg = "--config=" + small
		case name == "--out":
			folder = value
			arg = "--out=" + filepath.Join(dir, "rates")
		case value == index:
			named = true
			arg = name + "=1"
		}
		args = append(args, arg)
	}
	if !named {
		t.Errorf("no argument is %s", index)
	}
	if text, err := exec.Command("go", append([]string{"run", "github.com/maxgain/maxgain/cmd/train"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if s, err := rundir.ReadStatus(filepath.Join(dir, "rates", "trial-0001")); err != nil || s.State != trainer.StateFinished {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "rates", "trial-0000")); err == nil {
		t.Error("another trial was begun")
	}
	if table := job(t, "table.yaml").Spec.Template.Spec.Containers[0].Args; folder == "" || table[len(table)-1] != folder {
		t.Errorf("the table is of %v, the sweep goes to %q", table, folder)
	}
}
