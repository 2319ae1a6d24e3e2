// Package wire reads and writes the protocol-buffer encoding of ONNX models, without generated code. It knows the
// messages' fields and nothing of what the operators mean.
//
// Field numbers are those of onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
package wire

// Model is a ModelProto.
type Model struct {
	IRVersion int64
	Producer  string
	Opsets    map[string]int64 // version of each domain; "" is ONNX's own
	Graph     Graph
	Metadata  []Entry
	Functions int // model-local functions, which are counted but not read
}

// Entry is a StringStringEntryProto.
type Entry struct{ Key, Value string }

// Graph is a GraphProto.
type Graph struct {
	Name               string
	Nodes              []*Node
	Initializers       []*Tensor
	SparseInitializers int // counted but not read
	Inputs, Outputs    []ValueInfo
}

// Node is a NodeProto.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string // an empty name is an optional input or output that is left out
	Attributes       []Attribute
}

// Attribute is an AttributeProto. Graphs are not read.
type Attribute struct {
	Name    string
	Type    AttributeType
	Float   float32
	Int     int64
	String  []byte
	Tensor  *Tensor
	Floats  []float32
	Ints    []int64
	Strings [][]byte
}

// AttributeType says which of an attribute's fields holds its value.
type AttributeType int64

// The types that are read.
const (
	AttributeFloat   AttributeType = 1
	AttributeInt     AttributeType = 2
	AttributeString  AttributeType = 3
	AttributeTensor  AttributeType = 4
	AttributeGraph   AttributeType = 5
	AttributeFloats  AttributeType = 6
	AttributeInts    AttributeType = 7
	AttributeStrings AttributeType = 8
)

// ValueInfo is a ValueInfoProto of a tensor.
type ValueInfo struct {
	Name   string
	Type   DataType
	Ranked bool // the number of dimensions is known
	Dims   []Dim
}

// Dim is one dimension: a number, or a name if the number is not known (both zero: nothing is known).
type Dim struct {
	Value int64
	Name  string
}

// Tensor is a TensorProto. Its values stay encoded until they are asked for.
type Tensor struct {
	Name     string
	Dims     []int64
	Type     DataType
	External bool    // the values are in another file
	Location []Entry // of external values

	raw    []byte
	hasRaw bool
	body   []byte // the whole message, for typed values
}

// DataType is the type of a tensor's elements.
type DataType int32

// The types that are read.
const (
	Undefined DataType = 0
	Float     DataType = 1
	Uint8     DataType = 2
	Int8      DataType = 3
	Uint16    DataType = 4
	Int16     DataType = 5
	Int32     DataType = 6
	Int64     DataType = 7
	String    DataType = 8
	Bool      DataType = 9
	Float16   DataType = 10
	Double    DataType = 11
	Uint32    DataType = 12
	Uint64    DataType = 13
	BFloat16  DataType = 16
)
