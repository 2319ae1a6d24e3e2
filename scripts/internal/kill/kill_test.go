package kill

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// asCommand in the environment makes the test's program one that sleeps, or that fails.
const asCommand = "KILL_TEST_COMMAND"

func TestMain(m *testing.M) {
	switch os.Getenv(asCommand) {
	case "sleeps":
		time.Sleep(time.Minute)
		os.Exit(0)
	case "fails":
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func commandThat(t *testing.T, does string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), asCommand+"="+does)
	return c
}

// A command that sleeps is killed however early the moment comes, and one that fails says so however late.
func TestWithin(t *testing.T) {
	moment := rand.New(rand.NewPCG(1, 1))
	for i := range 50 {
		if killed, err := Within(commandThat(t, "sleeps"), time.Millisecond, moment); !killed || err != nil {
			t.Fatalf("command %d: killed %v, error %v", i, killed, err)
		}
	}
	killed, err := Within(commandThat(t, "fails"), 1000*time.Hour, moment)
	if exit, ok := err.(*exec.ExitError); killed || !ok || exit.ExitCode() != 3 {
		t.Errorf("a command that fails: killed %v, error %v", killed, err)
	}
}
