package tensorboard

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

// unhex reads bytes written in hexadecimal.
func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// eventOf is a record of an event with step 7 and one Value, whose bytes are given in hexadecimal.
func eventOf(t *testing.T, value string) []byte {
	t.Helper()
	body := unhex(t, value)
	event := append([]byte{0x10, 7, 0x2a, byte(len(body) + 2), 0x0a, byte(len(body))}, body...)
	return appendRecord(nil, event)
}

func scalarsIn(t *testing.T, file []byte) ([]Scalar, error) {
	t.Helper()
	var out []Scalar
	err := ReadScalars(bytes.NewReader(file), func(s Scalar) error { out = append(out, s); return nil })
	return out, err
}

// The encodings of the number 0.5 under the tag "a", byte by byte as tensor.proto and summary.proto have them.
func TestReadScalarsEncodings(t *testing.T) {
	half, wide := "0000003f", "000000000000e03f"
	const scalars, histograms = "4a0b0a090a077363616c617273", "4a0e0a0c0a0a686973746f6772616d73"
	for name, test := range map[string]struct {
		value string
		found bool
	}{
		"simple value":                  {"0a0161" + "15" + half, true},
		"tensor content":                {"0a0161" + "4208" + "0801" + "2204" + half + scalars, true},
		"tensor content, before tag":    {"4208" + "0801" + "2204" + half + "0a0161", true},
		"float_val, packed":             {"0a0161" + "4208" + "0801" + "2a04" + half, true},
		"float_val, not packed":         {"0a0161" + "4207" + "0801" + "2d" + half, true},
		"double content":                {"0a0161" + "420c" + "0802" + "2208" + wide, true},
		"double_val, packed":            {"0a0161" + "420c" + "0802" + "3208" + wide, true},
		"double_val, not packed":        {"0a0161" + "420b" + "0802" + "31" + wide, true},
		"shape of one dimension of one": {"0a0161" + "420e" + "0801" + "1204" + "12020801" + "2204" + half, true},
		"shape of two":                  {"0a0161" + "420e" + "0801" + "1204" + "12020802" + "2204" + half, false},
		"content of two":                {"0a0161" + "420c" + "0801" + "2208" + half + half, false},
		"a tensor of another plugin":    {"0a0161" + "4208" + "0801" + "2204" + half + histograms, false},
		"integers":                      {"0a0161" + "4204" + "0803" + "3801", false},
		"no tag":                        {"15" + half, false},
		"a picture":                     {"0a0161" + "2202" + "0801", false},
		"cut short":                     {"0a0161" + "150000", false},
	} {
		got, err := scalarsIn(t, eventOf(t, test.value))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := []Scalar{{Step: 7, Tag: "a", Value: 0.5}}
		if !test.found {
			want = nil
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: read %v, want %v", name, got, want)
		}
	}
}

// What the writer writes is read back in its order; events too long to hold numbers are passed over.
func TestReadScalarsReadsWhatIsWritten(t *testing.T) {
	file := appendRecord(nil, versionEvent(1))
	file = appendRecord(file, summaryEvent(2, 1, [][]byte{scalarValue("loss", 2.5), scalarValue("gain_db", float64(float32(math.Inf(-1))))}))
	file = appendRecord(file, make([]byte, maxEvent+1))
	file = appendRecord(file, summaryEvent(3, 300, [][]byte{scalarValue("loss", 0.25)}))
	got, err := scalarsIn(t, file)
	want := []Scalar{{1, "loss", 2.5}, {1, "gain_db", math.Inf(-1)}, {300, "loss", 0.25}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v, want %v", got, err, want)
	}
}

// An event of many numbers is read, however long its row of them.
func TestReadScalarsOfALongEvent(t *testing.T) {
	var values [][]byte
	for i := range 10_000 {
		values = append(values, scalarValue(fmt.Sprintf("weights/layer%05d", i), float64(i)))
	}
	event := summaryEvent(2, 1, values)
	if len(event) < 200_000 || len(event) > maxEvent {
		t.Fatalf("the event has %d bytes", len(event))
	}
	got, err := scalarsIn(t, appendRecord(nil, event))
	if err != nil || len(got) != len(values) || got[9999] != (Scalar{1, "weights/layer09999", 9999}) {
		t.Errorf("%d numbers read, %v", len(got), err)
	}
}

func TestReadScalarsDamage(t *testing.T) {
	first := appendRecord(nil, versionEvent(1))
	file := appendRecord(slices.Clone(first), summaryEvent(2, 1, [][]byte{scalarValue("loss", 2.5)}))
	file = appendRecord(file, summaryEvent(2, 2, [][]byte{scalarValue("loss", 1.5)}))
	second := (len(file) - len(first)) / 2
	for cut := len(first) + second + 1; cut < len(file); cut++ {
		got, err := scalarsIn(t, file[:cut])
		var damage *DamageError
		if !errors.As(err, &damage) || !damage.Cut || damage.Offset != int64(len(first)+second) || len(got) != 1 {
			t.Fatalf("cut at %d: read %v, %v", cut, got, err)
		}
	}
	for at := len(first); at < len(first)+second; at++ {
		spoilt := slices.Clone(file)
		spoilt[at] ^= 0x40
		got, err := scalarsIn(t, spoilt)
		var damage *DamageError
		if !errors.As(err, &damage) || damage.Cut || damage.Offset != int64(len(first)) || len(got) != 0 {
			t.Fatalf("byte %d spoilt: read %v, %v", at, got, err)
		}
	}
	huge := binary.LittleEndian.AppendUint64(nil, 1<<62)
	huge = binary.LittleEndian.AppendUint32(huge, maskedCRC(huge))
	if _, err := scalarsIn(t, append(huge, 1, 2, 3)); err == nil {
		t.Error("a record of 4 EiB accepted")
	}
	stop := errors.New("stop")
	if err := ReadScalars(bytes.NewReader(file), func(Scalar) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of the function: %v", err)
	}
}

func TestIsEvents(t *testing.T) {
	file := appendRecord(nil, versionEvent(1))
	if !IsEvents(file[:12]) || IsEvents(file[:11]) || IsEvents([]byte("epoch,loss\n1,2\n")) {
		t.Error("a file of events is told by its first twelve bytes, and nothing else is")
	}
}

// Neither a damaged file nor a malformed message in an undamaged one does any harm, and nothing read has an empty tag.
func FuzzReadScalars(f *testing.F) {
	f.Add(summaryEvent(2, 1, [][]byte{scalarValue("loss", 2.5)}))
	f.Add([]byte("\x10\x07\x2a\x0d\x0a\x0b\x0a\x01a\x42\x08\x08\x01\x22\x04\x00\x00\x00\x3f"))
	f.Add(appendRecord(nil, versionEvent(1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range [][]byte{data, appendRecord(nil, data)} {
			err := ReadScalars(bytes.NewReader(file), func(s Scalar) error {
				if s.Tag == "" {
					t.Error("a number without a tag")
				}
				return nil
			})
			var damage *DamageError
			if err != nil && !errors.As(err, &damage) {
				t.Errorf("error %v", err)
			}
		}
	})
}
