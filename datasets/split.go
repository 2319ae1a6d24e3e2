package datasets

import "encoding/binary"

// Split is one part of a dataset: its images, untouched and preprocessed, and their labels. A Split is never changed
// once opened, so any number of goroutines may read it.
type Split struct {
	H, W, C, Classes int
	Labels           []uint16 // [N], as trained on: label noise included

	pixels []byte    // [N,H,W,C], untouched; nil where values has them
	values []float32 // [N,H,W,C], untouched, of data that are not bytes
	recipe *Recipe
	ready  []float32 // [N,H,W,C], preprocessed in full; nil where recipe is applied image by image
}

// Len returns the number of images.
func (s *Split) Len() int { return len(s.Labels) }

// size is the number of values in an image.
func (s *Split) size() int { return s.H * s.W * s.C }

// labelBytes returns the labels as they enter the checksum: a byte each, or two, the lower first, where there are more
// than 256 classes.
func (s *Split) labelBytes() []byte {
	out := make([]byte, 0, len(s.Labels))
	for _, label := range s.Labels {
		if s.Classes > 256 {
			out = binary.LittleEndian.AppendUint16(out, label)
		} else {
			out = append(out, byte(label))
		}
	}
	return out
}

// BalancedWeights returns for each class the mean number of images of a class over that of its own, N / (Classes·n): so that
// all classes weigh alike in a sum over the images, and an image weighs 1 on average. It is 0 for a class without images.
func (s *Split) BalancedWeights() []float32 {
	weights := make([]float32, s.Classes)
	for class, n := range s.Counts() {
		if n > 0 {
			weights[class] = float32(float64(s.Len()) / (float64(s.Classes) * float64(n)))
		}
	}
	return weights
}

// Counts returns the number of images of each class.
func (s *Split) Counts() []int {
	counts := make([]int, s.Classes)
	for _, label := range s.Labels {
		counts[label]++
	}
	return counts
}

// Raw returns the H*W*C bytes of image i, in [0, Len), as they were before any preprocessing; nil for data that are not
// bytes. They must not be written to.
func (s *Split) Raw(i int) []byte {
	if s.values != nil {
		return nil
	}
	n := s.size()
	return s.pixels[i*n : (i+1)*n : (i+1)*n]
}

// RawFloats writes the H*W*C values of image i, in [0, Len), to dst as they were before any preprocessing.
func (s *Split) RawFloats(dst []float32, i int) {
	n := s.size()
	if s.values != nil {
		copy(dst[:n], s.values[i*n:(i+1)*n])
		return
	}
	for j, v := range s.Raw(i) {
		dst[j] = float32(v)
	}
}

// Fill writes the preprocessed images of the given indices, each in [0, Len), to dst, of shape [len(index),H,W,C];
// with flip, each is mirrored left to right after preprocessing. It allocates nothing.
func (s *Split) Fill(dst []float32, index []int, flip bool) {
	n := s.size()
	for k, i := range index {
		out := dst[k*n : (k+1)*n]
		switch {
		case s.ready != nil:
			copy(out, s.ready[i*n:(i+1)*n])
		case s.values == nil && s.recipe.Normalize == NormalizeMean:
			subtract(out, s.pixels[i*n:(i+1)*n], s.recipe.Mean)
		default:
			s.RawFloats(out, i)
			s.recipe.point(out)
		}
		if flip {
			mirror(out, s.W, s.C)
		}
	}
}

// subtract writes float32(pixels) − mean.
func subtract(out []float32, pixels []byte, mean []float32) {
	pixels, mean = pixels[:len(out)], mean[:len(out)]
	for j := range out {
		out[j] = float32(pixels[j]) - mean[j]
	}
}

// mirror reverses each row of image, [H,W,C], in place.
func mirror(image []float32, width, channels int) {
	for row := 0; row < len(image); row += width * channels {
		for l, r := row, row+(width-1)*channels; l < r; l, r = l+channels, r-channels {
			for c := range channels {
				image[l+c], image[r+c] = image[r+c], image[l+c]
			}
		}
	}
}
