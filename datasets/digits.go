package datasets

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/maxgain/maxgain/datasets/picture"
	"github.com/maxgain/maxgain/datasets/stream"
)

// How many digits are drawn when the options give no count.
const (
	digitsTrain = 10_000
	digitsVal   = 2_000
)

var _ = register(source{
	name: "digits", note: "drawn by the program itself, as many as you like, 28×28×1: needs no files",
	normalize: NormalizeMean, shift: shiftMNIST,
	load: loadDigits,
})

// loadDigits draws as many digits as the options ask for. Image i of either part depends on the seed and on i only; the
// two parts share no random numbers.
func loadDigits(ctx context.Context, o Options) (official, error) {
	count := func(asked, usual int) int {
		if asked > 0 {
			return asked
		}
		return usual
	}
	source := official{height: idxSide, width: idxSide, channels: 1, classNames: digitNames, colour: picture.Grey, fit: picture.Crop}
	var err error
	if source.test, err = drawDigits(ctx, o, "digits/val", count(o.ValCount, digitsVal)); err != nil {
		return official{}, err
	}
	train := count(o.TrainCount, digitsTrain)
	if o.UseAll && o.TrainCount > 0 { // both parts together are to have as many as asked for
		train = max(train-len(source.test.labels), 0)
	}
	source.train, err = drawDigits(ctx, o, "digits/train", train)
	return source, err
}

// drawDigits draws digits 0 … count−1 of the named stream.
func drawDigits(ctx context.Context, o Options, name string, count int) (images, error) {
	const size = idxSide * idxSide
	first := stream.HashFNV1(name)
	m := images{pixels: make([]byte, count*size), labels: make([]uint16, count)}
	source := rand.NewPCG(0, 0)
	p := pen{rand: rand.New(source)}
	for i := range count {
		if i%1000 == 0 {
			if err := ctx.Err(); err != nil {
				return images{}, err
			}
		}
		source.Seed(o.Seed, scramble(first+uint64(i)))
		m.labels[i] = p.digit(m.pixels[i*size : (i+1)*size])
	}
	return m, nil
}

// scramble is the output function of splitmix64, a bijection: neighbours in, strangers out.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pen draws digits of 28×28 pixels. Its buffers serve one digit after the other.
type pen struct {
	rand   *rand.Rand
	points []point
	lines  []line
	near   [idxSide * idxSide]float32 // squared distance to the nearest line over the squared radius of the nib there
}

// line is a piece of a stroke in pixels, drawn with a nib of the given radius.
type line struct{ x0, y0, x1, y1, radius float64 }

// digit draws one digit over image, [28,28], and returns its class.
func (p *pen) digit(image []byte) uint16 {
	class := uint16(p.rand.IntN(len(digitNames)))
	s := p.style(class)
	h := p.hand(s)
	p.lines = p.lines[:0]
	for _, stroke := range s.strokes {
		p.write(stroke, h)
	}
	p.settle()
	p.ink(image)
	return class
}

// style picks one of the class's styles by their shares.
func (p *pen) style(class uint16) *style {
	var total float64
	for i := range styles {
		if styles[i].class == class {
			total += styles[i].share
		}
	}
	u, last := p.rand.Float64()*total, 0
	for i := range styles {
		if styles[i].class != class {
			continue
		}
		last = i
		if u -= styles[i].share; u < 0 {
			break
		}
	}
	return &styles[last]
}

// hand is how one digit is written: a linear map from the style's box to pixels, a smooth bending of the paper, a nib and
// an unsteadiness.
type hand struct {
	xx, xy, yx, yy float64 // pixels by box widths and heights
	bends          [2]bend
	radius, swell  float64 // of the nib: in pixels, and how much it changes along a stroke
	jitter         float64 // standard deviation of a point's displacement, in box heights
}

// bend displaces the paper by a wave.
type bend struct{ fx, fy, phase, ax, ay float64 }

// hand draws a hand at random.
func (p *pen) hand(s *style) hand {
	r := p.rand
	height := clamp(19.5+1.4*r.NormFloat64(), 15, 22.5)
	width := clamp(s.aspect*(1+0.17*r.NormFloat64()), 0.22, 1.05) * height
	slant := 0.14 + 0.18*r.NormFloat64()
	sin, cos := math.Sincos(0.10 * r.NormFloat64())
	h := hand{
		radius: clamp(1.25*math.Exp(0.28*r.NormFloat64()), 0.6, 2.3),
		swell:  0.25 * r.Float64(),
		jitter: 0.012 + 0.034*r.Float64(),
	}
	// x = width·u − slant·height·v and y = height·v, then a rotation.
	h.xx, h.xy = cos*width, -cos*slant*height-sin*height
	h.yx, h.yy = sin*width, -sin*slant*height+cos*height
	for i := range h.bends {
		f := 2 + 3.5*r.Float64()
		fs, fc := math.Sincos(2 * math.Pi * r.Float64())
		h.bends[i] = bend{fx: f * fc, fy: f * fs, phase: 2 * math.Pi * r.Float64(), ax: 0.24 * r.NormFloat64() / f, ay: 0.24 * r.NormFloat64() / f}
	}
	return h
}

