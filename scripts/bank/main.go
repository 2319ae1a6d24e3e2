// Command bank makes the runs against which the rules of package diagnostics are held, and the tables of
// docs/diagnosis.md from them.
//
//	go run ./scripts/bank -part tuning -list           what a part holds: tuning or blind
//	go run ./scripts/bank -part blind -data-dir DIR    makes what is missing in diagnostics/testdata/blind
//	go run ./scripts/bank -only 'mnist.*noise0.3'      only runs whose name matches
//	go run ./scripts/bank -tables                      prints the tables as Markdown
//	go run ./scripts/bank -write docs/diagnosis.md     puts them into the page
//
// A run that is there is not made again; runs of data sets whose files are missing are passed over with a remark. The data
// set cifar10-grey is a folder of CIFAR-10's pictures in grey, with train/<class> and test/<class>, in DIR.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics/bank"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bank:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	part := flag.String("part", "tuning", "part of the bank: tuning or blind")
	root := flag.String("dir", "diagnostics/testdata", "folder of the bank's parts")
	data := flag.String("data-dir", os.Getenv("MAXGAIN_DATA"), "folder of the data sets")
	only := flag.String("only", "", "regular expression for the names of the runs to make")
	jobs := flag.Int("jobs", runtime.GOMAXPROCS(0), "runs made at once, each on one core")
	limit := flag.Duration("for", 24*time.Hour, "begin no run after this time")
	list := flag.Bool("list", false, "list the plan and stop")
	tables := flag.Bool("tables", false, "print the tables of the bank and stop")
	write := flag.String("write", "", "put the tables into this page and stop")
	flag.Parse()
	switch {
	case *tables:
		return printTables(os.Stdout, *root)
	case *write != "":
		return writePage(*write, *root)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	plans := map[string]func() []bank.Entry{"tuning": tuning, "blind": blindRuns}
	if plans[*part] == nil {
		return fmt.Errorf("-part: got %q, want tuning or blind", *part)
	}
	dir, all := filepath.Join(*root, *part), plans[*part]()
	chosen := slices.DeleteFunc(slices.Clone(all), func(e bank.Entry) bool { return !match.MatchString(bank.Key(e.Setting, e.Seed)) })
	if *list {
		return printPlan(chosen)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := makeRuns(ctx, chosen, *data, *jobs, time.Now().Add(*limit), dir); err != nil {
		return err
	}
	return index(dir, all)
}

// makeRuns makes those runs that are not there yet, several at once, and begins none after the deadline.
func makeRuns(ctx context.Context, chosen []bank.Entry, data string, jobs int, deadline time.Time, dir string) error {
	next := make(chan bank.Entry)
	faults := make([]error, jobs)
	var wait sync.WaitGroup
	for k := range faults {
		wait.Go(func() {
			for e := range next {
				begin := time.Now()
				switch err := makeRun(ctx, e, data, 1, filepath.Join(dir, e.File)); {
				case errors.Is(err, datasets.ErrMissing):
					fmt.Fprintf(os.Stderr, "%s passed over: %v\n", e.File, err)
				case err != nil:
					faults[k] = errors.Join(faults[k], fmt.Errorf("%s: %w", e.File, err))
				default:
					fmt.Fprintf(os.Stderr, "%s in %.0f s\n", e.File, time.Since(begin).Seconds())
				}
			}
		})
	}
	for _, e := range chosen {
		if _, err := os.Stat(filepath.Join(dir, e.File)); err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			continue
		}
		next <- e
	}
	close(next)
	wait.Wait()
	return errors.Join(faults...)
}

// index lists those runs of a part's plan that are there.
func index(dir string, plan []bank.Entry) error {
	there := slices.DeleteFunc(slices.Clone(plan), func(e bank.Entry) bool {
		_, err := os.Stat(filepath.Join(dir, e.File))
		return err != nil
	})
	return bank.WriteIndex(dir, there)
}

// printPlan lists the runs.
func printPlan(entries []bank.Entry) error {
	for _, e := range entries {
		fmt.Println(bank.Key(e.Setting, e.Seed))
	}
	_, err := fmt.Printf("%d runs\n", len(entries))
	return err
}
