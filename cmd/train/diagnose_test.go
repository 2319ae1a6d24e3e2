package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
)

// judgedLog is what "train diagnose --json" says of one path.
type judgedLog struct {
	Verdict    diagnostics.Verdict
	Epoch      int
	Confidence float64
	Notes      []string
}

func diagnoseJSON(t *testing.T, args ...string) judgedLog {
	t.Helper()
	code, stdout, stderr := command(t, append([]string{"diagnose", "--json"}, args...)...)
	var r judgedLog
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitOK {
		t.Fatalf("%v: exit code %d, %v\n%s%s", args, code, err, stdout, stderr)
	}
	return r
}

// Logs of other programs are judged by their training loss, with the confidence of that: it falls to the end in all of these.
func TestDiagnoseLogsOfOtherPrograms(t *testing.T) {
	logs := filepath.Join("..", "..", "diagnostics", "foreign", "testdata")
	for _, name := range []string{"lightning.csv", "lightning.tfevents", "tensorboardx.tfevents", "add-scalars"} {
		r := diagnoseJSON(t, filepath.Join(logs, name))
		if r.Verdict != diagnostics.StillLearning || r.Epoch != 8 || r.Confidence > 0.5 {
			t.Errorf("%s: %+v", name, r)
		}
		if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "its epoch 0 is called 1 here") || !strings.Contains(notes, "thresholds and confidence come from LeNets") {
			t.Errorf("%s: notes %s", name, notes)
		}
	}
}

func TestDiagnoseColumnsAndSteps(t *testing.T) {
	var text strings.Builder
	text.WriteString("batch,cost\n")
	for step := 1; step <= 80; step++ {
		text.WriteString(strings.Join([]string{jsonText(t, step), jsonText(t, 1.0/float64((step+9)/10))}, ",") + "\n")
	}
	path := filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--column", "--map"} {
		if r := diagnoseJSON(t, path, flag, "train_loss=cost", "--steps-per-epoch", "10"); r.Verdict != diagnostics.StillLearning || r.Epoch != 8 {
			t.Errorf("%s: %+v, want still-learning at epoch 8", flag, r)
		}
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no column named":   {[]string{path}, exitData, "Name one: --column train_loss=NAME"},
		"a column of ours":  {[]string{path, "--column", "val_loss=cost"}, exitUsage, "no rule reads it"},
		"not in the file":   {[]string{path, "--column", "train_loss=price"}, exitData, `no column "price"`},
		"negative steps":    {[]string{path, "--steps-per-epoch", "-1"}, exitUsage, "want a number > 0"},
		"a folder of a net": {[]string{"."}, exitData, "holds no metrics.csv and no file of events"},
	} {
		if code, _, stderr := command(t, append([]string{"diagnose"}, test.args...)...); code != test.code || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, test.code, stderr)
		}
	}
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The paper's rules see the gain alone: flat here, where the training loss still falls.
func TestDiagnoseByThePapersRules(t *testing.T) {
	var text strings.Builder
	text.WriteString("epoch,train_loss,gain_db\n")
	for epoch := 1; epoch <= 20; epoch++ {
		text.WriteString(strings.Join([]string{jsonText(t, epoch), jsonText(t, 2-0.09*float64(epoch)), "-30"}, ",") + "\n")
	}
	path := filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	for rules, want := range map[string]diagnostics.Verdict{"paper": diagnostics.Converged, "ours": diagnostics.StillLearning} {
		if r := diagnoseJSON(t, path, "--rules", rules); r.Verdict != want {
			t.Errorf("--rules %s: %v, want %v", rules, r.Verdict, want)
		}
	}
	if r := diagnoseJSON(t, path); r.Verdict != diagnostics.StillLearning {
		t.Errorf("without the flag: %v", r.Verdict)
	}
	if code, _, stderr := command(t, "diagnose", path, "--rules", "other"); code != exitUsage || !strings.Contains(stderr, `--rules: got "other", want ours or paper`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
