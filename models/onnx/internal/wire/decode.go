package wire

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Decode reads a ModelProto. The result refers to the bytes of file, which must not change.
func Decode(file []byte) (*Model, error) {
	m := &Model{Opsets: map[string]int64{}}
	graph := false
	err := message(file, func(f field) error {
		switch f.number {
		case 1:
			return f.int(&m.IRVersion)
		case 2:
			return f.string(&m.Producer)
		case 7:
			graph = true
			return f.message("graph", m.Graph.decode)
		case 8:
			var domain string
			var version int64
			err := f.message("opset_import", func(f field) error {
				switch f.number {
				case 1:
					return f.string(&domain)
				case 2:
					return f.int(&version)
				}
				return nil
			})
			if domain == "ai.onnx" {
				domain = ""
			}
			m.Opsets[domain] = version
			return err
		case 14:
			m.Metadata = append(m.Metadata, Entry{})
			return f.message("metadata_props", m.Metadata[len(m.Metadata)-1].decode)
		case 25:
			m.Functions++
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("not a valid ONNX model: %w", err)
	case !graph:
		return nil, errors.New("not a valid ONNX model: there is no graph in it")
	case len(m.Opsets) == 0:
		return nil, errors.New("not a valid ONNX model: it does not say its operator set version (opset_import)")
	}
	return m, nil
}

func (e *Entry) decode(f field) error {
	switch f.number {
	case 1:
		return f.string(&e.Key)
	case 2:
		return f.string(&e.Value)
	}
	return nil
}

func (g *Graph) decode(f field) error {
	switch f.number {
	case 1:
		n := &Node{}
		g.Nodes = append(g.Nodes, n)
		return f.message(fmt.Sprintf("node %d", len(g.Nodes)), n.decode)
	case 2:
		return f.string(&g.Name)
	case 5:
		t := &Tensor{}
		g.Initializers = append(g.Initializers, t)
		return f.tensor(fmt.Sprintf("initializer %d", len(g.Initializers)), t)
	case 11:
		g.Inputs = append(g.Inputs, ValueInfo{})
		return f.message(fmt.Sprintf("input %d", len(g.Inputs)), g.Inputs[len(g.Inputs)-1].decode)
	case 12:
		g.Outputs = append(g.Outputs, ValueInfo{})
		return f.message(fmt.Sprintf("output %d", len(g.Outputs)), g.Outputs[len(g.Outputs)-1].decode)
	case 15:
		g.SparseInitializers++
	}
	return nil
}

func (n *Node) decode(f field) error {
	switch f.number {
	case 1:
		n.Inputs = append(n.Inputs, "")
		return f.string(&n.Inputs[len(n.Inputs)-1])
	case 2:
		n.Outputs = append(n.Outputs, "")
		return f.string(&n.Outputs[len(n.Outputs)-1])
	case 3:
		return f.string(&n.Name)
	case 4:
		return f.string(&n.Op)
	case 5:
		n.Attributes = append(n.Attributes, Attribute{})
		return f.message("attribute", n.Attributes[len(n.Attributes)-1].decode)
	case 7:
		return f.string(&n.Domain)
	}
	return nil
}

func (a *Attribute) decode(f field) error {
	switch f.number {
	case 1:
		return f.string(&a.Name)
	case 2:
		return f.float(&a.Float)
	case 3:
		return f.int(&a.Int)
	case 4:
		return f.bytes(&a.String)
	case 5:
		a.Tensor = &Tensor{}
		return f.tensor("tensor", a.Tensor)
	case 7:
		return f.floats(&a.Floats)
	case 8:
		return f.ints(&a.Ints)
	case 9:
		a.Strings = append(a.Strings, nil)
		return f.bytes(&a.Strings[len(a.Strings)-1])
	case 20:
		return f.int((*int64)(&a.Type))
	}
	return nil
}

func (v *ValueInfo) decode(f field) error {
	switch f.number {
	case 1:
		return f.string(&v.Name)
	case 2:
		return f.message("type", func(f field) error {
			if f.number != 1 { // tensor_type
				return nil
			}
			return f.message("tensor_type", v.decodeTensorType)
		})
	}
	return nil
}

func (v *ValueInfo) decodeTensorType(f field) error {
	switch f.number {
	case 1:
		var t int64
		err := f.int(&t)
		v.Type = DataType(t)
		return err
	case 2:
		v.Ranked = true
		return f.message("shape", func(f field) error {
			if f.number != 1 {
				return nil
			}
			v.Dims = append(v.Dims, Dim{})
			return f.message("dim", v.Dims[len(v.Dims)-1].decode)
		})
	}
	return nil
}

func (d *Dim) decode(f field) error {
	switch f.number {
	case 1:
		return f.int(&d.Value)
	case 2:
		return f.string(&d.Name)
	}
	return nil
}

func (t *Tensor) decode(f field) error {
	switch f.number {
	case 1:
		return f.ints(&t.Dims)
	case 2:
		var v int64
		err := f.int(&v)
		t.Type = DataType(v)
		return err
	case 8:
		return f.string(&t.Name)
	case 9:
		t.hasRaw = true
		return f.bytes(&t.raw)
	case 13:
		t.Location = append(t.Location, Entry{})
		return f.message("external_data", t.Location[len(t.Location)-1].decode)
	case 14:
		var v int64
		err := f.int(&v)
		t.External = v == 1
		return err
	}
	return nil
}

// field is one field of a message: a number of a varint or fixed type in bits, or bytes.
type field struct {
	number protowire.Number
	kind   protowire.Type
	bits   uint64
	data   []byte
}

// message calls visit for each field of an encoded message in turn.
func message(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return damaged(n)
		}
		b = b[n:]
		f := field{number: number, kind: kind}
		switch kind {
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.bits = uint64(v)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.data, n = protowire.ConsumeBytes(b)
		default: // groups, which ONNX does not have
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return damaged(n)
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func damaged(n int) error {
	return fmt.Errorf("the file is damaged or cut off (%w)", protowire.ParseError(n))
}

func (f field) want(kind protowire.Type) error {
	if f.kind != kind {
		return fmt.Errorf("field %d has wire type %d, want %d", f.number, f.kind, kind)
	}
	return nil
}

func (f field) int(to *int64) error {
	*to = int64(f.bits)
	return f.want(protowire.VarintType)
}

func (f field) float(to *float32) error {
	*to = math.Float32frombits(uint32(f.bits))
	return f.want(protowire.Fixed32Type)
}

func (f field) bytes(to *[]byte) error {
	*to = f.data
	return f.want(protowire.BytesType)
}

func (f field) string(to *string) error {
	*to = string(f.data)
	return f.want(protowire.BytesType)
}

func (f field) message(what string, visit func(field) error) error {
	if err := f.want(protowire.BytesType); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := message(f.data, visit); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (f field) tensor(what string, t *Tensor) error {
	t.body = f.data
	return f.message(what, t.decode)
}

// ints appends the values of a repeated integer, packed or not.
func (f field) ints(to *[]int64) error {
	if f.kind == protowire.VarintType {
		*to = append(*to, int64(f.bits))
		return nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return err
	}
	for b := f.data; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return damaged(n)
		}
		*to, b = append(*to, int64(v)), b[n:]
	}
	return nil
}

// floats appends the values of a repeated float, packed or not.
func (f field) floats(to *[]float32) error {
	if f.kind == protowire.Fixed32Type {
		*to = append(*to, math.Float32frombits(uint32(f.bits)))
		return nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return err
	}
	if len(f.data)%4 != 0 {
		return fmt.Errorf("field %d: %d bytes are no whole number of floats", f.number, len(f.data))
	}
	for b := f.data; len(b) > 0; b = b[4:] {
		v, _ := protowire.ConsumeFixed32(b)
		*to = append(*to, math.Float32frombits(v))
	}
	return nil
}
