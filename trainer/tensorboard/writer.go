// Package tensorboard writes a run's history as a TensorBoard event file: every column of the metrics table as a
// scalar of the same name, rounded to float32, and an image of the spectrum where there is one. The step is the epoch.
package tensorboard

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// FileName is the event file's name within its folder. It never changes, so that a resumed run has one file.
const FileName = "events.out.tfevents.maxgain"

// SpectrumTag is the name under which images are shown.
const SpectrumTag = "spectrum"

// Options say what is written beside the scalars.
type Options struct {
	Start time.Time // of the run; that of an event file which is already there goes before it
	// Image returns the picture of an epoch, nil if there is none. Nil: no pictures.
	Image func(epoch int) (image.Image, error)
}

// Writer keeps the event file of one run. It is a trainer.Recorder.
//
// The file's content follows from the history alone: an epoch's time is the start plus the seconds of all epochs up to
// it. If what is on disk is the beginning of the content, the rest is appended, so that a TensorBoard that watches the
// file goes on reading it; if not, the file is replaced as a whole. Points are thus never there twice, and half a
// record left by a crash is completed.
type Writer struct {
	path   string
	start  float64 // seconds since 1970
	image  func(epoch int) (image.Image, error)
	disk   []byte         // what the file holds
	images map[int][]byte // encoded pictures by epoch; empty where there is none
}

// New opens the event file in folder dir, which is made if missing.
func New(dir string, o Options) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("tensorboard: making the folder: %w", err)
	}
	w := &Writer{path: filepath.Join(dir, FileName), image: o.Image, images: map[int][]byte{},
		start: float64(o.Start.UnixMicro()) / 1e6}
	var err error
	if w.disk, err = os.ReadFile(w.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tensorboard: reading what is there: %w", err)
	}
	if start, ok := startOf(w.disk); ok {
		w.start = start
	}
	return w, nil
}

// Record implements trainer.Recorder: it brings the file up to the history.
func (w *Writer) Record(h *trainer.History, _ trainer.Status) error {
	content, err := w.content(h)
	if err != nil {
		return fmt.Errorf("tensorboard: %w", err)
	}
	if bytes.HasPrefix(content, w.disk) && len(w.disk) > 0 {
		err = appendTo(w.path, content[len(w.disk):])
	} else {
		err = atomicfile.WriteBytes(w.path, content)
	}
	if err != nil {
		w.disk = nil // unknown: the next time the file is replaced
		return fmt.Errorf("tensorboard: %w", err)
	}
	w.disk = content
	return nil
}

// appendTo adds data at the end of a file.
func appendTo(path string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// content is the whole event file of a history.
func (w *Writer) content(h *trainer.History) ([]byte, error) {
	var table bytes.Buffer
	if err := h.WriteCSV(&table); err != nil {
		return nil, err
	}
	records, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		return nil, err
	}
	out := appendRecord(nil, versionEvent(w.start))
	wall := w.start
	for i, r := range h.Rows {
		if r.Seconds > 0 {
			wall += r.Seconds
		}
		values, err := scalars(records[0], records[i+1])
		if err != nil {
			return nil, fmt.Errorf("epoch %d: %w", r.Epoch, err)
		}
		picture, err := w.picture(r.Epoch)
		if err != nil {
			return nil, fmt.Errorf("epoch %d: %w", r.Epoch, err)
		}
		if len(picture) > 0 {
			values = append(values, picture)
		}
		if len(values) > 0 {
			out = appendRecord(out, summaryEvent(wall, r.Epoch, values))
		}
	}
	return out, nil
}

// scalars encodes the fields of one line of the metrics table; empty fields were not measured.
func scalars(names, fields []string) ([][]byte, error) {
	var values [][]byte
	for k, text := range fields {
		if names[k] == "epoch" || text == "" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", names[k], err)
		}
		values = append(values, scalarValue(names[k], v))
	}
	return values, nil
}

// picture is the encoded picture of an epoch, asked for and encoded once.
func (w *Writer) picture(epoch int) ([]byte, error) {
	if value, ok := w.images[epoch]; ok || w.image == nil {
		return value, nil
	}
	m, err := w.image(epoch)
	if err != nil {
		return nil, err
	}
	var value []byte
	if m != nil {
		if value, err = imageValue(SpectrumTag, m); err != nil {
			return nil, err
		}
	}
	w.images[epoch] = value
	return value, nil
}
