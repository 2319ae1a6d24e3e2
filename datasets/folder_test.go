package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maxgain/maxgain/datasets/picture"
)

// pictureBytes is a PNG of h×w pixels of one colour.
func pictureBytes(t testing.TB, h, w int, c color.NRGBA) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeTree writes files under a new folder, whose path it returns.
func writeTree(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for path, content := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if content == nil { // a folder
			if err := os.MkdirAll(full, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(full, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// numberedTree writes PNGs of 2×2 pixels; the red of each is its number.
func numberedTree(t testing.TB, paths map[string]uint8) string {
	t.Helper()
	files := map[string][]byte{}
	for path, number := range paths {
		files[path] = pictureBytes(t, 2, 2, color.NRGBA{number, 50, 90, 255})
	}
	return writeTree(t, files)
}

// ownCache gives the test a cache folder of its own.
func ownCache(t testing.TB) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// openPath opens data under o.Path and returns the remarks too.
func openPath(t testing.TB, o Options) (*Dataset, []string, error) {
	t.Helper()
	var log []string
	o.Log = func(m string) { log = append(log, m) }
	d, err := Open(context.Background(), o)
	return d, log, err
}

// marks lists the first byte and the label of each image of a split.
func marks(s *Split) string {
	if s == nil {
		return ""
	}
	var out []string
	for i, label := range s.Labels {
		out = append(out, fmt.Sprintf("%d:%d", s.Raw(i)[0], label))
	}
	return strings.Join(out, " ")
}

func TestFolderLayouts(t *testing.T) {
	for _, c := range []struct {
		name             string
		paths            map[string]uint8
		classes          string
		train, val, test string
		log              string // part of the remarks
	}{
		{"by class", map[string]uint8{"dog/1.png": 3, "cat/2.PNG": 2, "cat/1.png": 1}, "cat dog", "1:0 3:1 2:0", "", "", ""},
		{"numbers by value", map[string]uint8{"a/10.png": 10, "a/9.png": 9, "b/0100.png": 100, "b/x2.png": 102, "b/x10.png": 110},
			"a b", "9:0 10:0 100:1 102:1 110:1", "", "", ""},
		{"classes sorted by bytes", map[string]uint8{"b/1.png": 1, "B/2.png": 2, "10/3.png": 3, "2/4.png": 4, "ä b/5.png": 5},
			"10 2 B b ä b", "1:3 2:2 3:0 4:1 5:4", "", "", ""},
		{"train and val", map[string]uint8{"train/a/1.png": 1, "train/b/2.png": 2, "val/b/3.png": 3}, "a b", "1:0 2:1", "3:1", "", ""},
		{"train and valid", map[string]uint8{"Train/a/1.png": 1, "Train/b/2.png": 2, "Valid/a/3.png": 3}, "a b", "1:0 2:1", "3:0", "", ""},
		{"train and test", map[string]uint8{"train/a/1.png": 1, "train/b/2.png": 2, "test/a/3.png": 3}, "a b", "1:0 2:1", "3:0", "", ""},
		{"all three", map[string]uint8{"train/a/1.png": 1, "train/b/2.png": 2, "val/a/3.png": 3, "test/b/4.png": 4}, "a b", "1:0 2:1", "3:0", "4:1", ""},
		{"train alone", map[string]uint8{"train/a/1.png": 1, "train/b/2.png": 2}, "a b", "1:0 2:1", "", "", ""},
		{"a folder beside", map[string]uint8{"train/a/1.png": 1, "train/b/2.png": 2, "val/a/3.png": 3, "more/c/4.png": 4}, "a b", "1:0 2:1", "3:0", "", "more is left out"},
		{"a class called train", map[string]uint8{"train/1.png": 1, "bus/2.png": 2}, "bus train", "1:1 2:0", "", "", ""},
		{"folders within a class", map[string]uint8{"a/x/1.png": 1, "a/2.png": 2, "b/y/z/3.png": 3}, "a b", "2:0 1:0 3:1", "", "", ""},
		{"hidden and other files", map[string]uint8{"a/1.png": 1, "b/2.png": 2, "a/.3.png": 3, ".git/4.png": 4, "__MACOSX/5.png": 5, "b/notes.txt": 6, "7.png": 7},
			"a b", "1:0 2:1", "", "", "1 files are no pictures by their names"},
		{"pictures without a class", map[string]uint8{"a/1.png": 1, "b/2.png": 2, "7.png": 7}, "a b", "1:0 2:1", "", "", "1 pictures in"},
		{"test without classes", map[string]uint8{"train/a/1.png": 1, "train/b/2.png": 2, "val/a/3.png": 3, "test/4.png": 4}, "a b", "1:0 2:1", "3:0", "", "test itself have no class"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ownCache(t)
			o := Options{Name: "folder", Path: numberedTree(t, c.paths)}
			for _, again := range []bool{false, true} {
				d, log, err := openPath(t, o)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(d.ClassNames, " "); got != c.classes || d.Train.Classes != len(d.ClassNames) {
					t.Errorf("classes %q, want %q", got, c.classes)
				}
				if marks(d.Train) != c.train || marks(d.Val) != c.val || marks(d.Test) != c.test {
					t.Errorf("train %q, val %q, test %q, want %q, %q, %q", marks(d.Train), marks(d.Val), marks(d.Test), c.train, c.val, c.test)
				}
				if !strings.Contains(strings.Join(log, "\n"), c.log) {
					t.Errorf("remarks %q, want %q", log, c.log)
				}
				if stored := strings.Contains(strings.Join(log, "\n"), "decoded pictures read from"); stored != again {
					t.Errorf("read from the cache: %v, want %v", stored, again)
				}
			}
		})
	}
}

// Names of folders may hold anything; those of classes can be printed and kept in files.
func TestFolderNamesCanBePrinted(t *testing.T) {
	ownCache(t)
	d, _, err := openPath(t, Options{Name: "folder", Path: numberedTree(t, map[string]uint8{"a\x1b[31m\n/1.png": 1, "b\xff/2.png": 2, "ç \"d\"/3.png": 3})})
	if err != nil {
		t.Skip(err) // a system that refuses such names
	}
	if got := strings.Join(d.ClassNames, "|"); got != `a\x1b[31m\n|b\xff|ç "d"` || !slices.Equal(d.Recipe.ClassNames, d.ClassNames) {
		t.Errorf("classes %s", got)
	}
}

func TestFolderDivides(t *testing.T) {
	ownCache(t)
	dir := numberedTree(t, map[string]uint8{"train/a/1.png": 1, "train/b/2.png": 2, "val/a/3.png": 3, "test/b/4.png": 4})
	d, _, err := openPath(t, Options{Name: "folder", Path: dir, UseAll: true})
	if err != nil || marks(d.Train) != "1:0 2:1 3:0" || d.Val != nil || marks(d.Test) != "4:1" {
		t.Errorf("use_all: %v, train %q", err, marks(d.Train))
	}
	if _, _, err = openPath(t, Options{Name: "folder", Path: dir, Holdout: 0.5}); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "holdout 0.5") {
		t.Errorf("holdout beside val and test: %v", err)
	}
	if _, _, err = openPath(t, Options{Name: "folder", Path: dir, TrainCount: 3}); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "there are only 2 training images") {
		t.Errorf("more than there are: %v", err)
	}
}

func TestFolderShapes(t *testing.T) {
	ownCache(t)
	dir := writeTree(t, map[string][]byte{
		"a/1.png": pictureBytes(t, 4, 4, color.NRGBA{200, 100, 50, 255}),
		"b/2.png": pictureBytes(t, 2, 4, color.NRGBA{10, 20, 30, 255}),
	})
	d, _, err := openPath(t, Options{Name: "folder", Path: dir, Height: 4, Width: 4, Fit: "pad"})
	if err != nil {
		t.Fatal(err)
	}
	s := d.Train
	if s.H != 4 || s.W != 4 || s.C != 3 || !slices.Equal(s.Raw(0)[:3], []byte{200, 100, 50}) || !slices.Equal(s.Raw(1)[:3], []byte{0, 0, 0}) || !slices.Equal(s.Raw(1)[4*3:4*3+3], []byte{10, 20, 30}) {
		t.Errorf("%d×%d×%d: %v, %v", s.H, s.W, s.C, s.Raw(0)[:3], s.Raw(1)[:24])
	}
	if d.Recipe.Colour != "rgb" || d.Recipe.Fit != "pad" || d.Recipe.Normalize != NormalizeMean || d.Shift != 1 || d.Augment.Flip != FlipNone {
		t.Errorf("recipe %+v, shift %d, flip %v", d.Recipe, d.Shift, d.Augment.Flip)
	}
	d, _, err = openPath(t, Options{Name: "folder", Path: dir, Height: 1, Width: 2, Fit: "stretch", Colour: "grey", Normalize: "none"})
	if err != nil {
		t.Fatal(err)
	}
	// 0.299·200 + 0.587·100 + 0.114·50 = 124.2
	got := make([]float32, 2)
	if d.Train.Fill(got, []int{0}, false); d.Train.C != 1 || got[0] != 124 || got[1] != 124 {
		t.Errorf("grey: %d channels, %v", d.Train.C, got)
	}
	if d, _, err = openPath(t, Options{Name: "folder", Path: dir, Height: 64, Width: 80}); err != nil || d.Shift != 4 {
		t.Errorf("a sixteenth of 64 is %d (%v)", d.Shift, err)
	}
}

func TestFolderFaults(t *testing.T) {
	good := pictureBytes(t, 2, 2, color.NRGBA{1, 2, 3, 255})
	big := pictureBytes(t, 300, 2, color.NRGBA{1, 2, 3, 255})
	many := map[string][]byte{}
	for i := range 1001 {
		many[fmt.Sprintf("class%d/a.png", i)] = good
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		o     Options
		kind  error
		want  []string
	}{
		{"broken", map[string][]byte{"a/1.png": good, "a/2.png": good[:20], "b/3.png": good, "b/4.jpg": []byte("x")}, Options{}, ErrDamaged,
			[]string{"2 of 4 pictures cannot be used", filepath.Join("a", "2.png") + ": not a picture", filepath.Join("b", "4.jpg"), "data.skip_broken"}},
		{"all broken", map[string][]byte{"a/1.png": good[:20], "b/4.jpg": []byte("x")}, Options{}, ErrDamaged, []string{"no picture can be read", "1.png"}},
		{"all broken, skipped", map[string][]byte{"a/1.png": good[:20], "b/4.jpg": []byte("x")}, Options{SkipBroken: true, Height: 2, Width: 2}, ErrDamaged, []string{"0 classes"}},
		{"empty class", map[string][]byte{"a/1.png": good, "b/2.png": good, "c": nil}, Options{}, ErrDamaged, []string{`1 of 3 classes have no training images`, `"c"`, "data.skip_broken"}},
		{"mixed sizes", map[string][]byte{"a/1.png": good, "b/2.png": pictureBytes(t, 2, 3, color.NRGBA{})}, Options{}, ErrDamaged,
			[]string{"1 of 2 pictures", "2.png: it has 2×3 pixels, and the first picture 2×2: set data.size"}},
		{"too big", map[string][]byte{"a/1.png": big, "b/2.png": big}, Options{}, ErrDamaged, []string{"pictures of 300×2 pixels", "at most 256×256: set data.size"}},
		{"no folders", map[string][]byte{"1.png": good}, Options{}, ErrDamaged, []string{"holds 0 folders and 1 pictures", "one for each class"}},
		{"one class", map[string][]byte{"a/1.png": good}, Options{}, ErrDamaged, []string{"want two or more folders"}},
		{"no pictures", map[string][]byte{"a": nil, "b/readme": {1}}, Options{}, ErrDamaged, []string{"holds no pictures"}},
		{"too many classes", many, Options{}, ErrDamaged, []string{"1001 folders, want at most 1000 classes"}},
		{"unknown class", map[string][]byte{"train/a/1.png": good, "train/b/1.png": good, "val/c/2.png": good}, Options{}, ErrDamaged, []string{filepath.Join("val", "c") + ": there is no class of this name"}},
		{"val twice", map[string][]byte{"train/a/1.png": good, "train/b/1.png": good, "val/a/2.png": good, "valid/a/2.png": good}, Options{}, ErrDamaged, []string{"both val and valid"}},
		{"size", map[string][]byte{"a/1.png": good, "b/2.png": good}, Options{Height: 257, Width: 2}, ErrOptions, []string{"size 257×2"}},
		{"half a size", map[string][]byte{"a/1.png": good, "b/2.png": good}, Options{Height: 2}, ErrOptions, []string{"size 2×0"}},
		{"colour", map[string][]byte{"a/1.png": good, "b/2.png": good}, Options{Colour: "gray"}, ErrOptions, []string{`colour "gray", want one of rgb, grey`}},
		{"fit", map[string][]byte{"a/1.png": good, "b/2.png": good}, Options{Fit: "cut"}, ErrOptions, []string{`fit "cut"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ownCache(t)
			c.o.Name, c.o.Path = "folder", writeTree(t, c.files)
			for range 2 { // the second time from the cache, where there is something to keep
				_, _, err := openPath(t, c.o)
				if !errors.Is(err, c.kind) {
					t.Fatalf("error %v, want %v", err, c.kind)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("error %v, want %q", err, want)
					}
				}
			}
		})
	}
	if _, _, err := openPath(t, Options{Name: "folder"}); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "data.path") {
		t.Errorf("without a path: %v", err)
	}
	if _, _, err := openPath(t, Options{Name: "folder", Path: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, ErrMissing) {
		t.Errorf("no folder: %v", err)
	}
}

func TestFolderSkipsBroken(t *testing.T) {
	ownCache(t)
	files := map[string][]byte{}
	for path, number := range map[string]uint8{"train/a/1.png": 1, "train/a/3.png": 3, "train/c/2.png": 2, "train/d/5.png": 5, "val/a/6.png": 6, "val/b/7.png": 7, "val/d/8.png": 8, "val/z/9.png": 9} {
		files[path] = pictureBytes(t, 2, 2, color.NRGBA{number, 0, 0, 255})
	}
	files["train/a/0.png"] = []byte("not a picture")
	files["train/c/4.png"] = pictureBytes(t, 2, 2, color.NRGBA{4, 0, 0, 255})[:40]
	files["train/b"] = nil
	files["train/d/6.png"] = pictureBytes(t, 3, 2, color.NRGBA{4, 0, 0, 255})
	dir := writeTree(t, files)
	for range 2 {
		d, log, err := openPath(t, Options{Name: "folder", Path: dir, SkipBroken: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.ClassNames, " "); got != "a c d" || marks(d.Train) != "1:0 2:1 3:0 5:2" || marks(d.Val) != "6:0 8:2" {
			t.Errorf("classes %q, train %q, val %q", got, marks(d.Train), marks(d.Val))
		}
		all := strings.Join(log, "\n")
		for _, want := range []string{"3 of 10 pictures cannot be used and are left out", filepath.Join("a", "0.png"), `1 of 4 classes have no training images that can be used: "b"`, filepath.Join("val", "z") + " is left out"} {
			if !strings.Contains(all, want) {
				t.Errorf("remarks %q, want %q", log, want)
			}
		}
	}
}

// What is stored is used for the same files alone.
func TestFolderCacheSeesChanges(t *testing.T) {
	ownCache(t)
	dir := numberedTree(t, map[string]uint8{"a/1.png": 1, "b/2.png": 2})
	o := Options{Name: "folder", Path: dir}
	path := filepath.Join(dir, "a", "1.png")
	expect := func(want string, stored bool) {
		t.Helper()
		d, log, err := openPath(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(log, "\n"), "decoded pictures read from"); marks(d.Train) != want || got != stored {
			t.Errorf("train %q, stored %v, want %q, %v", marks(d.Train), got, want, stored)
		}
	}
	expect("1:0 2:1", false)
	expect("1:0 2:1", true)
	// Another content of the same length at once, and again with the old times put back.
	for _, restore := range []bool{false, true} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		number := uint8(7)
		if restore {
			number = 8
		}
		content := pictureBytes(t, 2, 2, color.NRGBA{number, 50, 90, 255})
		if int64(len(content)) != info.Size() {
			t.Fatalf("%d bytes, want %d for this test", len(content), info.Size())
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if restore {
			if changeTime(info) == 0 {
				t.Skip("this system tells no time of change")
			}
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}
		expect(fmt.Sprintf("%d:0 2:1", number), false)
	}
	if err := os.Rename(filepath.Join(dir, "b", "2.png"), filepath.Join(dir, "b", "0.png")); err != nil {
		t.Fatal(err)
	}
	expect("2:1 8:0", false)
	expect("2:1 8:0", true)
	o.Height, o.Width = 1, 1
	expect("2:1 8:0", false)
	o.Fit = "pad"
	expect("2:1 8:0", false)
	o.Colour = "grey"
	d, log, err := openPath(t, o)
	if err != nil || d.Train.C != 1 || strings.Contains(strings.Join(log, "\n"), "read from") {
		t.Errorf("grey: %v, %q", err, log)
	}
	// A damaged file of the cache is replaced.
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := filepath.Glob(filepath.Join(cache, "pictures", "*.u8"))
	if err != nil || len(stored) != pictureStoreKept {
		t.Fatalf("%d sets stored, want %d (%v)", len(stored), pictureStoreKept, err)
	}
	for _, name := range stored {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)-6] ^= 1
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d, log, err = openPath(t, o)
	if err != nil || d.Train.C != 1 || !strings.Contains(strings.Join(log, "\n"), "stored pictures cannot be used and are decoded anew") {
		t.Errorf("damaged: %v, %q", err, log)
	}
}

// Pictures that lead out of the folder by links are the user's wish; circles end.
func TestFolderLinks(t *testing.T) {
	ownCache(t)
	elsewhere := numberedTree(t, map[string]uint8{"x/5.png": 5, "6.png": 6})
	dir := numberedTree(t, map[string]uint8{"a/1.png": 1, "c/2.png": 2})
	for link, target := range map[string]string{"b": filepath.Join(elsewhere, "x"), "a/6.png": filepath.Join(elsewhere, "6.png"), "a/circle": dir, "c/gone.png": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	_, _, err := openPath(t, Options{Name: "folder", Path: dir})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "gone.png: no such file") {
		t.Errorf("a link to nothing: %v", err)
	}
	d, _, err := openPath(t, Options{Name: "folder", Path: dir, SkipBroken: true})
	if err != nil || marks(d.Train) != "1:0 2:2 5:1 6:0" {
		t.Errorf("%v: %q", err, marks(d.Train))
	}
}

func TestFolderRefusesWhatDoesNotFit(t *testing.T) {
	ownCache(t)
	dir := numberedTree(t, map[string]uint8{"a/1.png": 1, "b/2.png": 2})
	before := availableMemory
	defer func() { availableMemory = before }()
	availableMemory = func() (int64, bool) { return 47, true } // 2 pictures of 12 bytes, twice: 48
	if _, _, err := openPath(t, Options{Name: "folder", Path: dir}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "data.size") {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
	availableMemory = func() (int64, bool) { return 48, true }
	if _, _, err := openPath(t, Options{Name: "folder", Path: dir}); err != nil {
		t.Error(err)
	}
}

func TestFolderStops(t *testing.T) {
	ownCache(t)
	dir := numberedTree(t, map[string]uint8{"a/1.png": 1, "b/2.png": 2})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, Options{Name: "folder", Path: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	last := Progress{}
	if _, err := Open(context.Background(), Options{Name: "folder", Path: dir, Progress: func(p Progress) { last = p }}); err != nil || last.Done != 2 || last.Total != 2 {
		t.Errorf("%v, progress %+v, want 2 of 2", err, last)
	}
}

// A set's binary files and a folder of PNGs that hold the same images in the same order give the same bits in every split.
func TestFolderIsEqualToBinarySource(t *testing.T) {
	ownCache(t)
	set := Options{Name: "digits", TrainCount: 60, ValCount: 20, Seed: 4}
	want, err := Open(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, s := range map[string]*Split{"train": want.Train, "val": want.Val} {
		for _, class := range want.ClassNames {
			if err := os.MkdirAll(filepath.Join(dir, name, class), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for i := range s.Len() {
			m := &image.Gray{Pix: s.Raw(i), Stride: s.W, Rect: image.Rect(0, 0, s.W, s.H)}
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name, want.ClassNames[s.Labels[i]], fmt.Sprintf("%d.png", i)), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, o := range []Options{{}, {Normalize: NormalizeWhiten}, {Normalize: NormalizeStandardize}, {Holdout: 0.25, LabelNoise: 0.3}} {
		a, b := o, o
		a.Name, a.TrainCount, a.ValCount = "digits", 60, 20
		a.Seed, b.Seed = 4, 4
		b.Name, b.Path, b.Colour = "folder", dir, "grey"
		one, err := Open(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		two, err := Open(context.Background(), b)
		if err != nil {
			t.Fatal(err)
		}
		if one.Checksum != two.Checksum || !slices.Equal(one.ClassNames, two.ClassNames) {
			t.Errorf("%+v: other data or classes", o)
		}
		for k, s := range one.splits() {
			if other := two.splits()[k]; !slices.Equal(filled(s), filled(other)) || !slices.Equal(s.Labels, other.Labels) {
				t.Errorf("%+v: split %d differs", o, k)
			}
		}
	}
}

func TestNatural(t *testing.T) {
	names := []string{"", "0", "00", "1", "2", "02b", "10", "a", "a1", "a01", "a1b", "a2", "a10", "a10b1", "a10b2", "b"}
	shuffled := slices.Clone(names)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, natural)
	want := []string{"", "0", "00", "1", "2", "02b", "10", "a", "a01", "a1", "a1b", "a2", "a10", "a10b1", "a10b2", "b"}
	if !slices.Equal(shuffled, want) {
		t.Errorf("got %q, want %q", shuffled, want)
	}
	if natural("99999999999999999999998", "99999999999999999999999") >= 0 {
		t.Error("numbers of many digits are compared wrongly")
	}
}

// A file that is only just written is not read before its next change must show.
func TestSettle(t *testing.T) {
	dir := numberedTree(t, map[string]uint8{"a/1.png": 1})
	info, err := os.Stat(filepath.Join(dir, "a", "1.png"))
	if err != nil {
		t.Fatal(err)
	}
	pictureSet{files: []pictureFile{{info: info}}}.settle()
	if age := time.Since(info.ModTime()); age < tick {
		t.Errorf("read %v after it was written, want %v at least", age, tick)
	}
}

func BenchmarkFolder(b *testing.B) {
	const count = 5000
	dir := b.TempDir()
	d, err := Open(context.Background(), Options{Name: "digits", TrainCount: count, ValCount: 1})
	if err != nil {
		b.Fatal(err)
	}
	for i := range count {
		m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
		for j := range m.Pix {
			m.Pix[j] = byte(j*i) + d.Train.Raw(i)[j%784]
			if j%4 == 3 {
				m.Pix[j] = 255
			}
		}
		var buffer bytes.Buffer
		if err := png.Encode(&buffer, m); err != nil {
			b.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprint(i%10), fmt.Sprintf("%d.png", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, buffer.Bytes(), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for _, stored := range []bool{false, true} {
		b.Run(map[bool]string{false: "decoded", true: "stored"}[stored], func(b *testing.B) {
			b.Setenv("XDG_CACHE_HOME", b.TempDir())
			for b.Loop() {
				if !stored {
					b.Setenv("XDG_CACHE_HOME", b.TempDir())
				}
				if _, err := Open(context.Background(), Options{Name: "folder", Path: dir}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(count*float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
		})
	}
}

// fakeInfo is what is known of a file without a time of change.
type fakeInfo struct {
	lost
	size int64
	at   time.Time
}

func (f fakeInfo) Size() int64        { return f.size }
func (f fakeInfo) ModTime() time.Time { return f.at }

// The name of a stored set depends on the folder, the shape, and each file's path, size and time.
func TestPictureSetName(t *testing.T) {
	now := time.Unix(1000, 500)
	name := func(root, path string, size int64, at time.Time, s picture.Shape) string {
		return pictureSet{root: root, files: []pictureFile{{path: path, info: fakeInfo{size: size, at: at}}}}.name(s)
	}
	shape := picture.Shape{H: 1, W: 1, Colour: "rgb", Fit: "crop"}
	seen := map[string]string{}
	for what, got := range map[string]string{
		"as it is": name("/r", "a", 1, now, shape), "root": name("/s", "a", 1, now, shape), "path": name("/r", "b", 1, now, shape), "size": name("/r", "a", 2, now, shape),
		"time": name("/r", "a", 1, now.Add(1), shape), "shape": name("/r", "a", 1, now, picture.Shape{H: 1, W: 2, Colour: "rgb", Fit: "crop"}),
	} {
		if other, found := seen[got]; found {
			t.Errorf("%s and %s have one name", what, other)
		}
		seen[got] = what
	}
	if again := name("/r", "a", 1, now, shape); seen[again] != "as it is" {
		t.Error("the same set has two names")
	}
}
