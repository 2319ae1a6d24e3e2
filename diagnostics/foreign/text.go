package foreign

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Marks at the beginning of a text that say how it is encoded.
const (
	markUTF8    = "\xef\xbb\xbf"
	markUTF16LE = "\xff\xfe"
	markUTF16BE = "\xfe\xff"
)

// sniffed is how many bytes of a file are looked at to tell text from something else.
const sniffed = 4096

// decode is a text in UTF-8 without a byte order mark, its lines ended by "\n", whether they ended so or by "\r\n" or "\r".
func decode(text []byte) (string, error) {
	begin := text[:min(len(text), sniffed)]
	zeros := bytes.Count(begin, []byte{0})
	switch {
	case bytes.HasPrefix(text, []byte(markUTF16LE)), bytes.HasPrefix(text, []byte(markUTF16BE)), len(begin) >= 4 && zeros >= len(begin)/3 && zeros <= len(begin)*2/3:
		return "", errors.New("the text is encoded in UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)")
	case zeros > 0:
		return "", errors.New("this is neither text (CSV, JSON) nor TensorBoard's file of events")
	}
	out := strings.TrimPrefix(string(text), markUTF8)
	if strings.Contains(out, "\r") {
		out = strings.ReplaceAll(strings.ReplaceAll(out, "\r\n", "\n"), "\r", "\n")
	}
	return out, nil
}

// maxShown bounds how much of a file's text a message repeats, in characters.
const maxShown = 40

// shown is a file's text as a message may repeat it: in quotes, without control characters, and not long.
func shown(text string) string {
	if len(text) > 4*maxShown {
		text = text[:4*maxShown]
		for len(text) > 0 && !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	if runes := []rune(text); len(runes) > maxShown {
		return strconv.Quote(string(runes[:maxShown])) + "…"
	}
	return strconv.Quote(text)
}

// maxNames bounds how many names a message lists.
const maxNames = 20

// listed are names as a message may list them.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var out []string
	for _, name := range names[:min(len(names), maxNames)] {
		if plain := shown(name); plain != `"`+name+`"` || strings.ContainsAny(name, ", ") || name == "" {
			out = append(out, plain)
		} else {
			out = append(out, name)
		}
	}
	if more := len(names) - maxNames; more > 0 {
		out = append(out, "and "+strconv.Itoa(more)+" more")
	}
	return strings.Join(out, ", ")
}

// parseNumber reads a number as loggers write it. known is false for an empty field and for words that stand for one.
func parseNumber(field string, decimalComma bool) (v float64, known, ok bool) {
	field = strings.TrimSpace(field)
	switch strings.ToLower(field) {
	case "", "null", "none", "na", "n/a", "<na>", "-":
		return 0, false, true
	}
	if decimalComma && strings.Count(field, ",") == 1 && !strings.Contains(field, ".") {
		field = strings.Replace(field, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(field, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // what is too large for float64 is infinite
		return 0, true, false
	}
	return v, true, true
}
