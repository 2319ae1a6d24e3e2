// Package memory says how much memory may still be taken, so that a request that cannot be met is refused in words
// instead of ending the program.
package memory

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Available is the number of bytes that can be taken without swapping: what Linux says is available, within the limits of
// the process's control groups. known is false on systems that cannot tell.
func Available() (bytes int64, known bool) { return available("/proc", "/sys/fs/cgroup") }

// available is Available with the places of the kernel's files.
func available(proc, cgroup string) (free int64, known bool) {
	content, err := os.ReadFile(filepath.Join(proc, "meminfo"))
	if err != nil {
		return 0, false
	}
	free, known = memAvailable(content)
	if !known {
		return 0, false
	}
	// Version 2 of control groups has one tree; a limit may stand at the process's group or at any above it.
	for _, group := range groups(proc) {
		for dir := filepath.Join(cgroup, group); len(dir) >= len(cgroup); dir = filepath.Dir(dir) {
			free = min(free, left(dir, "memory.max", "memory.current", free))
		}
	}
	// Version 1 has a tree for memory.
	free = min(free, left(filepath.Join(cgroup, "memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", free))
	return max(free, 0), true
}

// memAvailable reads the line "MemAvailable: 123 kB".
func memAvailable(meminfo []byte) (int64, bool) {
	lines := bufio.NewScanner(bytes.NewReader(meminfo))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10, err == nil
		}
	}
	return 0, false
}

// groups lists the process's control groups of version 2: lines "0::/path".
func groups(proc string) []string {
	content, err := os.ReadFile(filepath.Join(proc, "self", "cgroup"))
	if err != nil {
		return nil
	}
	var paths []string
	for line := range strings.Lines(string(content)) {
		if path, found := strings.CutPrefix(strings.TrimSpace(line), "0::"); found {
			paths = append(paths, path)
		}
	}
	return paths
}

// left is what a group's limit leaves; none where it has no limit. The group's use counts files in the page cache too,
// which the kernel gives up when memory is wanted: they are counted as free.
func left(dir, limitFile, useFile string, none int64) int64 {
	limit, ok := number(filepath.Join(dir, limitFile))
	if !ok {
		return none
	}
	use, ok := number(filepath.Join(dir, useFile))
	if !ok {
		return none
	}
	return limit - use + fileCache(filepath.Join(dir, "memory.stat"))
}

func number(path string) (int64, bool) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64) // "max" is no number
	return n, err == nil
}

// fileCache is the sum of the lines "inactive_file" and "active_file" of a group's statistics.
func fileCache(path string) int64 {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	var sum int64
	for line := range strings.Lines(string(content)) {
		if f := strings.Fields(line); len(f) == 2 && (f[0] == "inactive_file" || f[0] == "active_file") {
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err == nil {
				sum += n
			}
		}
	}
	return sum
}
