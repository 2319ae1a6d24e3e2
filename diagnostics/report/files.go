package report

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/diagnostics/judged"
)

// WritePlots draws the curves of a run, or of several laid over each other, each as a .svg and a .png file in dir:
// gain, loss, error and one for each other signal that was measured. The folder is made if missing. It returns the
// files' paths.
func WritePlots(dir string, list ...judged.Run) ([]string, error) {
	if len(list) == 0 {
		return nil, ErrNoRuns
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: plots: %w", err)
	}
	all := charts(&list[0])
	if len(list) > 1 {
		all = overlays(list)
	}
	var written []string
	for _, c := range all {
		for _, format := range []string{"svg", "png"} {
			path := filepath.Join(dir, c.file+"."+format)
			if err := c.Save(path); err != nil {
				return written, fmt.Errorf("report: plots: %w", err)
			}
			written = append(written, path)
		}
	}
	return written, nil
}
