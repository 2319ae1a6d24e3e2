package judged

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/sbinet/npyio/npy"
	"gonum.org/v1/gonum/mat"
)

// Plane is a frequency response or data derivative and its epoch.
type Plane struct {
	Epoch int
	spectrum.Plane
}

// SpectrumName is the name under which a run's folder keeps the spectrum of channel k of an epoch: spectra/epoch-0007-c0.npy.
func SpectrumName(k int) string { return fmt.Sprintf("c%d", k) }

// DerivativeName is the name under which it keeps channel k of the data derivative.
func DerivativeName(k int) string { return fmt.Sprintf("derivative-c%d", k) }

var planeFile = regexp.MustCompile(`^epoch-(\d+)-(derivative-)?c(\d+)\.npy$`)

// planePaths are the files in a folder of spectra by epoch and channel; no folder is none.
func planePaths(dir string) (spectra, derivatives map[int]map[int]string, err error) {
	spectra, derivatives = map[int]map[int]string{}, map[int]map[int]string{}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return spectra, derivatives, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		m := planeFile.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		epoch, err1 := strconv.Atoi(m[1])
		channel, err2 := strconv.Atoi(m[3])
		if err := errors.Join(err1, err2); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", filepath.Join(dir, e.Name()), err)
		}
		of := spectra
		if m[2] != "" {
			of = derivatives
		}
		if of[epoch] == nil {
			of[epoch] = map[int]string{}
		}
		of[epoch][channel] = filepath.Join(dir, e.Name())
	}
	return spectra, derivatives, nil
}

// ReadSpectrum reads an epoch's frequency response from a folder of spectra, nil if it has none.
func ReadSpectrum(dir string, epoch int) (*Plane, error) {
	spectra, _, err := planePaths(dir)
	if err != nil || spectra[epoch] == nil {
		return nil, err
	}
	p, err := readPlane(epoch, spectra[epoch])
	return &p, err
}

// readPlanes reads the spectra and the last derivative.
func (r *Run) readPlanes(dir string) error {
	spectra, derivatives, err := planePaths(dir)
	if err != nil {
		return err
	}
	if r.Spectra, err = readAll(spectra); err != nil {
		return err
	}
	last := -1
	for epoch := range derivatives {
		last = max(last, epoch)
	}
	if last >= 0 {
		d, err := readPlane(last, derivatives[last])
		if err != nil {
			return err
		}
		r.Derivative = &d
	}
	return nil
}

// readAll reads planes by epoch; planes of another shape than the first are an error.
func readAll(paths map[int]map[int]string) ([]Plane, error) {
	var out []Plane
	for epoch, channels := range paths {
		p, err := readPlane(epoch, channels)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Plane) int { return a.Epoch - b.Epoch })
	for _, p := range out {
		if p.H != out[0].H || p.W != out[0].W {
			return nil, fmt.Errorf("spectrum of epoch %d is %d×%d, that of epoch %d %d×%d", p.Epoch, p.H, p.W, out[0].Epoch, out[0].H, out[0].W)
		}
	}
	return out, nil
}

// readPlane reads the channels of one epoch.
func readPlane(epoch int, paths map[int]string) (Plane, error) {
	p := Plane{Epoch: epoch}
	for k := range len(paths) {
		path, ok := paths[k]
		if !ok {
			return Plane{}, fmt.Errorf("epoch %d has %d channels in its folder but no channel %d", epoch, len(paths), k)
		}
		m, err := readMatrix(path)
		if err != nil {
			return Plane{}, fmt.Errorf("%s: %w", path, err)
		}
		h, w := m.Dims()
		if k > 0 && (h != p.H || w != p.W) {
			return Plane{}, fmt.Errorf("%s: %d×%d, want %d×%d as the first channel", path, h, w, p.H, p.W)
		}
		p.H, p.W = h, w
		p.Channels = append(p.Channels, slices.Clone(m.RawMatrix().Data))
	}
	return p, nil
}

// readMatrix reads a NumPy file of a matrix of float64. What its header promises is held against the file's size before
// memory is made for it.
func readMatrix(path string) (m *mat.Dense, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := npy.NewReader(f)
	if err != nil {
		return nil, err
	}
	shape := r.Header.Descr.Shape
	if len(shape) != 2 || shape[0] < 1 || shape[1] < 1 || r.Header.Descr.Type != "<f8" ||
		int64(shape[0]) > info.Size()/8/int64(shape[1]) {
		return nil, fmt.Errorf("shape %v of type %s in %d bytes, want a matrix of <f8", shape, r.Header.Descr.Type, info.Size())
	}
	m = &mat.Dense{}
	return m, r.Read(m)
}
