//go:build !unix

package atomicfile

// SyncDir does nothing: this system makes renames durable by itself and cannot sync a folder.
func SyncDir(string) error { return nil }
