package main

import (
	"fmt"
	"io"

	"github.com/maxgain/maxgain/diagnostics"
)

// gainResult is the JSON of "train gain".
type gainResult struct {
	GainDB     diagnostics.Number   `json:"gain_db"`
	ChannelsDB []diagnostics.Number `json:"channels_db"`
	Winner     int                  `json:"winner"`
	Score      diagnostics.Number   `json:"score"`
	Peak       [2]int               `json:"peak"` // row and column frequency
	LowShare   diagnostics.Number   `json:"low_share"`
	Model      string               `json:"model"`
	Spectrum   string               `json:"spectrum,omitempty"` // file
}

func (r gainResult) print(w io.Writer) {
	fmt.Fprintf(w, "Maximum Gain of %s: %.3f dB\n", r.Model, float64(r.GainDB))
	if len(r.ChannelsDB) > 1 {
		for i, db := range r.ChannelsDB {
			fmt.Fprintf(w, "  channel %d: %.3f dB\n", i, float64(db))
		}
	}
	fmt.Fprintf(w, "class %d at a score of %.6g; peak at row frequency %d, column frequency %d; %.1f %% of the energy at low frequencies\n",
		r.Winner, float64(r.Score), r.Peak[0], r.Peak[1], 100*float64(r.LowShare))
	if r.Spectrum != "" {
		fmt.Fprintf(w, "spectrum: %s\n", r.Spectrum)
	}
}
