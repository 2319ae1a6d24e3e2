package rundir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/sbinet/npyio/npy"
	"gonum.org/v1/gonum/mat"
)

// Plane is a frequency response in dB, frequency 0 in the corner, or a data derivative, that belongs to an epoch.
type Plane struct {
	Epoch    int
	H, W     int
	Channels [][]float64 // [C] of [H,W]
}

// check says whether the channels have the plane's size.
func (p Plane) check() error {
	if p.H < 1 || p.W < 1 || len(p.Channels) == 0 {
		return fmt.Errorf("epoch %d: %d channels of %d×%d", p.Epoch, len(p.Channels), p.H, p.W)
	}
	for k, c := range p.Channels {
		if len(c) != p.H*p.W {
			return fmt.Errorf("epoch %d: %d values in channel %d, want %d×%d", p.Epoch, len(c), k, p.H, p.W)
		}
	}
	return nil
}

// planeFile matches the names that planeName makes.
var planeFile = regexp.MustCompile(`^epoch-(\d+)-(derivative-)?c(\d+)\.npy$`)

// derivativeMark begins the channel in the name of a derivative's file.
const derivativeMark = "derivative-"

// planeName is the file of a channel of an epoch's plane: epoch-0007-c0.npy or epoch-0007-derivative-c0.npy.
func planeName(epoch int, mark string, channel int) string {
	return fmt.Sprintf("epoch-%04d-%sc%d.npy", epoch, mark, channel)
}

// SaveSpectrum keeps the frequency response of an epoch.
func (d *Dir) SaveSpectrum(p Plane) error { return d.savePlane("", p) }

// SaveDerivative keeps the data derivative of an epoch.
func (d *Dir) SaveDerivative(p Plane) error { return d.savePlane(derivativeMark, p) }

