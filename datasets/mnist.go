package datasets

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/maxgain/maxgain/datasets/picture"
)

// idxSource is a dataset in MNIST's four files.
type idxSource struct {
	files      fileSet
	classNames []string
}

// The four files of MNIST and its likes, in the order in which load reads them.
const (
	trainImages = "train-images-idx3-ubyte"
	trainLabels = "train-labels-idx1-ubyte"
	testImages  = "t10k-images-idx3-ubyte"
	testLabels  = "t10k-labels-idx1-ubyte"
)

// mnistFiles is MNIST (LeCun, Cortes, Burges) as gzipped by its authors.
var mnistFiles = fileSet{
	dataset: "mnist",
	folders: []string{"mnist"},
	files: []file{
		{name: trainImages, sum: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", size: 9_912_422},
		{name: trainLabels, sum: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", size: 28_881},
		{name: testImages, sum: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", size: 1_648_877},
		{name: testLabels, sum: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", size: 4_542},
	},
	zipped: true,
	mirrors: []string{
		"https://storage.googleapis.com/cvdf-datasets/mnist/",
		"https://ossci-datasets.s3.amazonaws.com/mnist/",
	},
}

// shiftMNIST suits digits and clothes, which fill 20 of 28 pixels.
const shiftMNIST = 2

var _ = register(source{
	name: "mnist", note: "handwritten digits, 60,000 + 10,000 of 28×28×1",
	normalize: NormalizeMean, shift: shiftMNIST,
	load: idxSource{files: mnistFiles, classNames: digitNames}.load,
})

// load finds and reads the four files.
func (s idxSource) load(ctx context.Context, o Options) (official, error) {
	found, err := newLocator(o).locate(ctx, s.files)
	if err != nil {
		return official{}, err
	}
	classes := len(s.classNames)
	train, err := readPair(fileOpener(found.path(trainImages)), fileOpener(found.path(trainLabels)), 60_000, 0, classes)
	if err != nil {
		return official{}, err
	}
	test, err := readPair(fileOpener(found.path(testImages)), fileOpener(found.path(testLabels)), 10_000, 0, classes)
	if err != nil {
		return official{}, err
	}
	return official{
		height: idxSide, width: idxSide, channels: 1,
		train: train, test: test,
		classNames: s.classNames,
		dir:        found.dir,
		colour:     picture.Grey, fit: picture.Crop,
	}, nil
}

// idxSide is the height and the width of MNIST's images.
const idxSide = 28

// readPair reads a file of at most most images, [N,28,28], and one of as many labels, of which the first is that of class 0.
func readPair(imageFile, labelFile opener, most int, first uint16, classes int) (images, error) {
	var m images
	count := 0
	err := imageFile.open(func(r io.Reader) error {
		dims, pixels, err := readIDX(r, imageFile.name, []int{-most, idxSide, idxSide})
		if err == nil {
			count, m.pixels = dims[0], pixels
		}
		return err
	})
	if err != nil {
		return images{}, err
	}
	err = labelFile.open(func(r io.Reader) error {
		dims, labels, err := readIDX(r, labelFile.name, []int{-most})
		if err != nil {
			return err
		}
		if dims[0] != count {
			return damage(labelFile.name, 4, "%d labels, but %s has %d images", dims[0], filepath.Base(imageFile.name), count)
		}
		m.labels = wideLabels(labels)
		for i := range m.labels {
			m.labels[i] -= first // a label below it becomes a great number
		}
		return checkLabels(m.labels, classes, labelFile.name, 8, 1)
	})
	if err != nil {
		return images{}, fmt.Errorf("labels: %w", err)
	}
	return m, nil
}
