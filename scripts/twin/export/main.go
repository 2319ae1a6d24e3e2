// Command export writes what the twin needs to check a net's forward pass: images of a dataset as the net gets them, their
// labels, the net's logits in float32, and its mean loss from the evaluation kernels. With -train they are training images.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

func main() {
	checkpoint := flag.String("checkpoint", "", "safetensors `file` that names its model")
	data := flag.String("data", "mnist", "`name` of the dataset; cifar10 for the nets of 32×32 images")
	dir := flag.String("data-dir", "", "`folder` of the dataset")
	count := flag.Int("count", 100, "first validation images to export")
	train := flag.Int("train", 0, "instead, the images of a training on this `number` of them (data.train_count)")
	seed := flag.Uint64("seed", 1, "train.seed of that training")
	out := flag.String("out", ".", "`folder` for images.npy, labels.npy, logits.npy, loss.json")
	flag.Parse()
	o := datasets.Options{Name: *data, Dir: *dir, ValCount: *count, TrainCount: *train, Seed: *seed}
	if err := run(*checkpoint, o, *train > 0, *out); err != nil {
		fmt.Fprintln(os.Stderr, "export:", err)
		os.Exit(1)
	}
}

func run(checkpoint string, o datasets.Options, train bool, out string) error {
	set, err := datasets.Open(context.Background(), o)
	if err != nil {
		return err
	}
	val := set.Val
	if train {
		val = set.Train
	}
	n := val.Len()
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	x := make([]float32, n*val.H*val.W*val.C)
	val.Fill(x, index, false)

	net, err := load(checkpoint, n)
	if err != nil {
		return err
	}
	defer net.Close()
	if want := net.Spec().Input; (models.Shape{H: val.H, W: val.W, C: val.C}) != want {
		return fmt.Errorf("%s takes images of %v, %s has %d×%d×%d", net.Spec().Name, want, o.Name, val.H, val.W, val.C)
	}
	direct, _, err := net.LinearizeBatch(x, n)
	if err != nil {
		return err
	}
	outcome, err := net.Evaluate(models.Batch{X: x, Labels: val.Labels[:n], N: n})
	if err != nil {
		return err
	}
	loss, err := json.Marshal(map[string]any{"loss": outcome.Loss / float64(n), "wrong": outcome.Wrong, "images": n})
	if err != nil {
		return err
	}
	return errors.Join(
		writeNPY(filepath.Join(out, "images.npy"), "<f4", x, n, val.H, val.W, val.C),
		writeNPY(filepath.Join(out, "labels.npy"), "<u2", val.Labels[:n], n),
		writeNPY(filepath.Join(out, "logits.npy"), "<f8", direct.Logits[:n*net.Spec().Classes], n, net.Spec().Classes),
		os.WriteFile(filepath.Join(out, "loss.json"), append(loss, '\n'), 0o644),
	)
}

// load makes the net that a checkpoint names, with its weights, for up to batch images.
func load(path string, batch int) (*models.Net, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tensors, meta, err := models.ReadSafetensors(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	spec, err := models.Lookup(meta["model"])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	net, err := models.New(spec, models.Options{Batch: batch})
	if err != nil {
		return nil, err
	}
	values := map[string][]byte{}
	for _, t := range tensors {
		if t.DType == "F32" {
			values[t.Name] = t.Data
		}
	}
	for _, p := range net.Params() {
		torch := make([]float32, len(p.Value))
		if _, err := binary.Decode(values[p.Name], binary.LittleEndian, torch); err != nil {
			return nil, fmt.Errorf("%s: tensor %s: %w", path, p.Name, err)
		}
		if err := p.Import(p.Value, torch); err != nil {
			return nil, err
		}
	}
	net.Changed()
	return net, nil
}

// writeNPY writes values of the given shape in NumPy's format, version 1.0; kind is NumPy's name of the element type.
func writeNPY(path, kind string, values any, shape ...int) error {
	dims := ""
	for _, d := range shape {
		dims += fmt.Sprintf("%d, ", d)
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, dims)
	const before, block = 10, 64 // bytes of magic number, version and length; the header fills whole blocks
	padded := (before+len(header)+1+block-1)/block*block - before
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(padded)))
	fmt.Fprintf(&b, "%-*s\n", padded-1, header)
	if err := binary.Write(&b, binary.LittleEndian, values); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
