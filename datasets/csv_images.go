package datasets

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// noLabel marks rows that are left out for their label.
const noLabel = math.MaxUint16

func count(labels []uint16, label uint16) (n int) {
	for _, l := range labels {
		if l == label {
			n++
		}
	}
	return n
}

// classes gives the labels of all parts numbers. Where all of the training images' are whole numbers they are these; otherwise
// they are names, and sorted.
func (t *tables) classes() (names []string, labels [parts][]uint16, err error) {
	whole := true
	for _, label := range t.parts[trainPart].labels {
		if _, err := strconv.Atoi(label); err != nil {
			whole = false
			break
		}
	}
	if !whole {
		names = slices.Clone(t.parts[trainPart].labels)
		slices.Sort(names)
		names = slices.Compact(names)
		if len(names) > maxClasses {
			return nil, labels, fmt.Errorf("%w: %s holds %d labels, want at most %d", ErrDamaged, t.parts[trainPart].file, len(names), maxClasses)
		}
	}
	for part := range t.parts {
		p := &t.parts[part]
		for i, label := range p.labels {
			number, known := 0, false
			if whole {
				v, err := strconv.Atoi(label)
				var n uint16
				if n, known = labelOf(float64(v)); err != nil {
					known = false
				}
				number = int(n)
			} else {
				number, known = slices.BinarySearch(names, label)
			}
			if !known {
				if !t.o.SkipBroken {
					want := "which no training image has"
					if whole {
						want = labelLimit
					}
					return nil, labels, fmt.Errorf("%w: %s: row %d: the label is %q, %s; mend it, or set data.skip_broken to true to leave such rows out", ErrDamaged, p.file, i+1, shortened(label), want)
				}
				number = noLabel
			}
			labels[part] = append(labels[part], uint16(number))
		}
		if n := count(labels[part], noLabel); n > 0 {
			t.o.log("warning: %s: %d rows are left out for their labels", p.file, n)
		}
	}
	if whole {
		names = numberedClasses(slices.DeleteFunc(slices.Clone(labels[trainPart]), func(l uint16) bool { return l == noLabel }))
	}
	return names, labels, nil
}

// arrays makes images of pixel columns.
func (t *tables) arrays() (official, error) {
	where := t.parts[trainPart].file
	names, labels, err := t.classes()
	if err != nil {
		return official{}, err
	}
	out := official{classNames: names, dir: filepath.Dir(where)}
	if out.height, out.width, out.channels, err = pixelShape(t.columns.count-1, t.o.Height, t.o.Width); err != nil {
		return official{}, fmt.Errorf("%w: %s: %w", ErrDamaged, where, err)
	}
	var m [parts]images
	for part := range t.parts {
		g := t.parts[part].numbers
		m[part] = images{labels: labels[part], pixels: g.bytes, values: g.values}
		if count(labels[part], noLabel) > 0 {
			chosen := make([]bool, len(labels[part]))
			for i, l := range labels[part] {
				chosen[i] = l != noLabel
			}
			m[part], _ = m[part].part(t.columns.count-1, chosen)
		}
	}
	out.train = m[trainPart]
	out.arrange(m[valPart], m[testPart])
	out.asPictures()
	return out, out.withCounts(where, t.o)
}

// pixelShape finds the shape of so many values: of the given size, or a square of one or three channels.
func pixelShape(count, height, width int) (h, w, c int, err error) {
	if height > 0 {
		if c = count / (height * width); c*height*width != count || c > maxChannels {
			return 0, 0, 0, fmt.Errorf("%d pixel columns are no image of data.size %d×%d with 1 to %d channels", count, height, width, maxChannels)
		}
		return height, width, c, nil
	}
	for _, c := range []int{1, 3} {
		if side := int(math.Round(math.Sqrt(float64(count) / float64(c)))); side*side*c == count && side <= maxSide {
			return side, side, c, nil
		}
	}
	return 0, 0, 0, fmt.Errorf("%d pixel columns are no square image of 1 or 3 channels of at most %d×%d: set data.size to [height, width]", count, maxSide, maxSide)
}

// pictures reads the pictures of path columns.
func (t *tables) pictures(ctx context.Context, dir string) (official, error) {
	names, labels, err := t.classes()
	if err != nil {
		return official{}, err
	}
	if len(names) > maxClasses || len(names) < 2 {
		return official{}, fmt.Errorf("%w: %s: %d classes, want 2 to %d", ErrDamaged, t.parts[trainPart].file, len(names), maxClasses)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return official{}, fmt.Errorf("data.path: %w", err)
	}
	defer root.Close()
	set := pictureSet{root: dir, classNames: names, open: root.Open}
	for part := range t.parts {
		p := &t.parts[part]
		for i, path := range p.paths {
			path = filepath.FromSlash(path)
			if !filepath.IsLocal(path) {
				return official{}, fmt.Errorf("%w: %s: row %d: the path %q leads out of the table's folder", ErrDamaged, p.file, i+1, shortened(path))
			}
			if labels[part][i] == noLabel {
				continue
			}
			if int(labels[part][i]) >= len(names) {
				if !t.o.SkipBroken {
					return official{}, fmt.Errorf("%w: %s: row %d: no training image has the label %q; mend it, or set data.skip_broken to true to leave such rows out", ErrDamaged, p.file, i+1, shortened(p.labels[i]))
				}
				continue
			}
			info, err := root.Stat(path) // refuses links that lead out of the folder
			if err != nil {
				info = lost{path}
			}
			set.files = append(set.files, pictureFile{path: path, label: int(labels[part][i]), part: part, info: info})
		}
	}
	return set.load(ctx, t.o)
}
