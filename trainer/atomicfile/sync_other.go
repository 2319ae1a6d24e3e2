//go:build !unix

package atomicfile

import "os"

// syncDir does nothing: this system makes renames durable by itself and cannot sync a folder.
func syncDir(*os.Root, string) error { return nil }
