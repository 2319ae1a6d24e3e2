package live

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/maxgain/maxgain/diagnostics/internal/sample"
)

// BenchmarkLook is what one look at a run of 40 epochs costs that has a new epoch: reading, judging and drawing.
func BenchmarkLook(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "run")
	s := sample.Short
	s.Epochs = 40
	s.Write(b, dir)
	w := &watcher{dirs: []string{dir}, thresholds: defaults, now: time.Now}
	for b.Loop() {
		w.find()
		w.runs[0].read(defaults)
		if _, err := w.sections(); err != nil {
			b.Fatal(err)
		}
	}
}
