// Package kill is what the programs share that kill a training at random moments to see what comes of it.
package kill

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// Main is the main function of such a program: it reads the flags and runs it. Of what it kills there are n by default,
// called what in the help.
func Main(name, what string, n int, run func(n int, seed uint64, train string, out io.Writer) error) {
	flag.IntVar(&n, "n", n, what+" to kill")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments")
	train := flag.String("train", "", "the command to try; built from cmd/train if empty")
	flag.Parse()
	if err := run(n, *seed, *train, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Build builds the train command in a folder and returns its path.
func Build(dir string) (string, error) {
	train := filepath.Join(dir, "train.exe") // a name that every system runs
	text, err := exec.Command("go", "build", "-o", train, "github.com/maxgain/maxgain/cmd/train").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the train command: %w: %s", err, text)
	}
	return train, nil
}

// Within lets a command run for a random part of a length of time and kills it with SIGKILL. A command that ended by
// itself before was not killed, and its error is returned.
func Within(c *exec.Cmd, length time.Duration, moment *rand.Rand) (killed bool, err error) {
	if err := c.Start(); err != nil {
		return false, err
	}
	shot := make(chan bool, 1)
	timer := time.AfterFunc(time.Duration(moment.Int64N(int64(length))), func() { shot <- c.Process.Kill() == nil })
	err = c.Wait()
	if timer.Stop() { // the command ended first
		return false, err
	}
	if <-shot && endedByKill(c.ProcessState) {
		return true, nil
	}
	return false, err
}

// endedByKill tells whether a process was ended by a signal. Windows has none and gives a process that is killed exit
// code 1.
func endedByKill(s *os.ProcessState) bool {
	return s.ExitCode() == -1 || runtime.GOOS == "windows" && s.ExitCode() == 1
}
