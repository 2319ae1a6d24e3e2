package datasets

import (
	"io/fs"
	"syscall"
)

// changeTime is when a file's content or name was last changed, in nanoseconds. Programs cannot set it.
func changeTime(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ctim.Nano()
	}
	return 0
}
