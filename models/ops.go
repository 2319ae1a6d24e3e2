package models

import (
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// step is what the operators of one graph share besides their tensors: the live part of a partial
// batch, and settings that change from run to run.
type step struct {
	n       int       // live images, ≤ the graph's batch
	labels  []uint16  // of the live images
	weights []float32 // of their losses; nil: all 1
	number  uint64    // of the training step: it seeds the dropout masks
	version uint64    // of the weights, so that they are packed once after a change
	share   float64   // of a batch in the running values of norms; 0: as in training
	rewind  bool      // forward operators return what they computed last time
	project Projection
	outcome Outcome
}

var opIDs atomic.Uint32

// baseOp has what every operator of this package answers alike. The id tells instances apart, since
// Gorgonia merges nodes whose operators hash alike.
type baseOp struct {
	name string
	id   uint32
	typ  func() hm.Type
	out  tensor.Shape
}

func newBaseOp(name string, out tensor.Shape, types ...hm.Type) baseOp {
	return baseOp{name: name, id: opIDs.Add(1), out: out, typ: func() hm.Type { return hm.NewFnType(types...) }}
}

func (o *baseOp) Type() hm.Type                                         { return o.typ() }
func (o *baseOp) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return o.out.Clone(), nil }
func (o *baseOp) ReturnsPtr() bool                                      { return true }
func (o *baseOp) CallsExtern() bool                                     { return false }
func (o *baseOp) OverwritesInput() int                                  { return -1 }
func (o *baseOp) WriteHash(h hash.Hash)                                 { fmt.Fprintf(h, "maxgain %s %d", o.name, o.id) }
func (o *baseOp) String() string                                        { return fmt.Sprintf("%s#%d", o.name, o.id) }
func (o *baseOp) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// dtypeOf is Gorgonia's type of T.
func dtypeOf[T kernel.Float]() tensor.Dtype {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}

func tensorType[T kernel.Float](dims int) hm.Type {
	return gorgonia.TensorType{Dims: dims, Of: dtypeOf[T]()}
}

// values is the memory behind a tensor of element type T, without a copy.
func values[T kernel.Float](v gorgonia.Value) ([]T, error) {
	d, ok := v.(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("models: operand is %T, want a dense tensor", v)
	}
	switch dst := any(new([]T)).(type) {
	case *[]float32:
		*dst = d.Float32s()
		return any(*dst).([]T), nil
	case *[]float64:
		*dst = d.Float64s()
		return any(*dst).([]T), nil
	}
	return nil, fmt.Errorf("models: operand has element type %v", d.Dtype())
}

// operands is values for several tensors.
func operands[T kernel.Float](in []gorgonia.Value) ([][]T, error) {
	out := make([][]T, len(in))
	for i, v := range in {
		var err error
		if out[i], err = values[T](v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func dense[T kernel.Float](backing []T, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
}

func nhwc(batch int, s Shape) tensor.Shape { return tensor.Shape{batch, s.H, s.W, s.C} }
