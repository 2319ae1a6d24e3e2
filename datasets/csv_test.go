package datasets

import (
	"bytes"
	"context"
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writeTable writes a table data.csv and pictures beside it; the red of a picture of 2×2 pixels is its number.
func writeTable(t testing.TB, text string, pictures map[string]uint8) string {
	t.Helper()
	files := map[string][]byte{"data.csv": []byte(text)}
	for path, number := range pictures {
		files[path] = pictureBytes(t, 2, 2, color.NRGBA{number, 50, 90, 255})
	}
	return filepath.Join(writeTree(t, files), "data.csv")
}

func TestCSVPixels(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          Options
		classes    string
		h, w, c    int
		labels     []uint16
		first      []float32 // image 0
	}{
		{"label first, no names", "1,10,11,12,13\n0,20,21,22,23\n", Options{}, "0 1", 2, 2, 1, []uint16{1, 0}, []float32{10, 11, 12, 13}},
		{"label last", "p1,p2,p3,p4,Label\n10,11,12,13,1\n20,21,22,23,0\n", Options{}, "0 1", 2, 2, 1, []uint16{1, 0}, []float32{10, 11, 12, 13}},
		{"label within", "p1,class,p2,p3\n1,b,2,3\n4,a,5,6\n", Options{}, "a b", 1, 1, 3, []uint16{1, 0}, []float32{1, 2, 3}},
		{"a size", "label,1,2,3,4,5,6\nx,1,2,3,4,5,6\ny,1,2,3,4,5,6\n", Options{Height: 1, Width: 2}, "x y", 1, 2, 3, []uint16{0, 1}, []float32{1, 2, 3, 4, 5, 6}},
		{"three channels", "label,1,2,3,4,5,6,7,8,9,10,11,12\nx,1,2,3,4,5,6,7,8,9,10,11,12\ny,1,2,3,4,5,6,7,8,9,10,11,12\n", Options{}, "x y", 2, 2, 3, []uint16{0, 1}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
		{"broken numbers", "0, 0.5 ,1e-2,-3,255\n1,1,2,3,4\n", Options{}, "0 1", 2, 2, 1, []uint16{0, 1}, []float32{0.5, 0.01, -3, 255}},
		{"a mark, CRLF, quotes, spaces", "\ufefflabel,a\r\n\"x, y\",7\r\n z ,8\r\n", Options{}, "x, y z", 1, 1, 1, []uint16{0, 1}, []float32{7}},
		{"numbers as names", "label,a\n10,1\n9b,2\n", Options{}, "10 9b", 1, 1, 1, []uint16{0, 1}, []float32{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Name, c.o.Path = "csv", writeTable(t, c.text, nil)
			d, _, err := openPath(t, c.o)
			if err != nil {
				t.Fatal(err)
			}
			s := d.Train
			if got := strings.Join(d.ClassNames, " "); got != c.classes || s.H != c.h || s.W != c.w || s.C != c.c || !slices.Equal(s.Labels, c.labels) || !slices.Equal(raw(s, 0), c.first) {
				t.Errorf("classes %q, %d×%d×%d, labels %v, image 0 %v", got, s.H, s.W, s.C, s.Labels, raw(s, 0))
			}
		})
	}
}

func TestCSVPictures(t *testing.T) {
	ownCache(t)
	pictures := map[string]uint8{"a.png": 1, "sub/b.png": 2, "c.png": 3}
	for name, text := range map[string]string{
		"names":         "id,label,path\n7,dog,c.png\n8,cat,sub/b.png\n9,dog,a.png\n",
		"path first":    "filename,class\nc.png,dog\nsub/b.png,cat\na.png,dog\n",
		"no names":      "dog,c.png\ncat,sub/b.png\ndog,a.png\n",
		"no names, too": "c.png,dog\n./sub/b.png,cat\na.png,dog\n",
	} {
		d, _, err := openPath(t, Options{Name: "csv", Path: writeTable(t, text, pictures)})
		if err != nil || strings.Join(d.ClassNames, " ") != "cat dog" || marks(d.Train) != "3:1 2:0 1:1" || d.Train.C != 3 {
			t.Errorf("%s: %v, %v", name, err, d)
		}
	}
	d, _, err := openPath(t, Options{Name: "csv", Path: writeTable(t, "label,path\n1,c.png\n0,a.png\n", pictures), Colour: "grey", Height: 1, Width: 1})
	if err != nil || d.Train.H != 1 || d.Train.C != 1 || strings.Join(d.ClassNames, " ") != "0 1" || !slices.Equal(d.Train.Labels, []uint16{1, 0}) {
		t.Errorf("%v, %+v", err, d)
	}
}

func TestCSVFolder(t *testing.T) {
	dir := writeTree(t, map[string][]byte{
		"train.csv": []byte("label,p\nb,1\na,2\n"), "valid.csv": []byte("p,label\n3,a\n"), "test.csv": []byte("label,p\nb,4\nb,5\n"), "more.csv": []byte("?"),
	})
	d, _, err := openPath(t, Options{Name: "csv", Path: dir})
	if err != nil || marks(d.Train) != "1:1 2:0" || marks(d.Val) != "3:0" || marks(d.Test) != "4:1 5:1" || d.Dir != dir {
		t.Errorf("%v: %q %q %q", err, marks(d.Train), marks(d.Val), marks(d.Test))
	}
}

func TestCSVFaults(t *testing.T) {
	ownCache(t)
	outside := filepath.Join(t.TempDir(), "secret.png")
	if err := os.WriteFile(outside, pictureBytes(t, 2, 2, color.NRGBA{9, 9, 9, 255}), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		o          Options
		want       string
	}{
		{"empty", "", Options{}, "holds no rows"},
		{"names alone", "label,p\n", Options{}, "holds no rows"},
		{"one column", "1\n2\n", Options{}, "line 1: 1 columns, want a label and pixels"},
		{"no label", "a,b,c\n1,2,3\n", Options{}, `line 1: no column is called label or class, and column 2 holds "b", which is no number`},
		{"text in a pixel", "label,p\n1,2\n0,x\n", Options{}, `line 3: column 2: "x" is no number; mend it, or set data.skip_broken`},
		{"NaN", "label,p\n1,2\n0,NaN\n", Options{}, "line 3: column 2: NaN: want finite numbers"},
		{"infinite", "label,p\n1,2\n0,-inf\n", Options{}, "line 3: column 2: -Inf"},
		{"nothing in a pixel", "label,p\n1,\n0,2\n", Options{}, `line 2: column 2: "" is no number`},
		{"no label in a row", "label,p\n,3\n0,2\n", Options{}, "line 2: column 1: there is no label"},
		{"short row", "label,p,q,r,s\n1,2,3,4,5\n0,2,3\n", Options{}, "line 3: 3 columns, want 5 as in the first line"},
		{"quote", "label,p\n\"1,2\n", Options{}, "parse error on line 2, column 6: extraneous or missing"},
		{"no square", "label,p,q\n1,2,3\n0,2,3\n", Options{}, "2 pixel columns are no square image of 1 or 3 channels of at most 256×256: set data.size"},
		{"another size", "label,p,q\n1,2,3\n0,2,3\n", Options{Height: 3, Width: 1}, "2 pixel columns are no image of data.size 3×1"},
		{"negative label", "label,p\n1,2\n-1,2\n0,3\n", Options{}, `row 2: the label is "-1", want a whole number from 0 to 999`},
		{"label 1000", "label,p\n1000,2\n0,3\n", Options{}, `row 1: the label is "1000"`},
		{"empty class", "label,p\n2,2\n0,3\n", Options{}, `1 of 3 classes have no training images that can be used: "1"`},
		{"one class", "label,p\na,2\na,3\n", Options{}, "1 classes, want 2 to 1000"},
		{"no picture", "label,path\na,x.png\nb,y.png\n", Options{Height: 2, Width: 2}, "2 of 2 pictures cannot be used"},
		{"out of the folder", "label,path\na,../x.png\nb,y.png\n", Options{}, `row 1: the path "../x.png" leads out of the table's folder`},
		{"absolute", "label,path\na,b.png\nb," + outside + "\n", Options{}, "row 2: the path"},
		{"round about", "label,path\na,sub/../../x.png\nb,y.png\n", Options{}, "leads out"},
		{"a device", "label,path\na,link.png\nb,b.png\n", Options{Height: 2, Width: 2}, "link.png"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Name, c.o.Path = "csv", writeTable(t, c.text, map[string]uint8{"b.png": 4})
			if err := os.Symlink(outside, filepath.Join(filepath.Dir(c.o.Path), "link.png")); err != nil {
				t.Skip(err)
			}
			if _, _, err := openPath(t, c.o); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Dir(c.o.Path)) {
				t.Errorf("error %v, want ErrDamaged with the path and %q", err, c.want)
			}
		})
	}
	for name, c := range map[string]struct {
		files map[string][]byte
		kind  error
		want  string
	}{
		"no train":      {map[string][]byte{"test.csv": []byte("label,p\n0,1\n")}, ErrMissing, "holds no train.csv"},
		"val twice":     {map[string][]byte{"train.csv": []byte("label,p\n0,1\n1,1\n"), "val.csv": []byte("label,p\n0,1\n"), "valid.csv": []byte("label,p\n0,1\n")}, ErrDamaged, "both val.csv and valid.csv"},
		"other columns": {map[string][]byte{"train.csv": []byte("label,p\n0,1\n1,1\n"), "val.csv": []byte("label,p,q\n0,1,2\n")}, ErrDamaged, "its columns are others than those of"},
		"unknown class": {map[string][]byte{"train.csv": []byte("label,p\na,1\nb,1\n"), "val.csv": []byte("label,p\nc,1\n")}, ErrDamaged, `row 1: the label is "c", which no training image has`},
	} {
		if _, _, err := openPath(t, Options{Name: "csv", Path: writeTree(t, c.files)}); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if _, _, err := openPath(t, Options{Name: "csv", Path: "/no/such/table.csv"}); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: %v", err)
	}
}

