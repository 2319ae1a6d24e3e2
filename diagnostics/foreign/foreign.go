// Package foreign reads the logs of trainings that other programs made: comma-separated values as Keras, Lightning, Weights &
// Biases and pandas write them, JSON and JSON lines, and TensorBoard's files of events. What it returns is a
// diagnostics.Curve with epochs counted from 1. Columns are known by their usual names, or named by the caller.
//
// The columns of held-out images are never read: no verdict rests on them.
package foreign

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
)

// Options say how a log is to be understood; the zero value leaves all to what its columns are called.
type Options struct {
	// Columns names the column of the file behind one of ours: "train_loss": "loss". Ours are the columns that rules read,
	// "epoch", "step", and "train_accuracy" for one minus "train_error".
	Columns diagnostics.Mapping
	// StepsPerEpoch is how many steps make an epoch, for logs that count steps. 0: the file must tell.
	StepsPerEpoch float64
}

// Log is a training's log as it was understood.
type Log struct {
	Curve *diagnostics.Curve
	// Notes say in short sentences how the file was read: which column stands for what, and how epochs were counted.
	Notes []string
}

// Fault is something in a log that cannot be read, and where: a line and column counted from 1, or 0 where there is no
// one place.
type Fault struct {
	File         string
	Line, Column int
	Detail       string
}

// Error implements error.
func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Detail)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Detail)
}

// ErrOptions is wrapped by errors that are the options' fault, not the file's.
var ErrOptions = errors.New("reading a log")

// maxFile bounds how much of a text log is read, in bytes.
const maxFile = 64 << 20

// Read reads the log at a path: a file of any of the formats, which its content tells, or a folder that holds a metrics.csv or,
// itself or in its folders, TensorBoard's files of events. What cannot be read is a *Fault.
func Read(path string, o Options) (*Log, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t, err := readTable(path, o)
	if err != nil {
		return nil, err
	}
	return t.log(path, o)
}

// readTable reads all of a log's numbers that may be of use.
func readTable(path string, o Options) (*table, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil {
		return nil, err
	} else if info.IsDir() {
		return readFolder(path, o)
	}
	begin := make([]byte, 12)
	n, err := io.ReadFull(file, begin)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if isEvents(path, begin[:n]) {
		var e events
		if err := e.read(file, path, ""); err != nil {
			return nil, err
		}
		return e.table(path, o)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, &Fault{File: path, Detail: fmt.Sprintf("the file has more than %d MiB: a log of a training has an entry an epoch or step", maxFile>>20)}
	}
	return parseText(path, text, o)
}

// readFolder reads the log that a folder holds.
func readFolder(dir string, o Options) (*table, error) {
	metrics := filepath.Join(dir, "metrics.csv")
	if _, err := os.Stat(metrics); err == nil {
		return readTable(metrics, o)
	}
	return readEvents(dir, o)
}

// parseText reads a log that is text.
func parseText(name string, text []byte, o Options) (*table, error) {
	clean, err := decode(text)
	if err != nil {
		return nil, &Fault{File: name, Detail: err.Error()}
	}
	if len(strings.TrimSpace(clean)) == 0 {
		return nil, &Fault{File: name, Detail: "the file is empty; " + wanted}
	}
	if first := strings.TrimSpace(clean)[0]; first == '{' || first == '[' {
		return parseJSON(name, clean, o)
	}
	return parseCSV(name, clean, o)
}
