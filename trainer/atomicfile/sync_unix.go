//go:build unix

package atomicfile

import (
	"errors"
	"os"
)

// syncDir makes renames within a folder of dir durable.
func syncDir(dir *os.Root, name string) error {
	d, err := dir.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(syncFile(d), d.Close())
}