// savePlane writes a file of float64 [H,W] for each channel.
func (d *Dir) savePlane(mark string, p Plane) error {
	if err := p.check(); err != nil {
		return err
	}
	for k, values := range p.Channels {
		err := d.writeBy(filepath.Join(SpectraDir, planeName(p.Epoch, mark, k)), func(w io.Writer) error {
			return npy.Write(w, mat.NewDense(p.H, p.W, values))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// files are the names of the files of planes by epoch and channel.
type files map[int]map[int]string

// planes finds the files of the spectra and of the derivatives; no folder is none.
func (r *Run) planes() (spectra, derivatives files, err error) {
	spectra, derivatives = files{}, files{}
	dir, err := r.root.Open(SpectraDir)
	if errors.Is(err, fs.ErrNotExist) {
		return spectra, derivatives, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("run folder: %w", err)
	}
	names, err := dir.Readdirnames(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, nil, fmt.Errorf("run folder: %w", err)
	}
	for _, name := range names {
		m := planeFile.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		epoch, err1 := strconv.Atoi(m[1])
		channel, err2 := strconv.Atoi(m[3])
		if err := errors.Join(err1, err2); err != nil {
			return nil, nil, fmt.Errorf("%w: %s: %w", ErrDamaged, r.Path(SpectraDir, name), err)
		}
		of := spectra
		if m[2] == derivativeMark {
			of = derivatives
		}
		if of[epoch] == nil {
			of[epoch] = map[int]string{}
		}
		of[epoch][channel] = name
	}
	return spectra, derivatives, nil
}

// Spectrum reads the frequency response of an epoch, nil if it was not kept.
func (r *Run) Spectrum(epoch int) (*Plane, error) {
	spectra, _, err := r.planes()
	if err != nil || spectra[epoch] == nil {
		return nil, err
	}
	p, err := r.plane(epoch, spectra[epoch])
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// Spectra reads all frequency responses, by epoch, ascending. One of another size than the first is an error.
func (r *Run) Spectra() ([]Plane, error) {
	spectra, _, err := r.planes()
	if err != nil {
		return nil, err
	}
	var all []Plane
	for epoch, channels := range spectra {
		p, err := r.plane(epoch, channels)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Plane) int { return a.Epoch - b.Epoch })
	for _, p := range all {
		if p.H != all[0].H || p.W != all[0].W {
			return nil, fmt.Errorf("%w: %s: the spectrum of epoch %d is %d×%d, that of epoch %d %d×%d",
				ErrDamaged, r.Path(SpectraDir), p.Epoch, p.H, p.W, all[0].Epoch, all[0].H, all[0].W)
		}
	}
	return all, nil
}

// Derivative reads the data derivative of the last epoch that has one, nil if none has.
func (r *Run) Derivative() (*Plane, error) {
	_, derivatives, err := r.planes()
	if err != nil || len(derivatives) == 0 {
		return nil, err
	}
	last := -1
	for epoch := range derivatives {
		last = max(last, epoch)
	}
	p, err := r.plane(last, derivatives[last])
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// plane reads the channels of one epoch.
func (r *Run) plane(epoch int, names map[int]string) (Plane, error) {
	p := Plane{Epoch: epoch}
	for k := range len(names) {
		name, ok := names[k]
		if !ok {
			return Plane{}, fmt.Errorf("%w: %s: epoch %d has %d channels but no channel %d", ErrDamaged, r.Path(SpectraDir), epoch, len(names), k)
		}
		file, err := r.read(SpectraDir + "/" + name)
		if err != nil {
			return Plane{}, err
		}
		h, w, values, err := parseMatrix(file)
		if err != nil {
			return Plane{}, fmt.Errorf("%w: %s: %w", ErrDamaged, r.Path(SpectraDir, name), err)
		}
		if k > 0 && (h != p.H || w != p.W) {
			return Plane{}, fmt.Errorf("%w: %s: %d×%d, want %d×%d as the first channel", ErrDamaged, r.Path(SpectraDir, name), h, w, p.H, p.W)
		}
		p.H, p.W = h, w
		p.Channels = append(p.Channels, values)
	}
	return p, nil
}

// npyHeader matches what a NumPy file of a matrix of float64 in rows says of itself.
var npyHeader = regexp.MustCompile(`^\{'descr': '<f8', 'fortran_order': False, 'shape': \((\d{1,9}), (\d{1,9})\), \}\s*$`)

// parseMatrix reads a NumPy file, format 1.0 or 2.0, of a matrix [h,w] of float64. What its header promises is held
// against the file's size before memory is made for it.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func parseMatrix(file []byte) (h, w int, values []float64, err error) {
	const magic = "\x93NUMPY"
	if len(file) < 12 || string(file[:6]) != magic || file[6] < 1 || file[6] > 2 || file[7] != 0 {
		return 0, 0, nil, errors.New("it is no NumPy file of format 1.0 or 2.0")
	}
	n, rest := uint64(binary.LittleEndian.Uint16(file[8:])), file[10:]
	if file[6] == 2 {
		n, rest = uint64(binary.LittleEndian.Uint32(file[8:])), file[12:]
	}
	if uint64(len(rest)) < n {
		return 0, 0, nil, fmt.Errorf("it ends within its header of %d bytes", n)
	}
	m := npyHeader.FindSubmatch(rest[:n])
	if m == nil {
		return 0, 0, nil, fmt.Errorf("its header is %q, want a matrix of <f8 in rows", rest[:n])
	}
	h, err1 := strconv.Atoi(string(m[1]))
	w, err2 := strconv.Atoi(string(m[2]))
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, nil, err
	}
	if rest = rest[n:]; h < 1 || w < 1 || len(rest)%8 != 0 || len(rest)/8%w != 0 || len(rest)/8/w != h {
		return 0, 0, nil, fmt.Errorf("%d bytes of values for %d×%d, want a matrix of <f8 that fills them", len(rest), h, w)
	}
	values = make([]float64, h*w)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(rest[8*i:]))
	}
	return h, w, values, nil
}
