package datasets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/datasets/picture"
)

var _ = register(source{
	name: "folder", note: "your own pictures: data.path with a folder for each class, or train, val and test with such folders",
	normalize: NormalizeMean, shift: -1, path: true, pictures: true,
	load: loadFolder,
})

// loadFolder reads DIR/<class>/… or DIR/train/<class>/… with val, valid, validation or test beside train. Pictures are in the
// order of their names within the class's folder, numbers in them by value, and then of the classes: so files named by
// number are in the order of these numbers, whatever their class.
func loadFolder(ctx context.Context, o Options) (official, error) {
	l := &listing{set: pictureSet{root: o.Path, open: func(path string) (*os.File, error) { return os.Open(filepath.Join(o.Path, path)) }}, o: o}
	if err := l.list(); err != nil {
		return official{}, err
	}
	return l.set.load(ctx, o)
}

// listing finds the pictures of a folder.
type listing struct {
	set     pictureSet
	o       Options
	others  int    // files that are no pictures by their names
	example string // one of them
}

// partFolders are the folders that hold a part of the data each.
var partFolders = map[string]int{"train": trainPart, "val": valPart, "valid": valPart, "validation": valPart, "test": testPart}

func (l *listing) list() error {
	info, err := os.Stat(l.set.root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: data.path: there is no folder %s", ErrMissing, l.set.root)
	case err != nil:
		return fmt.Errorf("data.path: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%w: data.path: %s is not a folder", ErrOptions, l.set.root)
	}
	folders, err := l.folders("")
	if err != nil {
		return err
	}
	train, divided, err := l.trainFolder(folders)
	if err != nil {
		return err
	}
	if !divided {
		if err := l.part("", trainPart); err != nil {
			return err
		}
		return l.remark()
	}
	if err := l.part(train, trainPart); err != nil {
		return err
	}
	seen := map[int]string{trainPart: train}
	for _, name := range folders {
		part, known := partFolders[strings.ToLower(name)]
		if !known {
			l.o.log("warning: %s is left out: only train, val and test are read beside each other", filepath.Join(l.set.root, name))
			continue
		}
		if name == train {
			continue
		}
		if other, twice := seen[part]; twice {
			return fmt.Errorf("%w: %s holds both %s and %s: want one of them", ErrDamaged, l.set.root, other, name)
		}
		seen[part] = name
		if err := l.part(name, part); err != nil {
			return err
		}
	}
	return l.remark()
}

// trainFolder finds the folder "train" of a divided data set: one with folders of its own, beside val or test or nothing else.
// A class may be called train too.
func (l *listing) trainFolder(folders []string) (name string, divided bool, err error) {
	beside := false
	for _, folder := range folders {
		part, known := partFolders[strings.ToLower(folder)]
		if known && part == trainPart {
			name = folder
		}
		beside = beside || known && part != trainPart
	}
	if name == "" || !beside && len(folders) > 1 {
		return "", false, nil
	}
	inside, err := l.folders(name)
	return name, len(inside) > 0, err
}

// folders lists the visible folders in dir, a path under the root, sorted by name as os.ReadDir has them. Links to folders count.
func (l *listing) folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(l.set.root, dir))
	if err != nil {
		return nil, fmt.Errorf("data.path: %w", err)
	}
	var names []string
	for _, e := range entries {
		if hidden(e.Name()) {
			continue
		}
		info, err := os.Stat(filepath.Join(l.set.root, dir, e.Name()))
		if err == nil && info.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// hidden tells names that systems give to files of their own.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || name == "__MACOSX" }

// part lists the pictures of one part: the folders in dir are its classes. The training part names the classes of all.
func (l *listing) part(dir string, part int) error {
	where := filepath.Join(l.set.root, dir)
	classes, err := l.folders(dir)
	if err != nil {
		return err
	}
	if part == trainPart {
		l.set.classNames = classes
		if len(classes) > maxClasses {
			return fmt.Errorf("%w: %s holds %d folders, want at most %d classes", ErrDamaged, where, len(classes), maxClasses)
		}
	}
	var files []pictureFile
	for _, class := range classes {
		label, known := slices.BinarySearch(l.set.classNames, class)
		if !known {
			if err := l.unknownClass(filepath.Join(where, class)); err != nil {
				return err
			}
			continue
		}
		before := len(files)
		if files, err = l.pictures(files, filepath.Join(dir, class), pictureFile{label: label, part: part}); err != nil {
			return err
		}
		if len(files) == before && part != trainPart {
			l.o.log("warning: %s holds no pictures", filepath.Join(where, class))
		}
	}
	if err := l.loose(dir, len(classes), part); err != nil {
		return err
	}
	within := func(f pictureFile) string { return f.path[len(filepath.Join(dir, l.set.classNames[f.label]))+1:] }
	slices.SortStableFunc(files, func(a, b pictureFile) int {
		return cmp.Or(natural(within(a), within(b)), cmp.Compare(a.label, b.label))
	})
	l.set.files = append(l.set.files, files...)
	return nil
}

// unknownClass is a folder of val or test that train does not have.
func (l *listing) unknownClass(path string) error {
	if l.o.SkipBroken {
		l.o.log("warning: %s is left out: there are no training images of this class", path)
		return nil
	}
	return fmt.Errorf("%w: %s: there is no class of this name among the training images: rename or remove the folder, or set data.skip_broken to true to go on without it", ErrDamaged, path)
}

// loose remarks on pictures in dir itself, which have no class.
func (l *listing) loose(dir string, classes, part int) error {
	entries, err := os.ReadDir(filepath.Join(l.set.root, dir))
	if err != nil {
		return fmt.Errorf("data.path: %w", err)
	}
	count, where := 0, filepath.Join(l.set.root, dir)
	for _, e := range entries {
		if !e.IsDir() && !hidden(e.Name()) && picture.Named(e.Name()) {
			count++
		}
	}
	if classes < 2 && part == trainPart {
		return fmt.Errorf("%w: %s holds %d folders and %d pictures beside them: want two or more folders, one for each class, with pictures in them (%s)",
			ErrDamaged, where, classes, count, strings.Join(picture.Endings(), ", "))
	}
	if count > 0 {
		l.o.log("warning: %d pictures in %s itself have no class and are left out", count, where)
	}
	return nil
}

// pictures appends the pictures in dir, a path under the root, and in the folders in it; each is like the given one. Links to
// folders are not followed here, so that none can lead in circles.
func (l *listing) pictures(files []pictureFile, dir string, like pictureFile) ([]pictureFile, error) {
	entries, err := os.ReadDir(filepath.Join(l.set.root, dir))
	if err != nil {
		return nil, fmt.Errorf("data.path: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
			continue
		case e.IsDir():
			if files, err = l.pictures(files, path, like); err != nil {
				return nil, err
			}
			continue
		case !picture.Named(e.Name()):
			l.others++
			l.example = filepath.Join(l.set.root, path)
			continue
		}
		info, err := e.Info()
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			info, err = os.Stat(filepath.Join(l.set.root, path))
		}
		if err != nil {
			info = lost{e.Name()} // reading it will say what is wrong
		}
		like.path, like.info = path, info
		files = append(files, like)
	}
	return files, nil
}

// remark says how many files were left out for their names.
func (l *listing) remark() error {
	if l.others > 0 {
		l.o.log("%d files are no pictures by their names and are left out, such as %s", l.others, l.example)
	}
	return nil
}
