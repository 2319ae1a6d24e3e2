package configs

import (
	"os"
	"path/filepath"
)

// resolve makes the config's paths absolute, so that they hold from any working directory. A path of the file is looked
// for in the folder that the file is in and then in the working directory; one of an override, and one of a resolved
// file, which an older version has written, in the working directory alone. Where there is nothing, the first of these
// places is taken. The name of a file that is shipped inside the program stays as it is unless there is such a file.
func (r *reading) resolve(folder string, resolved bool) error {
	for _, f := range r.config.fields() {
		where, given := r.given[f.key]
		if f.file == nil || !given || *f.file == "" || filepath.IsAbs(*f.file) {
			continue
		}
		folders := []string{folder, "."}
		if where.override != "" || resolved {
			folders = folders[1:]
		}
		path, found := lookFor(*f.file, folders)
		if _, inside := ReadShipped(*f.file); inside && !found {
			continue
		}
		absolute, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		*f.file = absolute
	}
	return nil
}

// lookFor is the path in the first of the folders in which there is something at it, or in the first of all.
func lookFor(path string, folders []string) (at string, found bool) {
	for _, folder := range folders {
		at := filepath.Join(folder, path)
		for _, name := range []string{at, at + ".yaml"} { // as Read takes them
			if _, err := os.Stat(name); err == nil {
				return at, true
			}
		}
	}
	return filepath.Join(folders[0], path), false
}

// ReadShipped returns the bytes of the file of that name that is shipped inside the program; ".yaml" may be left out.
func ReadShipped(name string) (data []byte, ok bool) {
	for _, candidate := range []string{name, name + ".yaml"} {
		if data, err := presets.ReadFile(candidate); err == nil {
			return data, true
		}
	}
	return nil, false
}
