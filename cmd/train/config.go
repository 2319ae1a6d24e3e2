package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/configs"
	"github.com/spf13/cobra"
)

// newConfig is "train config".
func newConfig(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "config [KEY…]",
		Short: "Say what every setting means: its default, unit and range",
		Example: `  train config
  train config train.epochs data
  train config docs > config.md`,
		Args: func(_ *cobra.Command, args []string) error {
			_, err := described(args)
			return err
		},
		RunE: func(_ *cobra.Command, args []string) error {
			keys, err := described(args)
			if err != nil {
				return err
			}
			if asJSON {
				return console.WriteJSON(a.stdout, keys)
			}
			printKeys(a.stdout, keys)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list")
	c.AddCommand(&cobra.Command{
		Use:   "docs",
		Short: "Print the same as a page in Markdown",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(configs.ReferencePage())
			return err
		},
	})
	return c
}

// described are the keys of those names, a section standing for all of its keys; all keys without any name.
func described(names []string) ([]configs.Key, error) {
	all := configs.Reference()
	if len(names) == 0 {
		return all, nil
	}
	var out []configs.Key
	for _, name := range names {
		before := len(out)
		for _, k := range all {
			if k.Name == name || strings.HasPrefix(k.Name, name+".") {
				out = append(out, k)
			}
		}
		if len(out) == before {
			return nil, usage("%s: %s", name, configs.UnknownKey(name))
		}
	}
	return out, nil
}

// printKeys writes what keys mean, two lines each.
func printKeys(w io.Writer, keys []configs.Key) {
	for _, k := range keys {
		takes := k.Range
		if k.Unit != "" {
			takes += ", in " + k.Unit
		}
		fmt.Fprintf(w, "%-27s %s\n    %s\n    %s\n", k.Name, k.Default, k.Meaning, takes)
	}
}
