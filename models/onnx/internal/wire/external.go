package wire

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

// MaxFile is the largest size of a model's file and of all its external data together, in bytes.
const MaxFile = 16 << 30

// LoadExternal reads the values that the model keeps in other files of the folder dir. A file outside the folder is
// refused, by a symbolic link too. Each file is read once.
func (m *Model) LoadExternal(dir string) error {
	var root *os.Root
	files, left := map[string][]byte{}, int64(MaxFile)
	for _, t := range m.tensors() {
		if !t.External {
			continue
		}
		if root == nil {
			var err error
			if root, err = os.OpenRoot(dir); err != nil {
				return fmt.Errorf("folder of the external data: %w", err)
			}
			defer root.Close()
		}
		if err := t.load(root, files, &left); err != nil {
			return fmt.Errorf("tensor %q: external data: %w", t.Name, err)
		}
	}
	return nil
}

// tensors lists the initialisers and the tensors among the attributes.
func (m *Model) tensors() []*Tensor {
	list := append([]*Tensor(nil), m.Graph.Initializers...)
	for _, n := range m.Graph.Nodes {
		for _, a := range n.Attributes {
			if a.Tensor != nil {
				list = append(list, a.Tensor)
			}
		}
	}
	return list
}

func (t *Tensor) load(root *os.Root, files map[string][]byte, left *int64) error {
	name, offset, length := "", int64(0), int64(-1)
	for _, e := range t.Location {
		var err error
		switch e.Key {
		case "location":
			name = e.Value
		case "offset":
			offset, err = strconv.ParseInt(e.Value, 10, 64)
		case "length":
			length, err = strconv.ParseInt(e.Value, 10, 64)
		}
		if err != nil || offset < 0 || length < -1 {
			return fmt.Errorf("%s %q is no size", e.Key, e.Value)
		}
	}
	if name == "" {
		return fmt.Errorf("no file is named")
	}
	n, err := t.Len()
	if err != nil {
		return err
	}
	want := int64(n) * int64(t.Type.Size())
	if length >= 0 && length != want {
		return fmt.Errorf("length is %d, but %v elements of %v have %d bytes", length, t.Dims, t.Type, want)
	}
	file, ok := files[name]
	if !ok {
		if file, err = readAll(root, name, left); err != nil {
			return err
		}
		files[name] = file
	}
	if int64(len(file)) < want || offset > int64(len(file))-want {
		return fmt.Errorf("%s has %d bytes, but bytes %d to %d are wanted", name, len(file), offset, uint64(offset)+uint64(want))
	}
	t.raw = file[offset : offset+want : offset+want]
	return nil
}

func readAll(root *os.Root, name string, left *int64) ([]byte, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("%w (it must lie in the model's folder)", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if *left -= info.Size(); *left < 0 {
		return nil, fmt.Errorf("%s: the external data are larger than %d bytes", name, int64(MaxFile))
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}
