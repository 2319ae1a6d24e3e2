package classify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/datasets/picture"
)

// labelled is a picture with its class.
type labelled struct {
	path  string
	label uint16
}

// partNames are the folders that hold a part of divided data each.
var partNames = map[string][]string{"train": {"train"}, "val": {"val", "valid", "validation"}, "test": {"test"}}

// pictureFolder lists the pictures of a folder by class, DIR/<class>/…, or of a part of it, DIR/<split>/<class>/…. It is nil
// if no folder in it is a class or a part, so that it must be data of another kind.
func (c *Classifier) pictureFolder(s Source) ([]labelled, error) {
	info, err := os.Stat(s.Data)
	if err != nil {
		return nil, fmt.Errorf("%w: --data: %w", datasets.ErrMissing, err)
	}
	if !info.IsDir() {
		return nil, nil
	}
	folders, err := subfolders(s.Data)
	if err != nil {
		return nil, err
	}
	dir := s.Data
	if part := choosePart(folders, s.Split); part != "" {
		dir = filepath.Join(s.Data, part)
		if folders, err = subfolders(dir); err != nil {
			return nil, err
		}
	} else if !c.anyClass(folders) {
		return nil, nil
	} else if s.Split != "" {
		return nil, experiment.Usagef("--split: %s holds no folder %s; leave --split out to evaluate all its pictures", s.Data, s.Split)
	}
	var all []labelled
	for _, class := range folders {
		label, known := c.classOf(class)
		if !known {
			return nil, experiment.Usagef("%s: the net knows no class %q; its classes are %s", filepath.Join(dir, class), class, some(c.Recipe.ClassNames))
		}
		for path, err := range Pictures(filepath.Join(dir, class)) {
			if err != nil {
				return nil, err
			}
			all = append(all, labelled{path, label})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: --data: there are no pictures in %s; want %s", datasets.ErrMissing, dir, strings.Join(picture.Endings(), ", "))
	}
	return all, nil
}

// choosePart is the folder of a split, or the first of val, test and train for no split; "" if there is none.
func choosePart(folders []string, split string) string {
	splits := []string{"val", "test", "train"}
	if split != "" {
		splits = []string{split}
	}
	for _, s := range splits {
		for _, name := range partNames[s] {
			for _, folder := range folders {
				if strings.EqualFold(folder, name) {
					return folder
				}
			}
		}
	}
	return ""
}

// anyClass tells whether one of the folders is called as a class is.
func (c *Classifier) anyClass(folders []string) bool {
	for _, folder := range folders {
		if _, known := c.classOf(folder); known {
			return true
		}
	}
	return false
}

// subfolders are the names of the visible folders in a folder.
func subfolders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	var out []string
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// evaluatePictures evaluates pictures. One that cannot be read ends it: an error that leaves some out is none.
func (c *Classifier) evaluatePictures(ctx context.Context, e *Evaluation, pictures []labelled, s Source) error {
	e.Data, e.Split = s.Data, s.Split
	size := c.Recipe.Size()
	raw, x := make([]byte, batch*size), make([]float32, batch*size)
	for from := 0; from < len(pictures); from += batch {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		part := pictures[from:min(from+batch, len(pictures))]
		labels := make([]uint16, len(part))
		paths := make([]string, len(part))
		for i, p := range part {
			labels[i], paths[i] = p.label, p.path
		}
		if err := errors.Join(c.read(paths, raw)...); err != nil {
			return err
		}
		if err := c.Recipe.Apply(x[:len(part)*size], raw[:len(part)*size]); err != nil {
			return err
		}
		if err := c.evaluateBatch(e, x[:len(part)*size], labels); err != nil {
			return err
		}
		if s.Progress != nil {
			s.Progress(from+len(part), len(pictures))
		}
	}
	return nil
}

// read reads picture files into raw, [len(paths),H,W,C], on all cores. The errors are those of each file.
func (c *Classifier) read(paths []string, raw []byte) []error {
	size, faults := c.Recipe.Size(), make([]error, len(paths))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				pixels, err := c.Recipe.PictureFile(paths[i])
				if err == nil && len(pixels) != size {
					err = fmt.Errorf("%w: %s: %d values, want %d", datasets.ErrDamaged, paths[i], len(pixels), size)
				}
				copy(raw[i*size:][:size], pixels)
				faults[i] = err
			}
		}()
	}
	for i := range paths {
		next <- i
	}
	close(next)
	wg.Wait()
	return faults
}

// Pictures walks over the picture files at a path: the file itself, or those in a folder and its folders, by name. Files
// that are no pictures by their names, and hidden ones, are passed over in folders. A path that is not there is an
// ErrMissing.
func Pictures(path string) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		root := path
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			root += string(filepath.Separator) // follows a link to a folder
		}
		err := filepath.WalkDir(root, func(at string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case at != root && strings.HasPrefix(e.Name(), "."):
				if e.IsDir() {
					return filepath.SkipDir
				}
				return nil
			case e.IsDir(), at != root && !picture.Named(at):
				return nil
			}
			if !yield(at, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %w", datasets.ErrMissing, err)
		}
		if err != nil {
			yield("", err)
		}
	}
}
