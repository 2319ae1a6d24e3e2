package datasets

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/datasets/picture"
)

var _ = register(source{
	name: "csv", note: "your own table: data.path with a label column and pixel columns, or label and path columns",
	normalize: NormalizeMean, shift: -1, path: true, pictures: true,
	load: loadCSV,
})

// loadCSV reads a table, or train.csv with val.csv, valid.csv or test.csv in a folder. Its columns are a label and pixels, [H,W,C]
// in a row, or a label and the path of a picture, relative to the table's folder, which it must not lead out of.
func loadCSV(ctx context.Context, o Options) (official, error) {
	files, err := csvFiles(o.Path)
	if err != nil {
		return official{}, err
	}
	t := &tables{o: o}
	for part, path := range files {
		if path == "" {
			continue
		}
		if err := readFile(path, func(r io.Reader) error { return t.read(ctx, r, path, part) }); err != nil {
			return official{}, err
		}
	}
	if t.columns.path >= 0 {
		return t.pictures(ctx, filepath.Dir(files[trainPart]))
	}
	return t.arrays()
}

// csvFiles finds the table of each part.
func csvFiles(path string) (files [parts]string, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return files, fmt.Errorf("%w: data.path: there is no file or folder %s", ErrMissing, path)
	case err != nil:
		return files, fmt.Errorf("data.path: %w", err)
	case !info.IsDir():
		files[trainPart] = path
		return files, needFile(path)
	}
	for name, part := range partFolders {
		file := filepath.Join(path, name+".csv")
		if !isFile(file) {
			continue
		}
		if files[part] != "" {
			return files, fmt.Errorf("%w: data.path: %s holds both %s and %s: want one of them", ErrDamaged, path, filepath.Base(min(files[part], file)), filepath.Base(max(files[part], file)))
		}
		files[part] = file
	}
	if files[trainPart] == "" {
		return files, fmt.Errorf("%w: data.path: %s holds no train.csv", ErrMissing, path)
	}
	return files, nil
}

// columns says what the columns of a table hold.
type columns struct {
	count, label int
	path         int // −1 where the others are pixels
	header       bool
}

// The names that columns may have, in lower case.
var (
	labelColumns = []string{"label", "class"}
	pathColumns  = []string{"path", "file", "filename", "image"}
)

// findColumns tells the columns by the first row: by their names, or without names the label is the first column, or the one that is
// no picture's name of two.
func findColumns(first []string) (columns, error) {
	c := columns{count: len(first), label: -1, path: -1}
	for i, name := range first {
		name = strings.ToLower(strings.TrimSpace(name))
		if slices.Contains(labelColumns, name) && c.label < 0 {
			c.label, c.header = i, true
		}
		if slices.Contains(pathColumns, name) && c.path < 0 {
			c.path = i
		}
	}
	if len(first) < 2 {
		return c, fmt.Errorf("%d columns, want a label and pixels, or a label and a path, with commas between them", len(first))
	}
	if c.header {
		return c, nil
	}
	c.label, c.path = 0, -1
	if len(first) == 2 {
		for i, cell := range first {
			if picture.Named(strings.TrimSpace(cell)) {
				c.path, c.label = i, 1-i
				return c, nil
			}
		}
	}
	for i, cell := range first {
		if _, err := strconv.ParseFloat(strings.TrimSpace(cell), 64); err != nil && i != c.label {
			return c, fmt.Errorf("no column is called %s, and column %d holds %q, which is no number", strings.Join(labelColumns, " or "), i+1, shortened(cell))
		}
	}
	return c, nil
}

// tables gathers the rows of all parts.
type tables struct {
	o       Options
	columns columns
	parts   [parts]tablePart
}

// tablePart is the rows of one table.
type tablePart struct {
	file    string
	labels  []string
	paths   []string
	numbers growing
	skipped []string // what was wrong with rows that are left out; the first few
	left    int      // rows left out
}

// maxImages bounds the rows of a table.
const maxImages = 10_000_000

// maxLine bounds a row: 256×256×4 values of 15 characters.
const maxLine = 4 << 20

