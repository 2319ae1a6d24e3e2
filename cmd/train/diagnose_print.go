package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/diagnostics/judged"
)

// printDiagnoses writes the reports for people: in full, or a line each.
func (a *app) printDiagnoses(all []diagnosed, short bool) {
	for i, d := range all {
		switch {
		case short:
			fmt.Fprintf(a.stdout, "%s: %s\n", d.Path, strings.TrimPrefix(console.Headline(d.Report), "→ "))
		case len(all) == 1:
			d.print(a.stdout)
		default:
			if i > 0 {
				fmt.Fprintln(a.stdout)
			}
			fmt.Fprintf(a.stdout, "%s\n", d.Path)
			d.print(a.stdout)
		}
	}
}

// print writes a report in full, and how its log was understood.
func (d diagnosed) print(w io.Writer) {
	console.PrintReport(w, d.Report)
	for _, note := range d.Notes {
		fmt.Fprintf(w, "note:    %s\n", note)
	}
}

// printDifferences writes the settings in which runs differ, a line a setting and a column a run. Files have no settings.
func (a *app) printDifferences(paths []string, short bool) error {
	var runs []judged.Run
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			continue
		}
		settings, err := judged.SettingsOf(path)
		if err != nil {
			return err
		}
		runs = append(runs, judged.Run{Name: filepath.Base(filepath.Clean(path)), Settings: settings})
	}
	differences := judged.Differences(runs)
	if short || len(differences) == 0 {
		return nil
	}
	judged.Distinguish(runs)
	fmt.Fprintln(a.stdout, "\nsettings that differ:")
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, r := range runs {
		fmt.Fprintf(table, "\t%s", r.Name)
	}
	fmt.Fprintln(table)
	for _, d := range differences {
		fmt.Fprintf(table, "%s\t%s\n", d.Name, strings.Join(d.Values, "\t"))
	}
	return table.Flush()
}
