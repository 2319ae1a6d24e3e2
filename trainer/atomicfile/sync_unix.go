//go:build unix

package atomicfile

import (
	"errors"
	"os"
)

// syncDir makes renames within a folder durable.
func syncDir(dir *os.Root) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(syncFile(d), d.Close())
}
