package pretrained

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/models/onnx"
)

// Published is a trained net of a table: its file, how pictures become its input, and its error.
type Published struct {
	Name    string // of the file, without its ending
	File    string
	Prepare Preparation
	Net     onnx.NetOptions
	Error   float64 // per cent; NaN: the table gives none
}

// tableNames are the names that a folder's table of nets may have.
var tableNames = []string{"nets.tsv", "MANIFEST.tsv"}

// Columns of a table of nets: each by any of its names.
var (
	fileColumn   = []string{"file"}
	meanColumn   = []string{"mean"}
	scaleColumn  = []string{"scale"}
	orderColumn  = []string{"channel_order"}
	shortColumn  = []string{"short_side", "short_side_before_centre_crop"}
	outputColumn = []string{"output"}
	layoutColumn = []string{"layout"}
	errorColumn  = []string{"top5_error", "published_top5_error_%"}
)

// maxTable is the largest size of a table in bytes.
const maxTable = 16 << 20

// ReadTable reads the table of the nets in a folder, nets.tsv or MANIFEST.tsv: lines of fields with tabs between them, the
// first line naming the columns. Only file is required. mean and scale are a number for all channels or one for each with
// commas between, in the net's order; channel_order is RGB (the default) or BGR; short_side is what a picture's short side
// is scaled to before the middle is cut out; output names the value with the class scores and layout is nchw or nhwc, both
// found in the file if empty; top5_error is in per cent, and what stands behind the number is a remark. errors, if not
// empty, names another column for the error. Other columns are passed over, and so are lines that begin with #.
func ReadTable(dir, errorName string) ([]Published, error) {
	for _, name := range tableNames {
		path := filepath.Join(dir, name)
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		if info.Size() > maxTable {
			return nil, fmt.Errorf("%s has more than %d bytes", path, maxTable)
		}
		nets, err := readTable(bufio.NewScanner(f), dir, errorName)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return nets, nil
	}
	return nil, fmt.Errorf("%s: there is no table of nets, %s", dir, strings.Join(tableNames, " or "))
}

func readTable(lines *bufio.Scanner, dir, errorName string) ([]Published, error) {
	lines.Buffer(nil, maxTable)
	var place map[string]int
	var nets []Published
	errorNames := errorColumn
	if errorName != "" {
		errorNames = []string{errorName}
	}
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if place == nil {
			place = map[string]int{}
			for i, name := range fields {
				place[strings.TrimSpace(name)] = i
			}
			if _, ok := place["file"]; !ok {
				return nil, fmt.Errorf("line %d: no column file; the columns are %q", number, fields)
			}
			if _, ok := place[errorName]; errorName != "" && !ok {
				return nil, fmt.Errorf("line %d: no column %q; the columns are %q", number, errorName, fields)
			}
			continue
		}
		get := func(names []string) string {
			for _, name := range names {
				if i, ok := place[name]; ok && i < len(fields) {
					return strings.TrimSpace(fields[i])
				}
			}
			return ""
		}
		net, err := published(dir, get, errorNames)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		nets = append(nets, net)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(nets) == 0 {
		return nil, fmt.Errorf("it lists no nets")
	}
	return nets, nil
}

// leading is the number that a field begins with.
var leading = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?`)

// published reads a line whose fields get finds.
func published(dir string, get func([]string) string, errorNames []string) (p Published, err error) {
	file := get(fileColumn)
	if file == "" || !filepath.IsLocal(file) {
		return p, fmt.Errorf("file %q is not in the table's folder", file)
	}
	p.Name, p.File = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), filepath.Join(dir, file)
	if p.Prepare.Mean, err = list(get(meanColumn)); err != nil {
		return p, fmt.Errorf("mean: %w", err)
	}
	if p.Prepare.Scale, err = list(get(scaleColumn)); err != nil {
		return p, fmt.Errorf("scale: %w", err)
	}
	switch order := strings.ToUpper(get(orderColumn)); order {
	case "", "RGB":
	case "BGR":
		p.Prepare.BGR = true
	default:
		return p, fmt.Errorf("channel_order: got %q, want RGB or BGR", order)
	}
	if text := get(shortColumn); text != "" {
		if p.Prepare.ShortSide, err = strconv.Atoi(text); err != nil || p.Prepare.ShortSide < 1 {
			return p, fmt.Errorf("short_side: got %q, want a number of pixels", text)
		}
	}
	p.Net = onnx.NetOptions{Output: get(outputColumn), Layout: onnx.Layout(get(layoutColumn))}
	p.Error = math.NaN()
	if text := leading.FindString(get(errorNames)); text != "" {
		if p.Error, err = strconv.ParseFloat(text, 64); err != nil || p.Error > 100 {
			return p, fmt.Errorf("error %q, want per cent", text)
		}
	}
	return p, nil
}

// list reads numbers with commas between them.
func list(text string) ([]float64, error) {
	var out []float64
	for _, field := range strings.Split(text, ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		v, err := strconv.ParseFloat(field, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("got %q, want numbers with commas between them", text)
		}
		out = append(out, v)
	}
	return out, nil
}
