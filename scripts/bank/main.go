// Command bank makes the runs against which the rules of package diagnostics are held, and the tables of
// docs/diagnosis.md from them.
//
//	go run ./scripts/bank -list                    what the plan holds and about what it costs
//	go run ./scripts/bank -data-dir DIR            makes what is missing in diagnostics/testdata/bank
//	go run ./scripts/bank -only 'mnist.*noise0.3'  only runs whose name matches
//	go run ./scripts/bank -tables                  prints the tables as Markdown
//	go run ./scripts/bank -write docs/diagnosis.md puts them into the page
//	go run ./scripts/bank -import RUN              takes a run on a whole training set from its folder
//
// A run that is there is not made again; runs of data sets whose files are missing are passed over with a remark.
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
	dir := flag.String("dir", "diagnostics/testdata/bank", "folder of the bank")
	data := flag.String("data-dir", os.Getenv("MAXGAIN_DATA"), "folder of the data sets")
	only := flag.String("only", "", "regular expression for the names of the runs to make")
	jobs := flag.Int("jobs", runtime.GOMAXPROCS(0), "runs made at once, each on one core")
	limit := flag.Duration("for", 24*time.Hour, "begin no run after this time")
	list := flag.Bool("list", false, "list the plan and stop")
	tables := flag.Bool("tables", false, "print the tables of the bank and stop")
	write := flag.String("write", "", "put the tables into this page and stop")
	imported := flag.String("import", "", "copy the run of this folder into the bank and stop")
	flag.Parse()
	switch {
	case *tables:
		return printTables(os.Stdout, *dir)
	case *write != "":
		return writePage(*write, *dir)
	case *imported != "":
		return importRun(*imported, *dir)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	chosen := slices.DeleteFunc(runs(), func(e bank.Entry) bool { return !match.MatchString(bank.Key(e.Setting, e.Seed)) })
	if *list {
		return printPlan(chosen)
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	if err := makeRuns(ctx, chosen, *data, *jobs, time.Now().Add(*limit), *dir); err != nil {
		return err
	}
	return index(*dir)
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

// index lists those runs of the plan that are there, and those taken from run folders, which stay listed.
func index(dir string) error {
	there, err := imports(dir)
	if err != nil {
		return err
	}
	for _, e := range runs() {
		if _, err := os.Stat(filepath.Join(dir, e.File)); err == nil {
			there = append(there, e)
		}
	}
	return bank.WriteIndex(dir, there)
}

// trainingSpeed is about how many images a second two cores train on; evaluation takes a third of the time.
var trainingSpeed = map[string]float64{"lenet-mnist": 8000, "lenet-cifar10": 2500, "nin-cifar10-narrow": 600}

// wholeSize is the number of training images of a whole data set.
var wholeSize = map[string]int{"mnist": 60000, "fashion-mnist": 60000, "cifar10": 50000, "digits": 10000}

// seconds estimates what a run costs.
func seconds(s bank.Setting) float64 {
	train := float64(s.Train)
	if s.Train == 0 {
		train = float64(wholeSize[s.Data])
	}
	looked := float64(s.Val) + s.Holdout*train
	return float64(s.Epochs) * ((1-s.Holdout)*train + looked/3) / trainingSpeed[s.Model]
}

// printPlan lists runs with their cost and half.
func printPlan(entries []bank.Entry) error {
	total := 0.0
	for _, e := range entries {
		half := "test"
		if e.Tuning() {
			half = "tune"
		}
		fmt.Printf("%-60s %s %5.0f s\n", bank.Key(e.Setting, e.Seed), half, seconds(e.Setting))
		total += seconds(e.Setting)
	}
	_, err := fmt.Printf("%d runs, about %.0f minutes\n", len(entries), total/60)
	return err
}
