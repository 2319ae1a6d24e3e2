package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics/live"
	"github.com/spf13/cobra"
)

// liveFlags say where a live page is served.
type liveFlags struct {
	port   int
	listen string
}

func (f *liveFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.port, "port", 0, "`port` of the live page; 0 takes a free one")
	c.Flags().StringVar(&f.listen, "listen", "", "`address` at which the live page is served instead of 127.0.0.1; viewers then need the token that is printed")
}

// open makes the server of a live page and the listener that it is served on.
func (f liveFlags) open(dirs ...string) (*live.Server, net.Listener, error) {
	o := live.Options{Dirs: dirs, Thresholds: experiment.ThresholdsOf}
	host := "127.0.0.1"
	if f.listen != "" {
		host, o.Token = f.listen, live.NewToken()
	}
	if f.port < 0 || f.port > 65535 {
		return nil, nil, usage("--port: got %d, want 0 to 65535", f.port)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(f.port)))
	if err != nil {
		return nil, nil, fmt.Errorf("live page: %w; choose another --port or --listen", err)
	}
	return live.New(o), l, nil
}

// newLive is "train live".
func newLive(a *app) *cobra.Command {
	var f liveFlags
	c := &cobra.Command{
		Use:   "live FOLDER…",
		Short: "Show runs or sweeps in a browser while they go on",
		Long: `Serve a page whose curves grow after each epoch of the runs in the folders, whichever process or machine
trains them: folders of runs, of sweeps, or folders that hold runs. Ctrl-C ends it.`,
		Example: `  train live runs/fast
  train live runs --port 8080`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s wants the folders of runs or sweeps", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.live(c.Context(), f, args) },
	}
	f.add(c)
	return c
}

func (a *app) live(ctx context.Context, f liveFlags, dirs []string) error {
	server, l, err := f.open(dirs...)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if _, err := os.Stat(dir); err != nil {
			a.log.Warn("waiting for a folder that is not there", "folder", dir)
		}
	}
	fmt.Fprintln(a.stdout, server.URL(l))
	return server.Serve(ctx, l)
}

// liveScreen shows a run on a live page beside another screen.
type liveScreen struct {
	experiment.Screen
	server *live.Server
	dir    string
}

// BatchDone implements trainer.Observer.
func (s *liveScreen) BatchDone(epoch, done, total int, loss float64) {
	s.Screen.BatchDone(epoch, done, total, loss)
	s.server.Step(s.dir, epoch, done, total)
}

// withLive serves the live page while do trains, and lets viewers have the last state before it returns. do is given what
// is to be told of the run: where it is kept, and how it goes on.
func (a *app) withLive(ctx context.Context, f liveFlags, do func(shown *liveScreen) error) error {
	server, l, err := f.open()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "live page: %s\n", server.URL(l))
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- server.Serve(serving, l) }()
	err = do(&liveScreen{server: server})
	end()
	return errors.Join(err, <-done)
}

// began notes the folder of the run.
func (s *liveScreen) began(dir string) {
	s.dir = dir
	s.server.Add(dir)
}

// over shows a run on another screen too.
func (s *liveScreen) over(other experiment.Screen) experiment.Screen {
	s.Screen = other
	return s
}