// read reads one table.
func (t *tables) read(ctx context.Context, r io.Reader, file string, part int) error {
	p := &t.parts[part]
	p.file = file
	table := csv.NewReader(&shortLines{r: bufio.NewReaderSize(skipMark(r), 1<<16), most: maxLine})
	table.ReuseRecord, table.FieldsPerRecord, table.LazyQuotes = true, -1, false
	for row := 0; ; row++ {
		if row%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if row > 0 {
				t.o.progress("read "+filepath.Base(file), int64(row), 0)
			}
		}
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return tableFault(file, err)
		}
		line, _ := table.FieldPos(0)
		if row == 0 {
			c, err := findColumns(cells)
			if err != nil {
				return fmt.Errorf("%w: %s: line %d: %w", ErrDamaged, file, line, err)
			}
			if part == trainPart {
				t.columns = c
			} else if (c.path >= 0) != (t.columns.path >= 0) || c.path < 0 && c.count != t.columns.count {
				return fmt.Errorf("%w: %s: its columns are others than those of %s", ErrDamaged, file, t.parts[trainPart].file)
			}
			t.columns = c
			if c.header {
				continue
			}
		}
		if err := p.add(cells, t.columns); err != nil {
			if !t.o.SkipBroken {
				return fmt.Errorf("%w: %s: line %d: %w; mend it, or set data.skip_broken to true to leave such rows out", ErrDamaged, file, line, err)
			}
			if p.left++; len(p.skipped) < 5 {
				p.skipped = append(p.skipped, fmt.Sprintf("line %d: %v", line, err))
			}
			continue
		}
		if len(p.labels) > maxImages {
			return fmt.Errorf("%w: %s: more than %d rows", ErrTooLarge, file, maxImages)
		}
		if n := p.numbers.len(); len(p.labels)%1024 == 0 {
			bytes := 1
			if p.numbers.values != nil {
				bytes = 4
			}
			if err := imagesRoom(n, 1, bytes); err != nil {
				return fmt.Errorf("%s: line %d: %w", file, line, err)
			}
		}
	}
	if p.left > 0 {
		t.o.log("warning: %s: %d rows are left out: %s", file, p.left, strings.Join(p.skipped, "; "))
	}
	if len(p.labels) == 0 {
		return fmt.Errorf("%w: %s holds no rows that can be used", ErrDamaged, file)
	}
	return nil
}

// add takes one row, or nothing of it.
func (p *tablePart) add(cells []string, c columns) error {
	if len(cells) != c.count {
		return fmt.Errorf("%d columns, want %d as in the first line", len(cells), c.count)
	}
	label := strings.TrimSpace(cells[c.label])
	if label == "" {
		return fmt.Errorf("column %d: there is no label", c.label+1)
	}
	if c.path >= 0 {
		path := strings.TrimSpace(cells[c.path])
		if path == "" {
			return fmt.Errorf("column %d: there is no path", c.path+1)
		}
		p.labels, p.paths = append(p.labels, strings.Clone(label)), append(p.paths, strings.Clone(path))
		return nil
	}
	for i, cell := range cells { // all of them before any is taken
		if i == c.label {
			continue
		}
		if _, err := number(cell); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	for i, cell := range cells {
		if i != c.label {
			v, _ := number(cell)
			p.numbers.add(v)
		}
	}
	p.labels = append(p.labels, strings.Clone(label))
	return nil
}

// number reads a finite number.
func number(cell string) (float64, error) {
	if len(cell) > 0 && len(cell) <= 3 { // a byte, as most are
		v := 0
		for i := range len(cell) {
			d := cell[i] - '0'
			if d > 9 {
				v = -1
				break
			}
			v = 10*v + int(d)
		}
		if v >= 0 {
			return float64(v), nil
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", shortened(cell))
	}
	if math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
		return 0, fmt.Errorf("%v: want finite numbers", v)
	}
	return v, nil
}

// tableFault tells a table that cannot be read as one from a disk that cannot be read.
func tableFault(file string, err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return fmt.Errorf("read data: %w", err)
	}
	return fmt.Errorf("%w: %s: %w", ErrDamaged, file, err)
}

// skipMark leaves out the mark that some programs put at the beginning of a text in UTF-8.
func skipMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(3); string(start) == "\ufeff" {
		b.Discard(3)
	}
	return b
}

// shortLines refuses lines of more than most bytes before they take memory.
type shortLines struct {
	r    io.Reader
	most int
	line int // bytes since the last line break
}

func (s *shortLines) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for _, b := range p[:n] {
		if s.line++; b == '\n' {
			s.line = 0
		}
		if s.line > s.most {
			return 0, fmt.Errorf("a line of more than %d bytes: no table", s.most)
		}
	}
	return n, err
}
