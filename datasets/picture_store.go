package datasets

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"time"

	"github.com/maxgain/maxgain/datasets/picture"
)

// Decoded pictures are kept in the user's cache under a name that is a hash of what they come from: the folder, the wanted
// shape, and of every file its path, size, time of modification and, where the system has it, time of change. Contents
// are not read again. A file is its name's line, the length of a JSON head and the head, the pixels, and the CRC-32C of
// all that.

// pictureStoreKept is how many sets the cache keeps: the last ones used.
const pictureStoreKept = 4

// pictureHead is what a stored set holds beside its pixels.
type pictureHead struct {
	Height int      `json:"height"`
	Width  int      `json:"width"`
	Broken []broken `json:"broken"`
}

// tick is how far apart two changes of a file may be without its time of modification telling them apart, on file systems
// that keep parts of a second and on those that keep whole seconds.
const (
	tick       = 20 * time.Millisecond
	coarseTick = 2 * time.Second
)

// settle waits until any further change of a file must give it another time of modification: a change between listing
// and reading a file that is only just written would go unnoticed for ever otherwise.
func (set pictureSet) settle() {
	wait := time.Duration(0)
	for _, f := range set.files {
		step := tick
		if f.info.ModTime().Nanosecond() == 0 {
			step = coarseTick
		}
		if age := time.Since(f.info.ModTime()); age >= 0 && age < step {
			wait = max(wait, step-age)
		}
	}
	time.Sleep(wait)
}

// name is what the decoded pictures are stored under.
func (set pictureSet) name(shape picture.Shape) string {
	h := sha256.New()
	w := bufio.NewWriter(h)
	root, err := filepath.Abs(set.root)
	if err != nil {
		root = set.root
	}
	fmt.Fprintf(w, "pictures 1 %q %+v\n", root, shape)
	for _, f := range set.files {
		fmt.Fprintf(w, "%q %d %d %d\n", f.path, f.info.Size(), f.info.ModTime().UnixNano(), changeTime(f.info))
	}
	w.Flush()
	return hex.EncodeToString(h.Sum(nil))
}

// decodeOrStored is decode, with what is stored of the same files instead where there is any.
func (set pictureSet) decodeOrStored(ctx context.Context, shape picture.Shape, o Options) (decoded, error) {
	dir, err := cacheDir()
	if err != nil {
		return set.decode(ctx, shape, o)
	}
	name := set.name(shape)
	path := filepath.Join(dir, "pictures", name+".u8")
	if isFile(path) {
		all, err := set.readStored(path, name, shape)
		if err == nil {
			o.log("decoded pictures read from %s", path)
			return all, touch(path)
		}
		o.log("warning: stored pictures cannot be used and are decoded anew: %v", err)
	}
	all, err := set.decode(ctx, shape, o)
	if err != nil {
		return all, err
	}
	err = saveStored(path, pictureStoreKept, func(w io.Writer) error { return all.write(w, name) })
	if err != nil {
		o.log("warning: decoded pictures not stored: %v", err)
	}
	return all, nil
}

func (d decoded) write(w io.Writer, name string) error {
	sum := crc32.New(castagnoli)
	checked := io.MultiWriter(w, sum)
	head, err := json.Marshal(pictureHead{d.shape.H, d.shape.W, d.broken})
	if err != nil {
		return err
	}
	start := append([]byte(name), '\n')
	start = binary.LittleEndian.AppendUint32(start, uint32(len(head)))
	for _, b := range [][]byte{start, head, d.pixels} {
		if _, err := checked.Write(b); err != nil {
			return err
		}
	}
	_, err = w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

// readStored reads what write has written of this set.
func (set pictureSet) readStored(path, name string, shape picture.Shape) (all decoded, err error) {
	err = readFile(path, func(r io.Reader) error {
		r = bufio.NewReaderSize(r, 1<<20)
		sum := crc32.New(castagnoli)
		checked := io.TeeReader(r, sum)
		start := make([]byte, len(name)+5)
		if _, err := io.ReadFull(checked, start); err != nil || string(start[:len(name)+1]) != name+"\n" {
			return damage(path, 0, "the first line is not %q", name)
		}
		n := binary.LittleEndian.Uint32(start[len(name)+1:])
		if n > 1<<30 {
			return damage(path, 0, "a head of %d bytes", n)
		}
		text, err := io.ReadAll(io.LimitReader(checked, int64(n)))
		if err != nil {
			return readFault(path, 0, err, "the head")
		}
		var head pictureHead
		if err := json.Unmarshal(text, &head); err != nil {
			return damage(path, 0, "the head: %v", err)
		}
		if head.Height < 1 || head.Width < 1 || head.Height > maxSide || head.Width > maxSide {
			return damage(path, 0, "pictures of %d×%d pixels", head.Height, head.Width)
		}
		for _, b := range head.Broken {
			if b.Index < 0 || b.Index >= len(set.files) {
				return damage(path, 0, "a broken picture %d of %d", b.Index, len(set.files))
			}
		}
		shape.H, shape.W = head.Height, head.Width
		size := shape.H * shape.W * shape.Channels()
		if err := imagesRoom(len(set.files), size, 1); err != nil {
			return err
		}
		all = decoded{shape: shape, pixels: make([]byte, len(set.files)*size), broken: head.Broken}
		if _, err := io.ReadFull(checked, all.pixels); err != nil {
			return readFault(path, 0, err, "the pixels")
		}
		return checkEnd(path, r, sum.Sum32())
	})
	return all, err
}
