package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
)

// writePNG writes a picture to a file.
func writePNG(path string, picture image.Image) error {
	return writeFile(path, func(w io.Writer) error { return png.Encode(w, picture) })
}

// writeFile makes a file of what write writes.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(f)
	err = write(buffered)
	return errors.Join(err, buffered.Flush(), f.Close())
}

// writeSpectrum writes a response in dB as a picture or as numbers, by the file's extension.
func writeSpectrum(path string, s *spectrum.Spectrum) error {
	if filepath.Ext(path) == ".png" {
		return writePNG(path, plot.SideBySide(planeOf(s).Centred(), s.H, s.W, experiment.SpectrumPixels))
	}
	return writeFile(path, func(w io.Writer) error {
		return writeNPY(w, []int{s.C, s.H, s.W}, s.DB())
	})
}

// planeOf is a response in dB as the reports' pictures take it.
func planeOf(s *spectrum.Spectrum) spectrum.Plane {
	return spectrum.Plane{H: s.H, W: s.W, Channels: slices.Collect(slices.Chunk(s.DB(), s.H*s.W))}
}

// writeNPY writes float64 values in row-major order in NumPy's format, version 1.0: magic number,
// header length, a Python dictionary padded to a multiple of 64 bytes, the values.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func writeNPY(w io.Writer, shape []int, values []float64) error {
	dims := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(shape)), ", "), "[]")
	header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%s,), }", dims)
	const before = 10 // bytes of magic number, version and length
	padding := 63 - (before+len(header))%64
	header += strings.Repeat(" ", padding) + "\n"
	if _, err := fmt.Fprintf(w, "\x93NUMPY\x01\x00%s%s",
		binary.LittleEndian.AppendUint16(nil, uint16(len(header))), header); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, values)
}
