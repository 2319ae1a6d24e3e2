package main

import (
	"fmt"

	"github.com/maxgain/maxgain/datasets"
	"github.com/spf13/cobra"
)

// newData is "train data".
func newData(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "data",
		Short: "List the data that can be trained on, and look at them",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDataList(a), newDataShow(a))
	return c
}

func newDataList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the names that data.name may have",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, name := range datasets.Names() {
				fmt.Fprintf(a.stdout, "%-14s %s\n", name, datasets.Describe(name))
			}
			return nil
		},
	}
}
