package judged

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

// AdviceFrom is the confidence from which advice is given: verdicts with less are wrong too often to act on.
const AdviceFrom = 0.7

// HowOften says in words how often verdicts of a confidence were right on real runs.
func HowOften(confidence float64) string {
	for _, s := range []struct {
		upTo  float64
		words string
	}{
		{0.05, "hardly any"}, {0.15, "about one in ten"}, {0.22, "about one in five"}, {0.29, "about a quarter"}, {0.36, "about a third"},
		{0.43, "about two in five"}, {0.56, "about half"}, {0.63, "about three in five"}, {0.695, "about two thirds"},
		{0.77, "about three quarters"}, {0.85, "about four in five"}, {0.925, "about nine in ten"}, {0.975, "about 19 in 20"},
	} {
		if confidence <= s.upTo {
			return s.words
		}
	}
	return "nearly all"
}

// ColumnName is what a column is called in a sentence, such as "training loss" for train_loss.
func ColumnName(column string) string {
	s, ok := signal.Lookup(column)
	if !ok {
		return column
	}
	if s.Numbered {
		return "Maximum Gain, " + s.Line
	}
	title, lines := "", 0
	for _, c := range signal.Charts() {
		if c.File == s.Chart {
			title = c.Title
		}
	}
	for _, other := range signal.All() {
		if other.Chart == s.Chart && !other.Numbered {
			lines++
		}
	}
	if title == "" {
		return s.Line
	}
	if second := strings.Fields(title); len(second) < 2 || !unicode.IsUpper([]rune(second[1])[0]) {
		first, size := utf8.DecodeRuneInString(title)
		title = string(unicode.ToLower(first)) + title[size:]
	}
	if lines > 1 {
		line, _, _ := strings.Cut(s.Line, ",")
		title = line + " " + title
	}
	if s.Averaged {
		title += ", averaged weights"
	}
	return title
}

// Sentence is a fact behind a verdict in plain words, such as "training loss still falls: 60 % in epochs 11–14".
func Sentence(e diagnostics.Evidence) string {
	subject := ColumnName(e.Signal)
	said := Label(e)
	switch strings.TrimSuffix(e.What, ":") {
	case "no response to the input", "measurements of a gain", "measurements of the training loss", "smoothed share at the end":
		subject = "" // the label is a sentence of its own
	}
	if e.Signal == "status" {
		subject = ""
	}
	if strings.HasSuffix(subject, "changes") {
		subject = "share of " + subject
	}
	if strings.HasPrefix(e.What, "measurements") { // the window says no more than the count
		return strings.TrimSpace(subject + " " + said)
	}
	return strings.TrimSpace(subject + " " + said + span(e))
}

// span is the window of epochs.
func span(e diagnostics.Evidence) string {
	if e.From == e.To {
		return fmt.Sprintf(" at epoch %d", e.To)
	}
	return fmt.Sprintf(" in epochs %d–%d", e.From, e.To)
}

// Label is Sentence without its subject and window, for a chart of the signal.
func Label(e diagnostics.Evidence) string {
	if text, ok := phrase(e); ok {
		return text
	}
	if what, ok := strings.CutPrefix(e.What, "relative "); ok {
		return fmt.Sprintf("%s: %s", what, percent(float64(e.Value)))
	}
	return fmt.Sprintf("%s: %s", strings.TrimRight(e.What, ":,"), amount(e, float64(e.Value)))
}

