package figures

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics/figure"
	"github.com/maxgain/maxgain/diagnostics/pretrained"
	"github.com/maxgain/maxgain/diagnostics/toy"
)

// The figures of published nets.
const (
	oneNet   = 5 // a net's derivative and response at a photo and at an impulse
	allNets  = 6 // every net's at an impulse
	netGains = 7 // their gains over their errors
)

// Nets are the options of figures 5 to 7.
type Nets struct {
	Dir     string  // folder of the nets and of their table, which pretrained.ReadTable reads
	Net     string  // name of the net of figure 5; empty: the table's first
	Errors  string  // column of the table with the errors; empty: the published top-5 error
	Photos  string  // folder of photos for figure 7; empty: impulses only
	Impulse float64 // in levels of a picture, on a background that the net takes as 0
}

// OfNets tells whether the figure is one of published nets.
func (p Figure) OfNets() bool { return p.Number >= oneNet && p.Number <= netGains }

// maxPhotos bounds the photos that figure 7 is measured at.
const maxPhotos = 100

// NetPanels are the pictures of figure 5 or 6.
func (o Options) NetPanels(ctx context.Context, p Figure) (figure.Toy, error) {
	f := figure.Toy{Number: p.Number, Title: p.Title}
	nets, err := o.nets()
	if err != nil {
		return f, err
	}
	if p.Number == oneNet {
		f.Panels, err = o.onePanels(nets)
		return f, err
	}
	for _, net := range sorted(nets) {
		r, err := o.impulse(ctx, net)
		if err != nil {
			return f, err
		}
		f.Panels = append(f.Panels, panels(r, net.Name, fmt.Sprintf("%s, error %.1f %%", net.Name, net.Error))...)
	}
	return f, nil
}

// nets reads the table.
func (o Options) nets() ([]pretrained.Published, error) {
	if o.Nets.Dir == "" {
		return nil, experiment.Usagef("--nets is missing: the folder of the nets and their table (docs/figures.md)")
	}
	nets, err := pretrained.ReadTable(o.Nets.Dir, o.Nets.Errors)
	if err != nil {
		return nil, experiment.Usagef("--nets: %w", err)
	}
	return nets, nil
}

// sorted are the nets that have an error, the best first.
func sorted(nets []pretrained.Published) []pretrained.Published {
	with := slices.DeleteFunc(slices.Clone(nets), func(n pretrained.Published) bool { return math.IsNaN(n.Error) })
	slices.SortStableFunc(with, func(a, b pretrained.Published) int {
		if a.Error < b.Error {
			return -1
		}
		if a.Error > b.Error {
			return 1
		}
		return 0
	})
	return with
}

// impulse measures one net.
func (o Options) impulse(ctx context.Context, net pretrained.Published) (pretrained.Response, error) {
	if err := ctx.Err(); err != nil {
		return pretrained.Response{}, context.Cause(ctx)
	}
	n, err := net.Open()
	if err != nil {
		return pretrained.Response{}, err
	}
	defer n.Close()
	return net.AtImpulse(n, o.Nets.Impulse)
}

// panels are the red channel's derivative and spectrum.
func panels(r pretrained.Response, name, title string) []toy.Panel {
	return []toy.Panel{
		{Name: name + "_derivative", Title: title, H: r.H, W: r.W, Values: r.Derivative[0]},
		{Name: name + "_spectrum", Title: fmt.Sprintf("%s: %.1f dB", title, r.GainDB[0]), H: r.H, W: r.W, Values: r.Spectrum[0], DB: true},
	}
}

// onePanels are those of figure 5.
func (o Options) onePanels(nets []pretrained.Published) ([]toy.Panel, error) {
	i := 0
	if o.Nets.Net != "" {
		if i = slices.IndexFunc(nets, func(n pretrained.Published) bool { return n.Name == o.Nets.Net }); i < 0 {
			return nil, experiment.Usagef("--net: the table has no %q", o.Nets.Net)
		}
	}
	if o.Image == "" {
		return nil, experiment.Usagef("--image is missing: the photo of figure 5")
	}
	net, err := nets[i].Open()
	if err != nil {
		return nil, err
	}
	defer net.Close()
	photo, err := nets[i].AtPicture(net, o.Image)
	if err != nil {
		return nil, experiment.Usagef("--image: %w", err)
	}
	impulse, err := nets[i].AtImpulse(net, o.Nets.Impulse)
	if err != nil {
		return nil, err
	}
	return append(panels(photo, "photo", nets[i].Name+", photo"), panels(impulse, "impulse", nets[i].Name+", impulse")...), nil
}

