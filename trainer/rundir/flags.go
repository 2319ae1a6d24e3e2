package rundir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// Flag is a verdict that was told after an epoch, a line of flags.jsonl.
type Flag struct {
	Epoch      int             `json:"epoch"` // after which it was told
	Verdict    string          `json:"verdict"`
	Kind       string          `json:"kind,omitempty"`
	Onset      int             `json:"onset"` // the epoch that the verdict dates from
	Confidence float64         `json:"confidence"`
	Evidence   json.RawMessage `json:"evidence,omitempty"` // a list of facts as JSON
	Advice     string          `json:"advice"`
	BestEpoch  int             `json:"best_epoch"` // the epoch whose weights to keep, as seen then
}

// flag is one line of flags.jsonl, kept as it was written.
type flag struct {
	epoch int
	line  []byte
}

// AddFlag puts a flag at the end of flags.jsonl when its epoch is recorded.
func (d *Dir) AddFlag(f Flag) error {
	line, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("%s: %w", FlagsFile, err)
	}
	d.flags = append(d.flags, flag{f.Epoch, line})
	return nil
}

func parseFlag(line []byte) (flag, error) {
	var key struct {
		Epoch *int `json:"epoch"`
	}
	if err := json.Unmarshal(line, &key); err != nil {
		return flag{}, err
	}
	if key.Epoch == nil {
		return flag{}, errors.New("a flag has no epoch")
	}
	return flag{*key.Epoch, bytes.Clone(line)}, nil
}

// trimFlags drops the flags of epochs after the last.
func (d *Dir) trimFlags(last int) {
	d.flags = slices.DeleteFunc(d.flags, func(f flag) bool { return f.epoch > last })
}

func (d *Dir) writeFlags(w io.Writer) error { return writeFlags(w, d.flags) }

func writeFlags(w io.Writer, flags []flag) error {
	for _, f := range flags {
		if _, err := fmt.Fprintf(w, "%s\n", f.line); err != nil {
			return err
		}
	}
	return nil
}

// readFlags reads flags.jsonl; no file is no flags.
func (r *Run) readFlags() (flags []flag, err error) {
	err = r.readBy(FlagsFile, func(text []byte) (err error) {
		flags, err = parseFlags(text)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return flags, err
}

// parseFlags reads the lines of flags.jsonl.
func parseFlags(text []byte) ([]flag, error) {
	var flags []flag
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		f, err := parseFlag(bytes.TrimSpace(lines.Bytes()))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w; remove the line to resume without it", n, err)
		}
		flags = append(flags, f)
	}
	return flags, lines.Err()
}
