package kernel

// winogradRun is a run of panels of one width, or a last panel with fewer channels than it has columns.
type winogradRun struct{ first, width, count, channels int }

// winogradRuns cuts panels into runs.
func winogradRuns(panels []panel, lanes int) []winogradRun {
	var runs []winogradRun
	for _, p := range panels {
		width := p.width(lanes)
		if last := len(runs) - 1; last >= 0 && runs[last].width == width && p.cols == width {
			runs[last].count++
			runs[last].channels += width
			continue
		}
		runs = append(runs, winogradRun{first: p.first, width: width, count: 1, channels: p.cols})
	}
	return runs
}

// product computes to = from·u at one frequency for so many tiles: to and from are in panels of w.rows rows,
// u is packed, with steps rows.
func (w *winograd) product(to, from, u []float32, toPanels []panel, fromRuns []winogradRun, steps, tiles int) {
	for _, p := range toPanels {
		width := p.width(w.lanes)
		for i, run := range fromRuns {
			(&Strip{
				A: from[run.first*w.rows:], AI: run.width, AR: run.width * w.rows, AT: 1,
				M: tiles, R: run.count, T: run.channels / run.count,
				B: u[p.first*steps:], Steps: steps, First: run.first, N: width,
				C: to[p.first*w.rows:], CI: width, Acc: i > 0,
			}).Run()
		}
	}
}

// weightProduct computes du = vᵀ·m at one frequency, or adds to it.
func (w *winograd) weightProduct(du, v, m []float32, tiles int, acc bool) {
	for _, p := range w.outPanels {
		width := p.width(w.lanes)
		for _, run := range w.inRuns {
			(&Strip{
				A: v[run.first*w.rows:], AI: 1, Group: run.width, AG: run.width * w.rows, AT: run.width,
				M: run.channels, R: 1, T: tiles,
				B: m[p.first*w.rows:], BT: width, N: width,
				C: du[p.first*w.in.C+run.first*width:], CI: width, Acc: acc,
			}).Run()
		}
	}
}