// Measurement is one way to measure the nets of figure 7.
type Measurement struct {
	Name, Title string
	Gains       [][3]float64 // [net], by colour, dB
	Correlation [3]float64   // rank correlation of gain and error, by colour
}

// NetGains are the numbers of figure 7.
type NetGains struct {
	Nets         []pretrained.Published // that have an error, the best first
	Left         []string               // nets without one
	Errors       string                 // the table's column; empty: the published top-5 error
	Photos       int
	Measurements []Measurement
}

// NetGains measures the nets of figure 7.
func (o Options) NetGains(ctx context.Context) (g NetGains, err error) {
	all, err := o.nets()
	if err != nil {
		return g, err
	}
	g.Nets, g.Errors = sorted(all), o.Nets.Errors
	for _, net := range all {
		if math.IsNaN(net.Error) {
			g.Left = append(g.Left, net.Name)
		}
	}
	var photos []string
	if o.Nets.Photos != "" {
		if photos, err = pretrained.Pictures(o.Nets.Photos, maxPhotos); err != nil {
			return g, experiment.Usagef("--photos: %w", err)
		}
	}
	g.Photos = len(photos)
	g.Measurements = []Measurement{{Name: "impulse", Title: "Impulse, p = 1/s"}, {Name: "impulse_p1", Title: "Impulse, p = 1"}}
	if len(photos) > 0 {
		g.Measurements = append(g.Measurements, Measurement{Name: "photos", Title: fmt.Sprintf("Median of %d photos, p = 1/s", len(photos))},
			Measurement{Name: "photos_p1", Title: fmt.Sprintf("Median of %d photos, p = 1", len(photos))})
	}
	for _, net := range g.Nets {
		gains, err := o.gains(ctx, net, photos)
		if err != nil {
			return g, err
		}
		for i := range g.Measurements {
			g.Measurements[i].Gains = append(g.Measurements[i].Gains, gains[i])
		}
		o.Log.Info("measured", "net", net.Name)
	}
	g.correlate()
	return g, nil
}

// gains are a net's gains in the order of the measurements.
func (o Options) gains(ctx context.Context, p pretrained.Published, photos []string) ([][3]float64, error) {
	net, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer net.Close()
	impulse, err := p.AtImpulse(net, o.Nets.Impulse)
	if err != nil {
		return nil, err
	}
	all := []pretrained.Response{impulse}
	for _, photo := range photos {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r, err := p.AtPicture(net, photo)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	out := make([][3]float64, 4)
	for colour := range out[0] {
		out[0][colour], out[1][colour] = impulse.GainDB[colour], impulse.Unscaled(colour)
		var scaled, unscaled []float64
		for _, r := range all[1:] {
			scaled, unscaled = append(scaled, r.GainDB[colour]), append(unscaled, r.Unscaled(colour))
		}
		if len(photos) > 0 {
			out[2][colour], out[3][colour] = middle(scaled), middle(unscaled)
		}
	}
	return out, nil
}

// middle is the median.
func middle(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// correlate sets the rank correlations.
func (g *NetGains) correlate() {
	var errors []float64
	for _, net := range g.Nets {
		errors = append(errors, net.Error)
	}
	for i, m := range g.Measurements {
		for colour := range m.Correlation {
			var gains []float64
			for _, net := range m.Gains {
				gains = append(gains, net[colour])
			}
			g.Measurements[i].Correlation[colour] = pretrained.Spearman(gains, errors)
		}
	}
}

// Figure is the figure of the numbers.
func (g NetGains) Figure(p Figure) figure.Scatter {
	f := figure.Scatter{Number: p.Number, Title: p.Title, XName: "top-5 error, %"}
	if g.Errors != "" {
		f.XName = g.Errors
	}
	for _, m := range g.Measurements {
		c := figure.ScatterChart{Name: m.Name, Title: m.Title}
		for i, net := range g.Nets {
			for colour, name := range pretrained.Colours {
				c.Points = append(c.Points, figure.ScatterPoint{Net: net.Name, Colour: name, X: net.Error, DB: m.Gains[i][colour]})
			}
		}
		f.Charts = append(f.Charts, c)
	}
	return f
}
