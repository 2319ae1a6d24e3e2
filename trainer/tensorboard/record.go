package tensorboard

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

// A file of events is a row of TFRecords. Each is
//
//	uint64 length | uint32 masked CRC-32C of the length | data | uint32 masked CRC-32C of the data
//
// all little-endian. tensorflow/core/lib/io/record_writer.h.
const recordOverhead = 8 + 4 + 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is the checksum of a TFRecord: rotated and shifted, so that the checksum of data that holds checksums
// stays a good one.
func maskedCRC(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// appendRecord frames data as one TFRecord.
func appendRecord(out, data []byte) []byte {
	head := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	out = append(out, head...)
	out = binary.LittleEndian.AppendUint32(out, maskedCRC(head))
	out = append(out, data...)
	return binary.LittleEndian.AppendUint32(out, maskedCRC(data))
}

// errRecord is returned for bytes that do not begin with a whole, undamaged record.
var errRecord = errors.New("no whole TFRecord")

// readRecord returns the data of the record that b begins with, and what follows it.
func readRecord(b []byte) (data, rest []byte, err error) {
	if len(b) < recordOverhead || binary.LittleEndian.Uint32(b[8:]) != maskedCRC(b[:8]) {
		return nil, nil, errRecord
	}
	n := binary.LittleEndian.Uint64(b)
	if n > uint64(len(b)-recordOverhead) {
		return nil, nil, errRecord
	}
	data, rest = b[12:12+n], b[12+n:]
	if binary.LittleEndian.Uint32(rest) != maskedCRC(data) {
		return nil, nil, errRecord
	}
	return data, rest[4:], nil
}

// Wire types of protocol buffers. protobuf.dev/programming-guides/encoding.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func appendKey(b []byte, field, wire uint64) []byte {
	return binary.AppendUvarint(b, field<<3|wire)
}

func appendVarint(b []byte, field, v uint64) []byte {
	return binary.AppendUvarint(appendKey(b, field, wireVarint), v)
}

func appendDouble(b []byte, field uint64, v float64) []byte {
	return binary.LittleEndian.AppendUint64(appendKey(b, field, wireFixed64), math.Float64bits(v))
}

func appendFloat(b []byte, field uint64, v float32) []byte {
	return binary.LittleEndian.AppendUint32(appendKey(b, field, wireFixed32), math.Float32bits(v))
}

func appendBytes[T string | []byte](b []byte, field uint64, v T) []byte {
	b = binary.AppendUvarint(appendKey(b, field, wireBytes), uint64(len(v)))
	return append(b, v...)
}
