package diagnostics

import "testing"

// table builds a curve of rows of numbers, one column an epoch.
func table(epochs []int, rows map[string][]float64) *Curve {
	var points []point
	for i, e := range epochs {
		values := map[string]float64{}
		for name, row := range rows {
			values[name] = row[i]
		}
		points = append(points, point{e, values})
	}
	return newCurve(points)
}

// Real runs of a trial, measured at some epochs by an independent implementation.
func TestTrialRuns(t *testing.T) {
	// LeNet on 1,000 MNIST images, 30 % of the labels drawn anew, rate 0.001. Its validation error was lowest at epochs
	// 8 and 10 (18.1 and 18.0 %) and 28 % at the end.
	memorised := table([]int{4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 30, 40}, map[string][]float64{
		TrainLoss:         {1.73, 1.43, 1.28, 1.17, 1.08, 0.92, 0.81, 0.65, 0.53, 0.36, 0.29, 0.04},
		GainDB:            {-32.6, -36.8, -35.3, -33.0, -31.2, -29.8, -27.6, -25.6, -25.7, -25.5, -24.0, -21.4},
		PopulationGainDB:  {-32.4, -31.6, -29.9, -29.0, -28.4, -27.1, -25.4, -23.9, -22.4, -20.1, -18.9, -16.6},
		BoundaryDistance:  {259, 266, 310, 274, 263, 214, 197, 165, 140, 160, 174, 183},
		LowShare:          {0.866, 0.856, 0.855, 0.841, 0.825, 0.817, 0.807, 0.794, 0.797, 0.785, 0.769, 0.747},
		PredictionChanges: {0.216, 0.165, 0.067, 0.066, 0.069, 0.087, 0.091, 0.133, 0.146, 0.125, 0.125, 0.016},
	})
	if r := expect(t, memorised, Overfitting); r.Kind != Memorised || r.BestEpoch < 8 || r.BestEpoch > 12 {
		t.Errorf("%v, best epoch %d; want memorised labels and 8 to 12", r.Kind, r.BestEpoch)
	}
	// LeNet on MNIST, rate 0.001: the population gain flattens from epoch 15 on.
	converged := table([]int{1, 3, 5, 10, 15, 20}, map[string][]float64{
		PopulationGainDB: {-20.3, -19.1, -17.4, -14.6, -13.0, -12.8}, TrainLoss: {0.249, 0.04, 0.02, 0.004, 0.001, 0.0003}})
	expect(t, converged, Converged)
}
