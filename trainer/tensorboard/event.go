package tensorboard

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"math"
)

// Fields of the messages that are written, from tensorflow/core/util/event.proto and
// tensorflow/core/framework/summary.proto.
const (
	eventWallTime    = 1 // double, seconds since 1970
	eventStep        = 2 // int64
	eventFileVersion = 3 // string, in the first event of a file
	eventSummary     = 5 // Summary
	summaryValue     = 1 // repeated Value
	valueTag         = 1 // string
	valueSimple      = 2 // float
	valueImage       = 4 // Image
	imageHeight      = 1 // int32
	imageWidth       = 2 // int32
	imageColorspace  = 3 // int32, the number of channels
	imageEncoded     = 4 // bytes, a PNG
)

// rgba is the colour space of images with four channels.
const rgba = 4

// fileVersion is what the first event of every file says.
const fileVersion = "brain.Event:2"

// versionEvent is the first event of a file.
func versionEvent(wall float64) []byte {
	return appendBytes(appendDouble(nil, eventWallTime, wall), eventFileVersion, fileVersion)
}

// summaryEvent is the event of one step; values are encoded Values.
func summaryEvent(wall float64, step int, values [][]byte) []byte {
	var summary []byte
	for _, v := range values {
		summary = appendBytes(summary, summaryValue, v)
	}
	event := appendVarint(appendDouble(nil, eventWallTime, wall), eventStep, uint64(step))
	return appendBytes(event, eventSummary, summary)
}

func scalarValue(tag string, v float64) []byte {
	return appendFloat(appendBytes(nil, valueTag, tag), valueSimple, float32(v))
}

func imageValue(tag string, m image.Image) ([]byte, error) {
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, m); err != nil {
		return nil, fmt.Errorf("encoding the image %s: %w", tag, err)
	}
	size := m.Bounds().Size()
	body := appendVarint(nil, imageHeight, uint64(size.Y))
	body = appendVarint(body, imageWidth, uint64(size.X))
	body = appendVarint(body, imageColorspace, rgba)
	body = appendBytes(body, imageEncoded, encoded.Bytes())
	return appendBytes(appendBytes(nil, valueTag, tag), valueImage, body), nil
}

// startOf reads the time at which a file was begun from its first event.
func startOf(file []byte) (float64, bool) {
	event, _, err := readRecord(file)
	if err != nil || len(event) < 9 || event[0] != eventWallTime<<3|wireFixed64 {
		return 0, false
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(event[1:])), true
}
