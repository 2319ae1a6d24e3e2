package wire

import (
	"encoding/binary"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// NewFloats is a float32 tensor. dims must be the number of the values.
func NewFloats(name string, dims []int64, values []float32) *Tensor {
	t := &Tensor{Name: name, Dims: dims, Type: Float, hasRaw: true, raw: make([]byte, 0, 4*len(values))}
	for _, v := range values {
		t.raw = binary.LittleEndian.AppendUint32(t.raw, math.Float32bits(v))
	}
	return t
}

// NewInts is an int64 tensor.
func NewInts(name string, dims []int64, values []int64) *Tensor {
	t := &Tensor{Name: name, Dims: dims, Type: Int64, hasRaw: true, raw: make([]byte, 0, 8*len(values))}
	for _, v := range values {
		t.raw = binary.LittleEndian.AppendUint64(t.raw, uint64(v))
	}
	return t
}

// NewRaw is a tensor of any type from its raw data.
func NewRaw(name string, dims []int64, d DataType, raw []byte) *Tensor {
	return &Tensor{Name: name, Dims: dims, Type: d, hasRaw: true, raw: raw}
}

// Encode appends the model's encoding to b.
func (m *Model) Encode(b []byte) []byte {
	b = appendInt(b, 1, m.IRVersion)
	b = appendString(b, 2, m.Producer)
	b = appendMessage(b, 7, m.Graph.encode)
	domains := make([]string, 0, len(m.Opsets))
	for domain := range m.Opsets {
		domains = append(domains, domain)
	}
	slices.Sort(domains)
	for _, domain := range domains {
		b = appendMessage(b, 8, func(b []byte) []byte {
			return appendInt(appendString(b, 1, domain), 2, m.Opsets[domain])
		})
	}
	for _, e := range m.Metadata {
		b = appendMessage(b, 14, e.encode)
	}
	return b
}

func (e Entry) encode(b []byte) []byte {
	return appendString(appendString(b, 1, e.Key), 2, e.Value)
}

func (g *Graph) encode(b []byte) []byte {
	for _, n := range g.Nodes {
		b = appendMessage(b, 1, n.encode)
	}
	b = appendString(b, 2, g.Name)
	for _, t := range g.Initializers {
		b = appendMessage(b, 5, t.encode)
	}
	for _, v := range g.Inputs {
		b = appendMessage(b, 11, v.encode)
	}
	for _, v := range g.Outputs {
		b = appendMessage(b, 12, v.encode)
	}
	return b
}

func (n *Node) encode(b []byte) []byte {
	for _, name := range n.Inputs {
		b = appendBytes(b, 1, []byte(name))
	}
	for _, name := range n.Outputs {
		b = appendBytes(b, 2, []byte(name))
	}
	b = appendString(b, 3, n.Name)
	b = appendString(b, 4, n.Op)
	for _, a := range n.Attributes {
		b = appendMessage(b, 5, a.encode)
	}
	return appendString(b, 7, n.Domain)
}

func (a Attribute) encode(b []byte) []byte {
	b = appendString(b, 1, a.Name)
	switch a.Type {
	case AttributeFloat:
		b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(a.Float))
	case AttributeInt:
		b = appendInt(b, 3, a.Int)
	case AttributeString:
		b = appendBytes(b, 4, a.String)
	case AttributeTensor:
		b = appendMessage(b, 5, a.Tensor.encode)
	case AttributeFloats:
		for _, v := range a.Floats {
			b = protowire.AppendTag(b, 7, protowire.Fixed32Type)
			b = protowire.AppendFixed32(b, math.Float32bits(v))
		}
	case AttributeInts:
		for _, v := range a.Ints {
			b = appendInt(b, 8, v)
		}
	case AttributeStrings:
		for _, v := range a.Strings {
			b = appendBytes(b, 9, v)
		}
	}
	return appendInt(b, 20, int64(a.Type))
}

func (v ValueInfo) encode(b []byte) []byte {
	b = appendString(b, 1, v.Name)
	return appendMessage(b, 2, func(b []byte) []byte {
		return appendMessage(b, 1, func(b []byte) []byte {
			b = appendInt(b, 1, int64(v.Type))
			if !v.Ranked {
				return b
			}
			return appendMessage(b, 2, func(b []byte) []byte {
				for _, d := range v.Dims {
					b = appendMessage(b, 1, d.encode)
				}
				return b
			})
		})
	})
}

func (d Dim) encode(b []byte) []byte {
	if d.Name != "" {
		return appendString(b, 2, d.Name)
	}
	return appendInt(b, 1, d.Value)
}

func (t *Tensor) encode(b []byte) []byte {
	for _, d := range t.Dims {
		b = appendInt(b, 1, d)
	}
	b = appendInt(b, 2, int64(t.Type))
	b = appendString(b, 8, t.Name)
	if !t.External {
		return appendBytes(b, 9, t.raw)
	}
	for _, e := range t.Location {
		b = appendMessage(b, 13, e.encode)
	}
	return appendInt(b, 14, 1)
}

func appendInt(b []byte, number protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(v))
}

func appendBytes(b []byte, number protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), v)
}

// appendString leaves an empty string out.
func appendString(b []byte, number protowire.Number, v string) []byte {
	if v == "" {
		return b
	}
	return appendBytes(b, number, []byte(v))
}

func appendMessage(b []byte, number protowire.Number, encode func([]byte) []byte) []byte {
	return appendBytes(b, number, encode(nil))
}

// IntAttribute is an attribute that holds an integer.
func IntAttribute(name string, v int64) Attribute {
	return Attribute{Name: name, Type: AttributeInt, Int: v}
}

// IntsAttribute is an attribute that holds a list of integers.
func IntsAttribute(name string, v ...int64) Attribute {
	return Attribute{Name: name, Type: AttributeInts, Ints: v}
}

// FloatAttribute is an attribute that holds a number.
func FloatAttribute(name string, v float32) Attribute {
	return Attribute{Name: name, Type: AttributeFloat, Float: v}
}
