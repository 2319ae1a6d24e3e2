package rundir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// flag is one line of flags.jsonl.
type flag struct {
	epoch int
	line  []byte
}

// AddFlag puts an object with its "epoch" at the end of flags.jsonl when the epoch is recorded.
func (d *Dir) AddFlag(object any) error {
	line, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("%s: %w", FlagsFile, err)
	}
	f, err := parseFlag(line)
	if err != nil {
		return fmt.Errorf("%s: %w", FlagsFile, err)
	}
	d.flags = append(d.flags, f)
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

func (d *Dir) writeFlags(w io.Writer) error {
	for _, f := range d.flags {
		if _, err := fmt.Fprintf(w, "%s\n", f.line); err != nil {
			return err
		}
	}
	return nil
}

// readFlags reads flags.jsonl; no file is no flags.
func readFlags(path string) ([]flag, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	flags, err := parseFlags(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return flags, nil
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
