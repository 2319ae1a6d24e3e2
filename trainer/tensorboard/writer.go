// Package tensorboard writes a run's history as a TensorBoard event file: every column of the metrics table as a
// scalar of the same name, rounded to float32, and an image of the spectrum where there is one. The step is the epoch. Related
// columns are laid out in common pictures, and when the run has ended its settings and its verdict are added.
package tensorboard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"image"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/atomicfile"
	"github.com/maxgain/maxgain/trainer/rundir"
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
	// Charts are the pictures of several columns, as of training and validation.
	Charts []Chart
}

// Writer keeps the event file of one run. It is a trainer.Recorder.
//
// The file's content follows from the history alone: an epoch's time is the start plus the seconds of all epochs up to
// it. If what is on disk is the beginning of the content, the rest is appended, so that a TensorBoard that watches the
// file goes on reading it; if not, the file is replaced as a whole. Points are thus never there twice, and half a
// record left by a crash is completed.
type Writer struct {
	dir    *os.Root
	start  float64 // seconds since 1970
	image  func(epoch int) (image.Image, error)
	charts []Chart
	last   int      // epoch of the last event
	found  []byte   // what the file held when it was opened, until the first record; nil: no file
	marks  []uint64 // of the rows whose events the file holds
	size   int64    // of the file that holds them; −1: unknown
	wall   float64  // time of the last of them
	append func(dir *os.Root, size int64, data []byte) error
}

// New opens the event file in an open folder that nobody else writes to.
func New(dir *os.Root, o Options) (*Writer, error) {
	if err := atomicfile.Clean(dir, 0); err != nil {
		return nil, fmt.Errorf("tensorboard: %w", err)
	}
	w := &Writer{dir: dir, image: o.Image, charts: o.Charts, size: -1, append: appendTo, start: float64(o.Start.UnixMicro()) / 1e6}
	var err error
	if w.found, err = dir.ReadFile(FileName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tensorboard: reading what is there: %w", err)
	}
	if start, ok := startOf(w.found); ok {
		w.start = start
	}
	if err := w.forget(); err != nil {
		return nil, fmt.Errorf("tensorboard: %w", err)
	}
	return w, nil
}

// Record implements trainer.Recorder: it brings the file up to the history.
func (w *Writer) Record(h *trainer.History, _ trainer.Status) error {
	if err := w.record(h); err != nil {
		w.size = -1 // the next time the file is replaced
		return fmt.Errorf("tensorboard: %w", err)
	}
	return nil
}

func (w *Writer) record(h *trainer.History) error {
	marks := make([]uint64, len(h.Rows))
	for i, r := range h.Rows {
		marks[i] = mark(r)
	}
	known := len(w.marks)
	if w.size < 0 || len(marks) < known || !slices.Equal(marks[:known], w.marks) {
		return w.begin(h, marks)
	}
	data, wall, err := w.events(nil, w.wall, h.Rows[known:])
	if err != nil {
		return err
	}
	err = w.append(w.dir, w.size, data)
	if errors.Is(err, errOther) {
		return w.begin(h, marks)
	}
	if err != nil {
		return err
	}
	w.marks, w.size, w.wall = marks, w.size+int64(len(data)), wall
	return nil
}

// begin writes all events. What the file held when it was opened is gone on with if it is the beginning of them.
func (w *Writer) begin(h *trainer.History, marks []uint64) error {
	head := appendRecord(nil, versionEvent(w.start))
	if len(w.charts) > 0 {
		head = appendRecord(head, layoutEvent(w.start, w.charts))
	}
	all, wall, err := w.events(head, w.start, h.Rows)
	if err != nil {
		return err
	}
	found := w.found
	w.found = nil
	err = errOther
	if len(found) > 0 && bytes.HasPrefix(all, found) {
		err = w.append(w.dir, int64(len(found)), all[len(found):])
	}
	if errors.Is(err, errOther) {
		err = atomicfile.WriteBytesIn(w.dir, FileName, all)
	}
	if err != nil {
		return err
	}
	w.marks, w.size, w.wall = marks, int64(len(all)), wall
	return nil
}

// errOther is returned where the event file is not the one that was written before.
var errOther = errors.New("the event file has changed")

// appendTo adds data at the end of the event file, which must have a size.
func appendTo(dir *os.Root, size int64, data []byte) error {
	f, err := dir.OpenFile(FileName, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return errOther
	}
	if err != nil {
		return err
	}
	at, err := f.Seek(0, io.SeekEnd)
	if err == nil && at != size {
		err = errOther
	}
	if err == nil {
		_, err = f.Write(data)
	}
	return errors.Join(err, f.Close())
}

// events appends the events of rows, the first of which comes after a time, and returns the time of the last.
func (w *Writer) events(out []byte, wall float64, rows []trainer.Row) ([]byte, float64, error) {
	for _, r := range rows {
		w.last = r.Epoch
		if r.Seconds > 0 {
			wall += r.Seconds
		}
		var values [][]byte
		for _, f := range rundir.Fields(r) {
			values = append(values, scalarValue(f.Name, f.Value))
		}
		picture, err := w.picture(r.Epoch)
		if err != nil {
			return nil, 0, fmt.Errorf("epoch %d: %w", r.Epoch, err)
		}
		if len(picture) > 0 {
			values = append(values, picture)
		}
		if len(values) > 0 {
			out = appendRecord(out, summaryEvent(wall, r.Epoch, values))
		}
	}
	return out, wall, nil
}

// mark is a hash of a row, by which a row that has changed is known.
func mark(r trainer.Row) uint64 {
	h := fnv.New64a()
	number := make([]byte, 8)
	write := func(v uint64) {
		binary.LittleEndian.PutUint64(number, v)
		h.Write(number)
	}
	write(uint64(r.Epoch))
	for _, f := range rundir.Fields(r) {
		io.WriteString(h, f.Name)
		write(math.Float64bits(f.Value))
	}
	return h.Sum64()
}

// picture is the encoded picture of an epoch, nil if there is none.
func (w *Writer) picture(epoch int) ([]byte, error) {
	if w.image == nil {
		return nil, nil
	}
	m, err := w.image(epoch)
	if m == nil || err != nil {
		return nil, err
	}
	return imageValue(SpectrumTag, m)
}
