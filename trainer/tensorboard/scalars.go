package tensorboard

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Scalar is one number of an event file.
type Scalar struct {
	Step  int64
	Tag   string
	Value float64
}

// Fields of the values of plugins, from tensorflow/core/framework/summary.proto and tensor.proto.
const (
	valueTensor    = 8 // TensorProto, which TensorFlow 2 writes in place of valueSimple
	valueMetadata  = 9 // SummaryMetadata
	metadataPlugin = 1 // PluginData
	pluginName     = 1 // string
	tensorType     = 1 // DataType
	tensorShape    = 2 // TensorShapeProto
	tensorContent  = 4 // bytes, little-endian
	tensorFloat    = 5 // repeated float
	tensorDouble   = 6 // repeated double
	shapeDimension = 2 // Dim
	dimensionSize  = 1 // int64
	typeFloat      = 1 // DataType
	typeDouble     = 2 // DataType
	scalarsPlugin  = "scalars"
)

// maxEvent is the longest event that is looked into; longer ones hold pictures, not numbers, and are passed over.
const maxEvent = 1 << 20

// DamageError says from which byte on a file of events cannot be read.
type DamageError struct {
	Offset int64
	Cut    bool // the file ends within a record, as it does while it is being written
}

// Error implements error.
func (e *DamageError) Error() string {
	if e.Cut {
		return fmt.Sprintf("the file of events ends within a record at byte %d", e.Offset)
	}
	return fmt.Sprintf("the file of events is damaged at byte %d: a checksum or length is wrong", e.Offset)
}

// ReadScalars reads a file of events (TFRecords) and calls each with its numbers in their order, those of tf.summary.scalar in
// both encodings, simple_value and tensor; pictures, texts and histograms are passed over. The error of each ends the
// reading. A record that is cut short or whose checksum is wrong is a *DamageError; what stands before it has been given.
func ReadScalars(r io.Reader, each func(Scalar) error) error {
	in := bufio.NewReader(r)
	var buffer []byte
	for offset := int64(0); ; {
		var head [12]byte
		if _, err := io.ReadFull(in, head[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return cutShort(err, offset)
		}
		if binary.LittleEndian.Uint32(head[8:]) != maskedCRC(head[:8]) {
			return &DamageError{Offset: offset}
		}
		n := binary.LittleEndian.Uint64(head[:])
		if n > math.MaxInt32 { // no writer makes events of 2 GiB
			return &DamageError{Offset: offset}
		}
		if n > maxEvent {
			if _, err := io.CopyN(io.Discard, in, int64(n)+4); err != nil {
				return cutShort(err, offset)
			}
		} else {
			if need := int(n) + 4; cap(buffer) < need {
				buffer = make([]byte, need)
			}
			record := buffer[:n+4]
			if _, err := io.ReadFull(in, record); err != nil {
				return cutShort(err, offset)
			}
			data := record[:n]
			if binary.LittleEndian.Uint32(record[n:]) != maskedCRC(data) {
				return &DamageError{Offset: offset}
			}
			if err := scalarsOf(data, each); err != nil {
				return err
			}
		}
		offset += int64(n) + recordOverhead
	}
}

// cutShort is the error of a file that ends within a record, or that of reading it.
func cutShort(err error, offset int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &DamageError{Offset: offset, Cut: true}
	}
	return fmt.Errorf("reading events: %w", err)
}

// IsEvents tells whether a file that begins with these bytes is one of events: whether the length of its first record has
// the right checksum. Twelve bytes are enough.
func IsEvents(begin []byte) bool {
	return len(begin) >= 12 && binary.LittleEndian.Uint32(begin[8:]) == maskedCRC(begin[:8])
}

// fields calls each with the fields of a message: numbers as varints or little-endian bits, bytes as they are. It
// returns false for a malformed message.
func fields(message []byte, each func(number protowire.Number, v uint64, body []byte)) bool {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return false
		}
		message = message[n:]
		var v uint64
		var body []byte
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var short uint32
			short, n = protowire.ConsumeFixed32(message)
			v = uint64(short)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(message)
		case protowire.BytesType:
			body, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return false
		}
		message = message[n:]
		each(number, v, body)
	}
	return true
}

// scalarsOf calls each with the numbers of one event. What is no well-formed message is passed over.
func scalarsOf(event []byte, each func(Scalar) error) error {
	step, summary := int64(0), []byte(nil)
	fields(event, func(number protowire.Number, v uint64, body []byte) {
		switch number {
		case eventStep:
			step = int64(v)
		case eventSummary:
			summary = body
		}
	})
	var fault error
	fields(summary, func(number protowire.Number, _ uint64, body []byte) {
		if number != summaryValue || fault != nil {
			return
		}
		if tag, v, ok := scalarOf(body); ok {
			fault = each(Scalar{Step: step, Tag: tag, Value: v})
		}
	})
	return fault
}

// scalarOf is the number that a Value of a summary holds, if it holds one.
func scalarOf(value []byte) (tag string, v float64, ok bool) {
	plugin := scalarsPlugin
	whole := fields(value, func(number protowire.Number, bits uint64, body []byte) {
		switch number {
		case valueTag:
			tag = string(body)
		case valueSimple:
			v, ok = float64(math.Float32frombits(uint32(bits))), true
		case valueTensor:
			v, ok = scalarTensor(body)
		case valueMetadata:
			fields(body, func(number protowire.Number, _ uint64, data []byte) {
				if number == metadataPlugin {
					fields(data, func(number protowire.Number, _ uint64, name []byte) {
						if number == pluginName {
							plugin = string(name)
						}
					})
				}
			})
		}
	})
	return tag, v, whole && ok && tag != "" && plugin == scalarsPlugin
}

// scalarTensor is the one number of a TensorProto of type float or double.
func scalarTensor(tensor []byte) (v float64, ok bool) {
	kind, count := uint64(0), 1.0
	var content, floats, doubles []byte
	whole := fields(tensor, func(number protowire.Number, bits uint64, body []byte) {
		switch number {
		case tensorType:
			kind = bits
		case tensorShape:
			fields(body, func(number protowire.Number, _ uint64, dimension []byte) {
				if number == shapeDimension {
					fields(dimension, func(number protowire.Number, size uint64, _ []byte) {
						if number == dimensionSize {
							count *= float64(size)
						}
					})
				}
			})
		case tensorContent:
			content = body
		case tensorFloat:
			floats = body
			if body == nil { // not packed
				floats = binary.LittleEndian.AppendUint32(nil, uint32(bits))
			}
		case tensorDouble:
			doubles = body
			if body == nil {
				doubles = binary.LittleEndian.AppendUint64(nil, bits)
			}
		}
	})
	if !whole || count != 1 {
		return 0, false
	}
	switch kind {
	case typeFloat:
		if content == nil {
			content = floats
		}
		if len(content) == 4 {
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(content))), true
		}
	case typeDouble:
		if content == nil {
			content = doubles
		}
		if len(content) == 8 {
			return math.Float64frombits(binary.LittleEndian.Uint64(content)), true
		}
	}
	return 0, false
}
