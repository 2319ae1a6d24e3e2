package foreign

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// history is the field in which Hugging Face's trainer_state.json has its rows.
const history = "log_history"

// maxNesting bounds how deep objects within a row are looked into: {"train": {"loss": 1}} is the column train/loss.
const maxNesting = 8

// parseJSON reads rows of numbers: an object a line (JSON lines), a list of objects, an object with such a list called
// log_history, or an object of lists, a column each, as Keras' History.history is.
func parseJSON(name, text string, o Options) (*table, error) {
	text = quoteNonFinite(text)
	p := &jsonRows{table: newTable(name), o: o}
	decoder := json.NewDecoder(strings.NewReader(text))
	for {
		at := decoder.InputOffset()
		var value any
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return p.table, nil
		}
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) && p.row > 0 {
				p.notes = append(p.notes, "the last line is not whole and is passed over")
				return p.table, nil
			}
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				at = syntax.Offset
			}
			line := 1 + strings.Count(text[:min(int(at), len(text))], "\n")
			return nil, &Fault{name, line, 1, "this is no JSON: " + strings.TrimPrefix(err.Error(), "json: ")}
		}
		if err := p.value(value); err != nil {
			return nil, err
		}
	}
}

// jsonRows fills a table from values of JSON.
type jsonRows struct {
	*table
	o   Options
	row int
}

// value takes a value of the top level.
func (p *jsonRows) value(value any) error {
	switch v := value.(type) {
	case []any:
		return p.list(v)
	case map[string]any:
		if list, ok := v[history].([]any); ok {
			return p.list(list)
		}
		if p.row == 0 {
			if done, err := p.lists(v); done || err != nil {
				return err
			}
		}
		return p.object(v)
	}
	return &Fault{File: p.file, Detail: "want objects of names and numbers, or lists of these"}
}

// list takes a list of rows.
func (p *jsonRows) list(list []any) error {
	for i, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return &Fault{File: p.file, Detail: fmt.Sprintf("entry %d of the list is no object of names and numbers", i+1)}
		}
		if err := p.object(object); err != nil {
			return err
		}
	}
	return nil
}

// lists takes an object of lists as columns; done is false if it holds no list.
func (p *jsonRows) lists(object map[string]any) (done bool, err error) {
	for _, name := range sortedKeys(object) {
		list, ok := object[name].([]any)
		if !ok {
			continue
		}
		done = true
		c, err := p.add(name, p.o)
		if err != nil {
			return true, err
		}
		if c == nil {
			continue
		}
		for row, item := range list {
			if err := p.cell(c, row, item); err != nil {
				return true, err
			}
		}
		p.row = max(p.row, len(list))
	}
	return done, nil
}

// object takes a row.
func (p *jsonRows) object(object map[string]any) error {
	err := p.fields("", object, 0)
	p.row++
	return err
}

// fields takes the fields of a row, those of inner objects under the names of both.
func (p *jsonRows) fields(prefix string, object map[string]any, depth int) error {
	for _, key := range sortedKeys(object) {
		name := prefix + key
		if inner, ok := object[key].(map[string]any); ok {
			if depth < maxNesting {
				if err := p.fields(name+"/", inner, depth+1); err != nil {
					return err
				}
			}
			continue
		}
		c, seen := p.byName[name]
		if !seen {
			var err error
			if c, err = p.add(name, p.o); err != nil {
				return err
			}
		}
		if c == nil {
			continue
		}
		if err := p.cell(c, p.row, object[key]); err != nil {
			return err
		}
	}
	return nil
}

// cell gives a column its value in a row.
func (p *jsonRows) cell(c *column, row int, value any) error {
	switch v := value.(type) {
	case float64:
		return p.setText(c, row, fmt.Sprint(v), false, 0, 0)
	case string:
		return p.setText(c, row, v, false, 0, 0)
	}
	return nil
}

// sortedKeys are an object's names in a fixed order.
func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// quoteNonFinite puts quotes about NaN, Infinity and -Infinity, which Python writes although JSON has no such numbers.
func quoteNonFinite(text string) string {
	if !strings.Contains(text, "NaN") && !strings.Contains(text, "Infinity") {
		return text
	}
	var out strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quoted && b == '\\' && i+1 < len(text):
			out.WriteByte(b)
			i++
		case b == '"':
			quoted = !quoted
		case !quoted:
			if word := nonFinite(text[i:]); word != "" {
				out.WriteString(`"` + word + `"`)
				i += len(word) - 1
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// nonFinite is the word for a number that is not finite with which a text begins, or "".
func nonFinite(text string) string {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if strings.HasPrefix(text, word) {
			return word
		}
	}
	return ""
}
