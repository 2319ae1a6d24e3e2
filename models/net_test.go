package models

import (
	"math"
	"testing"
)

func newNet(t testing.TB, name string, o Options) *Net {
	t.Helper()
	spec, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestParameterAndMACCounts(t *testing.T) {
	for name, want := range map[string][2]int{
		"lenet-mnist":          {431080, 2293000},
		"lenet-cifar10":        {145578, 12354176},
		"lenet-cifar10-half":   {37210, 3703104},
		"lenet-cifar10-double": {575818, 44500224},
		"nin-cifar10":          {966986, 200357760},
		// 27·48 + 432·(48 + 96) + 864·(96 + 192) + 1728·(192 + 192) weights, 2·(48 + 48 + 96 + 96 + 3·192) of the norms, and 192·10 + 10
		"vgg-small": {979546, 91572096},
		// He et al. count 0.27 million for option A; the projections add 2,560 weights and 192 values of norms
		"resnet20-cifar10": {272474, 40813184},
	} {
		spec, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := spec.Summary()
		if err != nil {
			t.Fatal(err)
		}
		var got [2]int
		for _, r := range rows {
			got[0] += r.Params
			got[1] += r.MACs
		}
		if got != want {
			t.Errorf("%s: parameters and MACs %v, want %v", name, got, want)
		}
	}
}

func TestOverfitsOneBatch(t *testing.T) {
	n := newNet(t, "lenet-mnist", Options{Batch: 20, Seed: 1})
	b := randomBatch(n.Spec(), 20, 7)
	for i := range b.X {
		b.X[i] *= 50
	}
	loss := math.Inf(1)
	for step := range uint64(200) {
		o, err := n.Train(b, step)
		if err != nil {
			t.Fatal(err)
		}
		loss = o.Loss / 20
		if loss < 0.01 {
			return
		}
		if err := n.Update(0.001, 0.9, 5e-4); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("loss %g after 200 steps on one batch, want < 0.01", loss)
}

// The logits of an outcome are those behind its loss, its winners and its errors, of a partial batch too.
func TestOutcomeLogits(t *testing.T) {
	n := newNet(t, "lenet-mnist", Options{Batch: 20, Seed: 1})
	for _, count := range []int{20, 7} {
		b := randomBatch(n.Spec(), count, 7)
		o, err := n.Evaluate(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Logits) != 10*count {
			t.Fatalf("%d logits of %d images, want %d", len(o.Logits), count, 10*count)
		}
		loss, wrong := 0.0, 0
		for i, label := range b.Labels[:count] {
			row, sum, winner := o.Logits[10*i:][:10], 0.0, 0
			for k, z := range row {
				sum += math.Exp(float64(z - row[label]))
				if z > row[winner] {
					winner = k
				}
			}
			loss += math.Log(sum)
			if winner != int(label) {
				wrong++
			}
			if winner != int(o.Predictions[i]) {
				t.Errorf("image %d: the largest logit is that of class %d, predicted %d", i, winner, o.Predictions[i])
			}
		}
		if math.Abs(loss-o.Loss) > 1e-4*loss || wrong != o.Wrong {
			t.Errorf("%d images: loss %v and %d errors by the logits, %v and %d by the outcome", count, loss, wrong, o.Loss, o.Wrong)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	for _, name := range []string{"lenet-mnist", "lenet-cifar10", "nin-cifar10"} {
		b.Run(name, func(b *testing.B) {
			n := newNet(b, name, Options{Batch: 100, Seed: 1})
			batch := randomBatch(n.Spec(), 100, 1)
			for step := 0; b.Loop(); step++ {
				if _, err := n.Train(batch, uint64(step)); err != nil {
					b.Fatal(err)
				}
				if err := n.Update(0, 0.9, 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
