package main

import (
	"fmt"

	"github.com/maxgain/maxgain/datasets"
	"github.com/spf13/cobra"
)

// dataNotes say what each dataset is.
var dataNotes = map[string]string{
	"mnist":         "handwritten digits, 60,000 + 10,000 of 28×28×1",
	"fashion-mnist": "articles of clothing, 60,000 + 10,000 of 28×28×1",
	"cifar10":       "photographs of ten things, 50,000 + 10,000 of 32×32×3",
	"digits":        "drawn by the program itself, as many as you like, 28×28×1: needs no files",
}

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
				fmt.Fprintf(a.stdout, "%-14s %s\n", name, dataNotes[name])
			}
			return nil
		},
	}
}
