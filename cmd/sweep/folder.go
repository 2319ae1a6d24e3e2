// Package sweep runs the trials of a sweep, each in a process and a folder of its own, and ranks them. It prints nothing.
package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
)

// File is the sweep's own copy of its definition, in its folder: what a resumption is checked against.
const File = "sweep.txt"

// IsFolder says whether there is a sweep in a folder.
func IsFolder(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, File))
	return err == nil
}

// describe is the sweep in words, a line a trial: equal for equal sweeps.
func describe(s configs.Sweep) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "sweep of %s, %d trials", s.Base, len(s.Trials))
	if s.Prune {
		fmt.Fprint(&b, ", the hopeless ones ended early")
	}
	fmt.Fprintln(&b)
	for _, t := range s.Trials {
		fmt.Fprintf(&b, "%s %s %s\n", t.Name, t.Config.Hash(), strings.Join(t.Set, " "))
	}
	return b.Bytes()
}

// Claim makes the sweep's folder, or makes sure that it is of the same sweep; a folder of another one is an
// experiment.ErrUsage.
func Claim(dir string, s configs.Sweep) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	path, want := filepath.Join(dir, File), describe(s)
	// Concurrent trials of a job array all come here: whoever links first has written the whole file.
	temp, err := os.CreateTemp(dir, ".sweep-*")
	if err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(want)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	err = os.Link(temp.Name(), path)
	if err == nil {
		return nil
	}
	if _, missing := os.Stat(path); errors.Is(missing, os.ErrNotExist) { // not every file system has links
		return os.Rename(temp.Name(), path)
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	if !bytes.Equal(have, want) {
		return experiment.Usagef("%s holds another sweep (%s differs); choose another folder with --out", dir, path)
	}
	return nil
}