// write adds a stroke's lines: its points unsteady, its curves bent, and thicker here than there.
func (p *pen) write(s stroke, h hand) {
	r := p.rand
	p.points = p.points[:0]
	for _, q := range s {
		q.x += h.jitter * r.NormFloat64()
		q.y += h.jitter * r.NormFloat64()
		p.points = append(p.points, q)
	}
	last := len(p.points) - 1
	if overshoot := 0.10 * r.NormFloat64(); last > 1 { // the pen leaves the paper sooner or later
		p.points[last].x += overshoot * (p.points[last].x - p.points[last-1].x)
		p.points[last].y += overshoot * (p.points[last].y - p.points[last-1].y)
	}
	phase := 2 * math.Pi * r.Float64()
	const steps = 5
	x0, y0 := h.place(p.points[0].x, p.points[0].y)
	for i := range last {
		for k := 1; k <= steps; k++ {
			x1, y1 := h.place(p.curve(i, float64(k)/steps))
			along := (float64(i) + float64(k)/steps) / float64(last)
			radius := h.radius * (1 + h.swell*math.Sin(phase+4*along))
			p.lines = append(p.lines, line{x0, y0, x1, y1, radius})
			x0, y0 = x1, y1
		}
	}
}

// curve is the point at t in [0, 1] of the Catmull-Rom curve from point i to the next; corners and ends have no neighbour
// beyond them.
func (p *pen) curve(i int, t float64) (x, y float64) {
	a, b := p.points[i], p.points[i+1]
	before, after := a, b
	if i > 0 && !a.corner {
		before = p.points[i-1]
	}
	if i+2 < len(p.points) && !b.corner {
		after = p.points[i+2]
	}
	t2, t3 := t*t, t*t*t
	w0, w1, w2, w3 := (-t+2*t2-t3)/2, (2-5*t2+3*t3)/2, (t+4*t2-3*t3)/2, (t3-t2)/2
	return w0*before.x + w1*a.x + w2*b.x + w3*after.x, w0*before.y + w1*a.y + w2*b.y + w3*after.y
}

// place maps a point of the box to pixels.
func (h *hand) place(u, v float64) (x, y float64) {
	u, v = u-0.5, v-0.5
	for i := range h.bends {
		b := &h.bends[i]
		wave := math.Sin(b.fx*u + b.fy*v + b.phase)
		u, v = u+b.ax*wave, v+b.ay*wave
	}
	return h.xx*u + h.xy*v, h.yx*u + h.yy*v
}

// settle moves the lines so that their middle is near the image's, about as MNIST centres its digits, and makes them fit.
func (p *pen) settle() {
	left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, l := range p.lines {
		left, right = min(left, l.x0, l.x1), max(right, l.x0, l.x1)
		top, bottom = min(top, l.y0, l.y1), max(bottom, l.y0, l.y1)
	}
	const room = idxSide - 5
	scale := min(1, room/(right-left), room/(bottom-top))
	dx := idxSide/2 - 0.5 - scale*(left+right)/2 + clamp(1.3*p.rand.NormFloat64(), -3, 3)
	dy := idxSide/2 - 0.5 - scale*(top+bottom)/2 + clamp(1.1*p.rand.NormFloat64(), -3, 3)
	for i, l := range p.lines {
		p.lines[i] = line{scale*l.x0 + dx, scale*l.y0 + dy, scale*l.x1 + dx, scale*l.y1 + dy, l.radius}
	}
}

// ink turns the lines into pixels: dark within the nib, softening to nothing across its edge, with grain.
func (p *pen) ink(image []byte) {
	const soft = 0.9 // pixels from full ink to none
	var radius float64
	for i := range p.near {
		p.near[i] = math.MaxFloat32
	}
	for _, l := range p.lines {
		p.measure(l, l.radius+soft)
		radius += l.radius
	}
	radius /= float64(len(p.lines))
	r := p.rand
	full := 255 * clamp(1.05-0.12*math.Abs(r.NormFloat64()), 0.6, 1.05)
	grain := 22 * r.Float64()
	haze := 0.0
	if r.Float64() < 0.25 { // a scan that is not quite clean
		haze = 30 * r.Float64()
	}
	var bits uint64
	for i, near := range p.near {
		if i%4 == 0 {
			bits = r.Uint64()
		}
		noise := float64(bits&0xffff)/0x8000 - 1 // −1 … 1
		bits >>= 16
		value := haze * noise
		if near < math.MaxFloat32 {
			inside := radius*(1-math.Sqrt(float64(near)))/soft + 0.5
			value += (full + grain*noise) * clamp(inside, 0, 1)
		}
		image[i] = byte(clamp(value, 0, 255))
	}
}

// measure lowers near for the pixels within reach of l.
func (p *pen) measure(l line, reach float64) {
	x0, x1 := span(l.x0, l.x1, reach)
	y0, y1 := span(l.y0, l.y1, reach)
	dx, dy := float32(l.x1-l.x0), float32(l.y1-l.y0)
	inverse := 1 / max(dx*dx+dy*dy, 1e-6)
	scale := float32(1 / (l.radius * l.radius))
	for y := y0; y <= y1; y++ {
		row := p.near[y*idxSide : (y+1)*idxSide]
		py := float32(float64(y) - l.y0)
		for x := x0; x <= x1; x++ {
			px := float32(float64(x) - l.x0)
			t := min(max((px*dx+py*dy)*inverse, 0), 1)
			ex, ey := px-t*dx, py-t*dy
			row[x] = min(row[x], (ex*ex+ey*ey)*scale)
		}
	}
}

// span is the range of pixels within reach of the interval from a to b.
func span(a, b, reach float64) (first, last int) {
	return max(int(math.Ceil(min(a, b)-reach)), 0), min(int(math.Floor(max(a, b)+reach)), idxSide-1)
}

func clamp(x, low, high float64) float64 { return min(max(x, low), high) }