func TestCSVSkips(t *testing.T) {
	ownCache(t)
	d, log, err := openPath(t, Options{Name: "csv", SkipBroken: true, Path: writeTable(t, "label,p\n1,2\n0,x\n-1,7\n0,5\n3,NaN\n3,9\n", nil)})
	if err != nil || strings.Join(d.ClassNames, " ") != "0 1 3" || marks(d.Train) != "2:1 5:0 9:2" {
		t.Errorf("%v: %q", err, marks(d.Train))
	}
	all := strings.Join(log, "\n")
	for _, want := range []string{"2 rows are left out", `line 3: column 2: "x" is no number`, "1 rows are left out for their labels", `1 of 4 classes have no training images that can be used: "2"`} {
		if !strings.Contains(all, want) {
			t.Errorf("remarks %q, want %q", log, want)
		}
	}
	d, log, err = openPath(t, Options{Name: "csv", SkipBroken: true, Path: writeTable(t, "label,path\na,a.png\nb,none.png\nb,c.png\nc,none.png\n", map[string]uint8{"a.png": 1, "c.png": 3})})
	if err != nil || strings.Join(d.ClassNames, " ") != "a b" || marks(d.Train) != "1:0 3:1" || !strings.Contains(strings.Join(log, "\n"), "2 of 4 pictures cannot be used and are left out") {
		t.Errorf("%v: %q", err, log)
	}
}

