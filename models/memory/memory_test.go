package memory

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAvailable(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
		known bool
	}{
		{"no files", nil, 0, false},
		{"no such line", map[string]string{"proc/meminfo": "MemTotal: 9 kB\n"}, 0, false},
		{"no group", map[string]string{"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    4096 kB\n"}, 4 * mib, true},
		{"own group", map[string]string{"proc/meminfo": "MemAvailable: 102400 kB\n", "proc/self/cgroup": "0::/a/b\n",
			"cgroup/a/b/memory.max": "10485760\n", "cgroup/a/b/memory.current": "3145728\n",
			"cgroup/a/b/memory.stat": "anon 5\ninactive_file 1048576\nactive_file 1048576\n"}, 9 * mib, true},
		{"group above", map[string]string{"proc/meminfo": "MemAvailable: 102400 kB\n", "proc/self/cgroup": "0::/a/b\n",
			"cgroup/a/b/memory.max": "max\n", "cgroup/a/b/memory.current": "3145728\n",
			"cgroup/a/memory.max": "5242880", "cgroup/a/memory.current": "4194304"}, 1 * mib, true},
		{"root group", map[string]string{"proc/meminfo": "MemAvailable: 102400 kB\n", "proc/self/cgroup": "0::/\n",
			"cgroup/memory.max": "2097152", "cgroup/memory.current": "3145728"}, 0, true},
		{"version 1", map[string]string{"proc/meminfo": "MemAvailable: 102400 kB\n",
			"cgroup/memory/memory.limit_in_bytes": "4194304", "cgroup/memory/memory.usage_in_bytes": "1048576"}, 3 * mib, true},
		{"limit above the machine", map[string]string{"proc/meminfo": "MemAvailable: 1024 kB\n",
			"cgroup/memory/memory.limit_in_bytes": "9223372036854771712", "cgroup/memory/memory.usage_in_bytes": "1048576"}, 1 * mib, true},
	} {
		dir := t.TempDir()
		for path, content := range c.files {
			write(t, filepath.Join(dir, path), content)
		}
		if got, known := available(filepath.Join(dir, "proc"), filepath.Join(dir, "cgroup")); got != c.want || known != c.known {
			t.Errorf("%s: %d, %v, want %d, %v", c.name, got, known, c.want, c.known)
		}
	}
	if got, known := Available(); runtime.GOOS == "linux" && (!known || got < mib) {
		t.Errorf("this machine: %d, %v", got, known)
	}
}
