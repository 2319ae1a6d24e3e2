package tensorboard

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// EndingName is the file, beside the events, of what is known when a run has ended. It comes after FileName in the order of
// names, in which TensorBoard goes through the files of a run.
const EndingName = FileName + ".verdict"

// Setting is a hyperparameter of a run.
type Setting struct{ Name, Value string }

// Ending is what is known when a run has ended.
type Ending struct {
	Settings []Setting // for the tab of hyperparameters; numbers and truth values are shown as such
	Text     string    // Markdown, for the tab of texts: the verdict and why
	Failed   bool      // the run is shown as one that failed
}

// Chart puts columns into one picture of the tab of custom scalars.
type Chart struct {
	Title   string
	Columns []string // regular expressions of their whole names
}

// Names under which plugins of TensorBoard find their data.
const (
	textTag         = "verdict"
	layoutTag       = "custom_scalars__config__"
	sessionStartTag = "_hparams_/session_start_info"
	sessionEndTag   = "_hparams_/session_end_info"
)

// Fields of the messages of plugins, from tensorflow/core/framework/summary.proto and tensor.proto, and from
// tensorboard/plugins/custom_scalar/layout.proto and hparams/plugin_data.proto.
const (
	metadataClass = 4 // DataClass
	classTensor   = 2
	pluginContent = 2 // bytes
	tensorStrings = 8 // repeated bytes
	typeString    = 7 // DataType

	layoutCategory  = 2 // repeated Category
	categoryTitle   = 1 // string
	categoryChart   = 2 // repeated Chart
	chartTitle      = 1 // string
	chartMultiline  = 2 // MultilineChartContent
	multilineTag    = 1 // repeated string, regular expressions
	hparamsStart    = 3 // SessionStartInfo
	hparamsEnd      = 4 // SessionEndInfo
	startHparams    = 1 // map<string, google.protobuf.Value>
	startSeconds    = 5 // double
	endStatus       = 1 // Status
	endSeconds      = 2 // double
	mapKey          = 1
	mapValue        = 2
	valueNumber     = 2 // double, of google.protobuf.Value
	valueString     = 3 // string
	valueBool       = 4 // bool
	statusSucceeded = 1
	statusFailed    = 2
)

// End writes what is known when the run has ended, at the epoch and time of the last record.
func (w *Writer) End(e Ending) error {
	start := appendBytes(nil, hparamsStart, sessionStart(e.Settings, w.start))
	status := uint64(statusSucceeded)
	if e.Failed {
		status = statusFailed
	}
	end := appendBytes(nil, hparamsEnd, appendDouble(appendVarint(nil, endStatus, status), endSeconds, w.wall))
	none := appendBytes(appendVarint(nil, tensorType, typeFloat), tensorShape, appendBytes(nil, shapeDimension, appendVarint(nil, dimensionSize, 1)))
	none = appendBytes(none, tensorFloat, []byte{0, 0, 0, 0})
	values := [][]byte{
		pluginValue(textTag, "text", nil, textTensor(e.Text)),
		pluginValue(sessionStartTag, "hparams", start, none),
		pluginValue(sessionEndTag, "hparams", end, none),
	}
	file := appendRecord(appendRecord(nil, versionEvent(w.start)), summaryEvent(w.wall, w.last, values))
	if err := atomicfile.WriteBytesIn(w.dir, EndingName, file); err != nil {
		return fmt.Errorf("tensorboard: %w", err)
	}
	return nil
}

// forget removes what was written when the run ended before: TensorBoard would look at nothing else any more.
func (w *Writer) forget() error {
	if err := w.dir.Remove(EndingName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// pluginValue is a value for a plugin: a tensor, and content in its metadata.
func pluginValue(tag, plugin string, content, tensor []byte) []byte {
	data := appendBytes(appendBytes(nil, pluginName, plugin), pluginContent, content)
	metadata := appendVarint(appendBytes(nil, metadataPlugin, data), metadataClass, classTensor)
	value := appendBytes(appendBytes(nil, valueTag, tag), valueTensor, tensor)
	return appendBytes(value, valueMetadata, metadata)
}

// textTensor is a tensor of one text.
func textTensor[T string | []byte](text T) []byte {
	return appendBytes(appendBytes(appendVarint(nil, tensorType, typeString), tensorShape, ""), tensorStrings, text)
}

// sessionStart is the encoded SessionStartInfo of some settings.
func sessionStart(settings []Setting, seconds float64) []byte {
	var info []byte
	for _, s := range settings {
		entry := appendBytes(appendBytes(nil, mapKey, s.Name), mapValue, settingValue(s.Value))
		info = appendBytes(info, startHparams, entry)
	}
	return appendDouble(info, startSeconds, seconds)
}

// settingValue is an encoded google.protobuf.Value.
func settingValue(text string) []byte {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return appendDouble(nil, valueNumber, v)
	}
	switch text {
	case "true":
		return appendVarint(nil, valueBool, 1)
	case "false":
		return appendVarint(nil, valueBool, 0)
	}
	return appendBytes(nil, valueString, text)
}

// layoutEvent tells TensorBoard which columns to draw in one picture.
func layoutEvent(wall float64, list []Chart) []byte {
	category := appendBytes(nil, categoryTitle, "maxgain")
	for _, c := range list {
		var lines []byte
		for _, column := range c.Columns {
			lines = appendBytes(lines, multilineTag, "^"+column+"$")
		}
		chart := appendBytes(appendBytes(nil, chartTitle, c.Title), chartMultiline, lines)
		category = appendBytes(category, categoryChart, chart)
	}
	layout := appendBytes(nil, layoutCategory, category)
	return summaryEvent(wall, 0, [][]byte{pluginValue(layoutTag, "custom_scalars", nil, textTensor(layout))})
}
