// Package onnx reads nets that other frameworks trained from ONNX files, evaluates them and differentiates them with
// respect to their input, and writes the project's own nets as ONNX files.
//
// Of the operator sets 7 to 21 it knows what image classifiers use; docs/onnx.md lists it. Nets run in evaluation mode,
// in float32 or float64, whatever type the file computes in.
package onnx

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// The operator set versions that are read.
const (
	minOpset = 7
	maxOpset = 21
)

// Model is a net as it stands in an ONNX file.
type Model struct {
	file  *wire.Model
	opset int
}

// Read reads an ONNX file, and the external data that it keeps in other files of its folder. Errors about their contents
// wrap ErrBad.
func Read(path string) (*Model, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	m, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := m.file.LoadExternal(filepath.Dir(path)); err != nil {
		return nil, bad(fmt.Errorf("%s: %w", path, err))
	}
	return m, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	case info.Size() > wire.MaxFile:
		return nil, fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), int64(wire.MaxFile))
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// Parse reads a model from the contents of an ONNX file without external data. The model refers to the bytes of text,
// which must not change. Errors wrap ErrBad.
func Parse(text []byte) (*Model, error) {
	m, err := parse(text)
	return m, bad(err)
}

func parse(text []byte) (*Model, error) {
	file, err := wire.Decode(text)
	if err != nil {
		return nil, err
	}
	opset, ok := file.Opsets[""]
	switch {
	case !ok:
		return nil, fmt.Errorf("the model uses no operators of ONNX's own domain, only %v", domains(file))
	case opset < minOpset || opset > maxOpset:
		return nil, fmt.Errorf("operator set %d: this program reads %d to %d; export the net again with one of these, or convert it with onnx.version_converter",
			opset, minOpset, maxOpset)
	case file.Graph.SparseInitializers > 0:
		return nil, fmt.Errorf("the model has %d sparse initialisers, which this program does not read", file.Graph.SparseInitializers)
	}
	return &Model{file: file, opset: int(opset)}, nil
}

func domains(m *wire.Model) []string {
	var list []string
	for d := range m.Opsets {
		list = append(list, d)
	}
	return list
}

// Opset is the version of the operator set.
func (m *Model) Opset() int { return m.opset }

// Producer is the program that wrote the file.
func (m *Model) Producer() string { return m.file.Producer }

// Metadata is the text that the file holds under each key.
func (m *Model) Metadata() map[string]string {
	list := make(map[string]string, len(m.file.Metadata))
	for _, e := range m.file.Metadata {
		list[e.Key] = e.Value
	}
	return list
}

// Preprocessed is the name of the value that the layers take behind the preprocessing, in a file that Write made; empty
// in others, and where there is no preprocessing. NetOptions.Start takes it.
func (m *Model) Preprocessed() string { return m.Metadata()[preprocessedKey] }

// Input is the graph's input as the file declares it. Dimensions that it leaves open are 0; dims is nil if not even
// their number is known.
func (m *Model) Input() (name string, dims []int, err error) {
	inputs := m.inputs()
	if len(inputs) == 0 {
		return "", nil, fmt.Errorf("the net has no input")
	}
	v := inputs[0]
	if !v.Ranked {
		return v.Name, nil, nil
	}
	dims = make([]int, len(v.Dims))
	for i, d := range v.Dims {
		if d.Value > 0 && d.Value <= wire.MaxLen {
			dims[i] = int(d.Value)
		}
	}
	return v.Name, dims, nil
}

// inputs are the graph's inputs that have no initialiser: older files list the weights among the inputs too.
func (m *Model) inputs() []wire.ValueInfo {
	named := map[string]bool{}
	for _, t := range m.file.Graph.Initializers {
		named[t.Name] = true
	}
	var list []wire.ValueInfo
	for _, v := range m.file.Graph.Inputs {
		if !named[v.Name] {
			list = append(list, v)
		}
	}
	return list
}
