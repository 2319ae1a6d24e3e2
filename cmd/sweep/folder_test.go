package sweep

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
)

// A folder is of one sweep: the same one is let in again, one of other trials or another treatment of them is not.
func TestSweepFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	try := func(text string) error {
		path := filepath.Join(t.TempDir(), "sweep.yaml")
		if err := os.WriteFile(path, []byte("config: quickstart.yaml\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := configs.LoadSweep(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return Claim(dir, s)
	}
	const seeds = "parameters: {train.seed: [1, 2]}\n"
	for range 2 {
		if err := try(seeds); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{
		"parameters: {train.seed: [1, 3]}\n", "parameters: {train.seed: [2, 1]}\n", seeds + "overrides: {train.epochs: 7}\n", seeds + "prune: true\n",
	} {
		if err := try(other); !errors.Is(err, experiment.ErrUsage) || !strings.Contains(err.Error(), "holds another sweep") {
			t.Errorf("%q: %v", other, err)
		}
	}
}
