package classify

import (
	"io"

	"github.com/maxgain/maxgain/models/onnx"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// WriteONNX writes the net with its preprocessing to an ONNX file, whole or not at all.
func (c *Classifier) WriteONNX(path string) error {
	return rundir.WriteFile(path, func(w io.Writer) error { return onnx.Write(w, c.net, c.Recipe) })
}
