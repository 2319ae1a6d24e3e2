package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// fileSet names the files of a dataset and says where they may be found.
type fileSet struct {
	dataset string
	folders []string // sub-folders in which they are looked for; downloads go to the first
	system  []string // folders of the operating system to search after the user's
	files   []file
	zipped  bool     // each file may be gzipped, its name ending in .gz, and is so on the mirrors
	archive file     // one .tar.gz that holds all files; an empty name for none
	keep    bool     // a downloaded archive is kept and read from, not unpacked
	mirrors []string // addresses that a file's (or the archive's) name completes
}

// file is a file as published.
type file struct {
	name string
	sum  string // SHA-256, in hex, of what the mirrors send; "" where only the archive's is known
	size int64  // bytes that the mirrors send at most; 0 for maxDownload
}

// location says where a file set was found.
type location struct {
	dir     string
	paths   map[string]string // by the names of fileSet.files
	archive string            // path of the archive; "" when the files themselves are there
}

func (l location) path(name string) string { return l.paths[name] }

// place is a folder to search and how the user named it.
type place struct{ dir, origin string }

// locator searches folders and, failing these, mirrors.
type locator struct {
	options Options
	places  []place
	unset   []string // named places that are not there to be searched
	cache   string   // where downloads go; "" when this user has no cache folder
	client  *http.Client
	stall   time.Duration // a download that stands still for so long has failed
}

// newLocator searches the options' folder, $MAXGAIN_DATA and the user's cache, in this order.
func newLocator(o Options) *locator {
	l := &locator{options: o, client: downloadClient(), stall: 30 * time.Second}
	if o.Dir != "" {
		l.places = append(l.places, place{o.Dir, "data.dir"})
	} else {
		l.unset = append(l.unset, "--data-dir (or data.dir) is not set")
	}
	if dir := os.Getenv("MAXGAIN_DATA"); dir != "" {
		l.places = append(l.places, place{dir, "$MAXGAIN_DATA"})
	} else {
		l.unset = append(l.unset, "$MAXGAIN_DATA is not set")
	}
	if dir, err := cacheDir(); err == nil {
		l.places = append(l.places, place{dir, "cache"})
		l.cache = dir
	} else {
		l.unset = append(l.unset, fmt.Sprintf("no cache folder: %v", err))
	}
	return l
}

// locate finds set in the first place that holds all of it, or downloads it. The error for a set found nowhere wraps
// ErrMissing.
func (l *locator) locate(ctx context.Context, set fileSet) (location, error) {
	looked := l.unset
	places := l.places
	for _, dir := range set.system {
		places = append(places[:len(places):len(places)], place{dir, "system"})
	}
	for _, p := range places {
		for _, folder := range append([]string{""}, set.folders...) {
			dir := filepath.Join(p.dir, folder)
			at, missing := set.in(dir)
			if len(missing) == 0 {
				if p.dir == l.cache {
					if err := makeCache(dir); err != nil { // killed downloads may have left files there
						l.options.log("warning: %v", err)
					}
				}
				l.options.log("%s: read from %s (%s)", set.dataset, dir, p.origin)
				return at, nil
			}
			looked = append(looked[:len(looked):len(looked)], fmt.Sprintf("%s (%s)%s", dir, p.origin, shortOf(set, missing)))
		}
	}
	at, err := l.download(ctx, set)
	if err == nil {
		return at, nil
	}
	if ctx.Err() != nil {
		return location{}, fmt.Errorf("download %s: %w", set.dataset, context.Cause(ctx))
	}
	return location{}, fmt.Errorf("%w: %s\n  wanted: %s\n  looked in:\n    %s\n  download: %s\n  %s", ErrMissing, set.dataset,
		set.wanted(), strings.Join(looked, "\n    "), strings.ReplaceAll(err.Error(), "\n", "\n    "),
		"either put the files into one of these folders, or begin without any: train --config quickstart.yaml (digits drawn by the program)")
}

// wanted lists the files as a user would look for them.
func (s fileSet) wanted() string {
	var names []string
	for _, f := range s.files {
		names = append(names, f.name)
	}
	list := strings.Join(names, ", ")
	if s.zipped {
		list += " (each as it is or gzipped, .gz)"
	}
	if s.archive.name != "" {
		list += "; or " + s.archive.name
	}
	return list
}

// in looks for the set in dir; missing lists what is not there.
func (s fileSet) in(dir string) (at location, missing []string) {
	at = location{dir: dir, paths: map[string]string{}}
	for _, f := range s.files {
		path := filepath.Join(dir, f.name)
		switch {
		case isFile(path):
		case s.zipped && isFile(path+".gz"):
			path += ".gz"
		default:
			missing = append(missing, f.name)
			continue
		}
		at.paths[f.name] = path
	}
	if s.archive.name == "" || len(missing) == 0 {
		return at, missing
	}
	if path := filepath.Join(dir, s.archive.name); isFile(path) {
		return location{dir: dir, archive: path}, nil
	}
	return at, missing
}

// shortOf remarks on a folder that holds a part of the set.
func shortOf(set fileSet, missing []string) string {
	if len(missing) == len(set.files) {
		return ""
	}
	return ": lacks " + strings.Join(missing, ", ")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// readFile opens path for read.
func readFile(path string, read func(io.Reader) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read data: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return read(f)
}