// A line without an end takes no memory, and numbers that do not fit are not gathered first.
func TestCSVBombs(t *testing.T) {
	long := writeTable(t, "label,p\n0,"+strings.Repeat("1", maxLine+10), nil)
	if _, _, err := openPath(t, Options{Name: "csv", Path: long}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "a line of more than") {
		t.Errorf("a long line: %v", err)
	}
	before := availableMemory
	defer func() { availableMemory = before }()
	availableMemory = func() (int64, bool) { return 10 << 10, true }
	many := writeTable(t, "label,p,q,r,s\n"+strings.Repeat("0,1,2,3,4\n1,1,2,3,4\n", 4096), nil)
	if _, _, err := openPath(t, Options{Name: "csv", Path: many}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a long table: %v", err)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("label,p\n1,2\n0,3\n"), false)
	f.Add([]byte("1,10,11,12,13\n0,20,21,22,0.5\n"), true)
	f.Add([]byte("label,path\na,x.png\n\"b\",../y.png\n"), false)
	f.Fuzz(func(t *testing.T, content []byte, skip bool) {
		o := Options{SkipBroken: skip, Height: 2, Width: 2}
		tab := &tables{o: o}
		if err := tab.read(context.Background(), bytes.NewReader(content), "f", trainPart); err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		if tab.columns.path >= 0 {
			if _, _, err := tab.classes(); err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		found, err := tab.arrays()
		if err == nil {
			err = found.check()
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v", err)
		}
	})
}