// phrase words a fact of one of the kinds that the rules state; not ok if it is of another kind.
func phrase(e diagnostics.Evidence) (text string, ok bool) {
	v, limit := float64(e.Value), float64(e.Threshold)
	above := v >= limit
	either := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	value := amount(e, v)
	switch strings.TrimSuffix(e.What, ":") {
	case "no finite number":
		return "is no finite number", true
	case "no response to the input":
		return "the network does not respond to its input: the gain is −∞ dB", true
	case "fall under its median":
		return "has collapsed: " + value + " under its median", true
	case "back at":
		return "is back at " + value, true
	case "level in the last third":
		return either(above, "is still ", "is down to ") + value, true
	case "range since":
		return "moves by " + percent(v) + " of its highest value only", true
	case "level at the end":
		return either(above, "is high: ", "is low: ") + value, true
	case "at the epoch to keep":
		return either(above, "was still high where the weights are kept: ", "was low where the weights are kept: ") + value, true
	case "relative fall in the last third", "relative fall in the last quarter", "relative fall", "relative fall meanwhile":
		return fall(v, above, e.What == "relative fall meanwhile"), true
	case "slope in the last third":
		return either(v < 0, "falls by ", "rises by ") + number(math.Abs(v)) + " " + e.Unit, true
	case "travel in the last third":
		return either(above, "still moves: by ", "hardly moves: by ") + value, true
	case "variability", "variability in the last third":
		return either(above, "is rough: ± ", "is smooth: ± ") + value + " from epoch to epoch", true
	case "variability, first half,":
		return either(above, "is rough: ± ", "is smooth: ± ") + value + " from epoch to epoch, first half", true
	case "variability, second half,":
		return either(above, "is rough: ± ", "is smooth: ± ") + value + " from epoch to epoch, second half", true
	case "variability before the onset":
		return "was smooth before: ± " + value + " from epoch to epoch", true
	case "variability after the onset":
		return "is rough since: ± " + value + " from epoch to epoch", true
	case "steps upward, of its range,":
		return either(above, "often steps upward: ", "seldom steps upward: ") + percent(v) + " of its range", true
	case "relative rise over its lowest", "relative rise over their lowest":
		return either(above, "has risen: ", "has hardly risen: ") + percent(v) + " above its lowest", true
	case "relative fall under its highest":
		return either(above, "has fallen: ", "has hardly fallen: ") + percent(v) + " under its highest", true
	case "fall under its highest":
		return either(above, "has fallen: ", "has hardly fallen: ") + value + " under its highest", true
	case "rise over its lowest":
		return "has risen: " + percent(v) + " above its lowest", true
	case "measurements of a gain":
		return fmt.Sprintf("a gain was measured at %s of the %s epochs needed", number(v), number(limit)), true
	case "measurements of the training loss":
		return fmt.Sprintf("the training loss was measured at %s of the %s epochs needed", number(v), number(limit)), true
	case "measurements":
		return fmt.Sprintf("was measured at %s of the %s epochs needed", number(v), number(limit)), true
	case "epochs since learning began":
		return fmt.Sprintf("has %s epochs of learning behind it, %s are needed", number(v), number(limit)), true
	case "end above its lowest, of its range,":
		return either(above, "stays above its lowest: ", "is back near its lowest: ") + percent(v) + " of its range", true
	case "lowest value":
		return "falls to " + value + ", which no loss does", true
	case "rank correlation with the training loss":
		return either(above, "goes with the training loss: ", "does not go with the training loss: ") + "rank correlation " + number(v), true
	case "smoothed share at the end":
		return either(above, "predictions still change: ", "predictions hardly change: ") + percent(v) + " of the training images an epoch", true
	case "never under the share of its highest of":
		return "has never fallen below " + percent(v) + " of its highest value", true
	case "way of the second half over the first's":
		return "went " + number(v) + " times as far in the second half as in the first", true
	}
	if e.Signal == "status" {
		return "the run ended: " + strings.ReplaceAll(strings.TrimSuffix(e.What, ":"), "-", " "), true
	}
	return "", false
}

// fall words a relative fall, which is a rise where it is negative.
func fall(v float64, falls, meanwhile bool) string {
	when := ""
	if meanwhile {
		when = " meanwhile"
	}
	switch {
	case v < 0:
		return "rises" + when + ": " + percent(-v)
	case falls:
		return "still falls" + when + ": " + percent(v)
	}
	return "hardly falls" + when + ": " + percent(v)
}

// amount is a value with its unit: that of the evidence, else per cent where people are shown the signal in per cent.
func amount(e diagnostics.Evidence, v float64) string {
	if e.Unit != "" {
		return number(v) + " " + e.Unit
	}
	if s, ok := signal.Lookup(e.Signal); ok && s.Percent {
		return percent(v)
	}
	return number(v)
}

func percent(v float64) string { return number(100*v) + " %" }

// number is a value in at most three significant digits, with a true minus sign.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "+∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	digits := strconv.FormatFloat(v, 'g', 3, 64)
	if a := math.Abs(v); a >= 100 && a < 1e6 {
		digits = strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.ReplaceAll(digits, "-", "−")
}
