// Package spectrum measures the frequency response of a linearised network: the two-dimensional discrete Fourier
// transform of its data derivative, and the figures drawn from it. Everything here is a pure function of its input.
//
// The method is that of Stamatescu & McDonnell, "Diagnosing Convolutional Neural Networks using their Spectral
// Response" (2018), arXiv:1810.03241, section III.
package spectrum

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Window says what a data derivative is multiplied by before it is transformed.
type Window int

const (
	None       Window = iota // no window
	HannWindow               // outer product of two symmetric Hann windows, one over rows and one over columns
)

// ParseWindow reads a window's name: "none" or "hann".
func ParseWindow(name string) (Window, error) {
	switch name {
	case "none":
		return None, nil
	case "hann":
		return HannWindow, nil
	}
	return 0, fmt.Errorf("spectrum: window %q is not known: want hann or none", name)
}

// String is the name that ParseWindow reads.
func (w Window) String() string {
	if w == HannWindow {
		return "hann"
	}
	return "none"
}

// Spectrum is the power spectrum of a data derivative d [H,W,C], one plane a channel:
//
//	|D(k,u,v)|² = |Σ_r Σ_c w(r,c) d(r,c,k) exp(−2πi(ur/H + vc/W))|²,  0 ≤ u < H, 0 ≤ v < W
//
// an unnormalised transform as large as the image. It is kept as power [C,H,W] times 4^exponent, so that
// derivatives as small as 1e-300 neither vanish nor overflow.
type Spectrum struct {
	H, W, C  int
	power    []float64 // [C,H,W]
	exponent int       // power was divided by 4^exponent
}

// maxExponent keeps 2^±exponent and its square representable.
const maxExponent = 1000

// Transform computes spectra of derivatives of one shape. It owns scratch memory: one goroutine at a time.
type Transform struct {
	h, w, c    int
	row        *fourier.FFT
	column     *fourier.CmplxFFT
	hannH      []float64
	hannW      []float64
	line       []float64    // [w] one row of one channel
	half       []complex128 // [h, w/2+1] row transforms of one channel
	columnWork []complex128 // [h]
}

// NewTransform prepares transforms of derivatives [h,w,c].
func NewTransform(h, w, c int) (*Transform, error) {
	if h < 1 || w < 1 || c < 1 {
		return nil, fmt.Errorf("spectrum: derivative of shape %d×%d×%d: every side must be at least 1", h, w, c)
	}
	return &Transform{
		h: h, w: w, c: c,
		row: fourier.NewFFT(w), column: fourier.NewCmplxFFT(h),
		hannH: Hann(h), hannW: Hann(w),
		line: make([]float64, w), half: make([]complex128, h*(w/2+1)), columnWork: make([]complex128, h),
	}, nil
}

// Response returns the spectrum of the data derivative d [h,w,c] after the window.
func Response(d []float64, h, w, c int, window Window) (*Spectrum, error) {
	t, err := NewTransform(h, w, c)
	if err != nil {
		return nil, err
	}
	s := &Spectrum{}
	return s, t.Into(s, d, window)
}

// Into writes the spectrum of d [h,w,c] to s, reusing the memory of s. Rows are transformed first, then columns.
// A derivative holding NaN or ±Inf has a spectrum of NaN.
func (t *Transform) Into(s *Spectrum, d []float64, window Window) error {
	if len(d) != t.h*t.w*t.c {
		return fmt.Errorf("spectrum: derivative has %d values, want %d for %d×%d×%d", len(d), t.h*t.w*t.c, t.h, t.w, t.c)
	}
	s.H, s.W, s.C = t.h, t.w, t.c
	if len(s.power) != len(d) {
		s.power = make([]float64, len(d))
	}
	largest := 0.0
	for _, v := range d {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			s.exponent = 0
			for i := range s.power {
				s.power[i] = math.NaN()
			}
			return nil
		}
		largest = max(largest, math.Abs(v))
	}
	_, exponent := math.Frexp(largest)
	s.exponent = min(max(exponent, -maxExponent), maxExponent)
	for k := range t.c {
		t.plane(s.power[k*t.h*t.w:][:t.h*t.w], d, k, s.exponent, window)
	}
	return nil
}

// plane computes the power [h,w] of channel k of d·2^−exponent. The derivative is real, so half of the plane is
// transformed and the other half mirrored: equal amplitudes are then equal to the last bit.
func (t *Transform) plane(power, d []float64, k, exponent int, window Window) {
	wide, scale := t.w/2+1, math.Ldexp(1, -exponent)
	for r := range t.h {
		for c := range t.w {
			v := scale * d[(r*t.w+c)*t.c+k]
			if window == HannWindow {
				v *= t.hannH[r] * t.hannW[c]
			}
			t.line[c] = v
		}
		t.row.Coefficients(t.half[r*wide:][:wide], t.line)
	}
	for v := range wide {
		for r := range t.h {
			t.columnWork[r] = t.half[r*wide+v]
		}
		t.column.Coefficients(t.columnWork, t.columnWork)
		own := (t.w - v) % t.w // the column that mirrors v
		for u := range t.h {
			mirror := (t.h - u) % t.h
			if own == v && mirror < u {
				power[u*t.w+v] = power[mirror*t.w+v]
				continue
			}
			z := t.columnWork[u]
			p := real(z)*real(z) + imag(z)*imag(z)
			power[u*t.w+v] = p
			power[mirror*t.w+own] = p
		}
	}
}
