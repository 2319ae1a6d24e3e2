package experiment

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

var update = flag.Bool("update", false, "write the golden files")

// silent is a Screen that shows nothing.
type silent struct{}

func (silent) BatchDone(int, int, int, float64) {}
func (silent) EpochDone(trainer.Row)            {}
func (silent) Verdict(diagnostics.Report)       {}

// trained runs a preset in a folder of its own.
func trained(t *testing.T, preset string, set ...string) (dir string, r *Result) {
	t.Helper()
	ctx := context.Background()
	c, err := configs.Load(preset, append(set, "output.tensorboard=false", "output.report=false"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(ctx, c, Reading{})
	if errors.Is(err, datasets.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "run")
	r, err = e.Run(ctx, RunOptions{Out: dir, Log: slog.New(slog.DiscardHandler), Screen: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	return dir, r
}

// weightsSum is a hash of the weights and velocities in a run's last checkpoint.
func weightsSum(t *testing.T, dir string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "checkpoints", "last.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	tensors, _, err := models.ReadSafetensors(file)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(tensors, func(a, b models.Tensor) int { return strings.Compare(a.Name, b.Name) })
	h := sha256.New()
	for _, tensor := range tensors {
		if tensor.DType == "F32" && !strings.HasPrefix(tensor.Name, datasets.RecipeKey) {
			fmt.Fprintf(h, "%s %v %x\n", tensor.Name, tensor.Shape, tensor.Data)
		}
	}
	return fmt.Sprintf("%.12x", h.Sum(nil))
}

// columns of the metrics that a preset's golden line holds.
var columns = []string{"epoch", "learning_rate", "train_loss", "train_error", "val_loss", "val_error",
	"gain_db", "pop_gain_db", "boundary_distance", "low_share", "prediction_changes", "shift_loss", "shift_error"}

// metricsSum is a hash of the columns of a run's metrics, and the number of its lines.
func metricsSum(t *testing.T, dir string) (sum string, lines int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "metrics.csv"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, name := range columns {
		k := slices.Index(records[0], name)
		if k < 0 {
			t.Fatalf("the metrics have no column %s", name)
		}
		for _, record := range records[1:] {
			fmt.Fprintf(h, "%s %s\n", name, record[k])
		}
	}
	return fmt.Sprintf("%.12x", h.Sum(nil)), len(records) - 1
}

// Short runs of the presets come to the weights, signals and verdicts that they have always come to, bit for bit. The
// golden file holds those of each CPU level, as levels differ in the last bit of a product; without the data of a preset
// it is left out.
func TestPresetsKeepTheirBits(t *testing.T) {
	if testing.Short() {
		t.Skip("trains every preset")
	}
	level, err := models.CPULevel()
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/presets.golden"
	file, err := os.ReadFile(golden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := map[string]string{}
	for s := bufio.NewScanner(strings.NewReader(string(file))); s.Scan(); {
		fields := strings.SplitN(s.Text(), " ", 3)
		want[fields[0]+" "+fields[1]] = fields[2]
	}
	for preset, size := range map[string]struct{ epochs, images int }{
		"quickstart": {8, 300}, "lenet_mnist": {8, 300}, "lenet_cifar10": {2, 200}, "lenet_cifar10_schedule": {2, 200},
		"lenet_cifar10_half": {2, 200}, "lenet_cifar10_double": {2, 200}, "nin_cifar10": {2, 100}, "nin_cifar10_constant": {2, 100},
	} {
		t.Run(preset, func(t *testing.T) {
			key := preset + " " + level
			if want[key] == "" && !*update {
				t.Skipf("the golden file has nothing of the CPU level %s", level)
			}
			dir, r := trained(t, preset, fmt.Sprint("data.train_count=", size.images), "data.val_count=100",
				fmt.Sprint("train.epochs=", size.epochs), "train.batch_size=50")
			metrics, lines := metricsSum(t, dir)
			got := fmt.Sprintf("weights %s signals %s verdict %s", weightsSum(t, dir), metrics, r.Diagnosis.Verdict)
			if lines != size.epochs+1 {
				t.Errorf("%d lines of metrics, want %d", lines, size.epochs+1)
			}
			if *update {
				want[key] = got
			} else if got != want[key] {
				t.Errorf("got  %s\nwant %s", got, want[key])
			}
		})
	}
	if *update {
		var lines []string
		for key, line := range want {
			lines = append(lines, key+" "+line+"\n")
		}
		slices.Sort(lines)
		if err := os.WriteFile(golden, []byte(strings.Join(lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
