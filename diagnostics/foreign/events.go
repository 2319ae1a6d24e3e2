package foreign

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/trainer/tensorboard"
)

// eventsName is in the name of each of TensorBoard's files of events.
const eventsName = "tfevents"

// maxEventFiles bounds how many files of events one training may have.
const maxEventFiles = 1000

// isEvents tells whether a file is one of events by its name or its first bytes.
func isEvents(path string, begin []byte) bool {
	return strings.Contains(filepath.Base(path), eventsName) || tensorboard.IsEvents(begin)
}

// events are the scalars of one training's files.
type events struct {
	tags   []string
	points map[string]*points
	count  int
	notes  []string
}

// points is a tag's series by ascending steps.
type points struct {
	step  []int64
	value []float64
}

// readEvents reads the files of events in a folder and the folders within it. The tags of a folder within have its name before
// theirs.
func readEvents(dir string, o Options) (*table, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && strings.Contains(entry.Name(), eventsName) {
			if paths = append(paths, path); len(paths) > maxEventFiles {
				return &Fault{File: dir, Detail: fmt.Sprintf("more than %d files of events: give the folder of one training", maxEventFiles)}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, &Fault{File: dir, Detail: "the folder holds no metrics.csv and no file of events (*tfevents*)"}
	}
	slices.Sort(paths) // the names hold the time at which each was begun
	one := !slices.ContainsFunc(paths, func(path string) bool { return filepath.Dir(path) != filepath.Dir(paths[0]) })
	var e events
	for _, path := range paths {
		prefix := ""
		if folder, err := filepath.Rel(dir, filepath.Dir(path)); err == nil && folder != "." && !one {
			prefix = filepath.ToSlash(folder) + "/"
		}
		if err := e.readFile(path, prefix); err != nil {
			return nil, err
		}
	}
	return e.table(dir, o)
}

func (e *events) readFile(path, prefix string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return e.read(file, path, prefix)
}

// read takes the scalars of one file. A run that was resumed writes again the steps that it takes again: the later ones count.
func (e *events) read(r io.Reader, path, prefix string) error {
	if e.points == nil {
		e.points = map[string]*points{}
	}
	before := e.count
	err := tensorboard.ReadScalars(r, func(s tensorboard.Scalar) error {
		tag := prefix + s.Tag
		p := e.points[tag]
		if p == nil {
			if len(e.tags) == maxColumns {
				return &Fault{File: path, Detail: fmt.Sprintf("more than %d tags", maxColumns)}
			}
			p = &points{}
			e.points[tag] = p
			e.tags = append(e.tags, tag)
		}
		n := len(p.step)
		for n > 0 && p.step[n-1] >= s.Step {
			n--
		}
		p.step, p.value = append(p.step[:n], s.Step), append(p.value[:n], s.Value)
		if e.count++; e.count > maxCells {
			return &Fault{File: path, Detail: fmt.Sprintf("more than %d numbers", maxCells)}
		}
		return nil
	})
	var damage *tensorboard.DamageError
	if errors.As(err, &damage) {
		if e.count == before && damage.Offset == 0 {
			return &Fault{File: path, Detail: damage.Error()}
		}
		e.notes = append(e.notes, fmt.Sprintf("%s: %v; what stands before is read", filepath.Base(path), damage))
		return nil
	}
	return err
}

// table puts the scalars into rows by their steps.
func (e *events) table(file string, o Options) (*table, error) {
	t := newTable(file)
	t.notes = e.notes
	var steps []int64
	for _, tag := range e.tags {
		steps = append(steps, e.points[tag].step...)
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	if len(steps) > 0 && (steps[0] < 0 || steps[len(steps)-1] > maxEpoch) {
		return nil, &Fault{File: file, Detail: fmt.Sprintf("steps from %d to %d are no steps of a training", steps[0], steps[len(steps)-1])}
	}
	step := &column{name: "step", role: role{ours: useStep}}
	t.columns = append(t.columns, step)
	for row, s := range steps {
		if err := t.set(step, row, float64(s)); err != nil {
			return nil, err
		}
	}
	for _, tag := range e.tags {
		c, err := t.add(tag, o)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		for i, s := range e.points[tag].step {
			row, _ := slices.BinarySearch(steps, s)
			if err := t.set(c, row, e.points[tag].value[i]); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}
