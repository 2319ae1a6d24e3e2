// Package report draws what runs were: one self-contained HTML page with the verdict, the curves and the spectra of a
// run, or the comparison of several, and the same charts as SVG and PNG files. The live page shows the same sections.
package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/maxgain/maxgain/diagnostics/judged"
)

//go:embed page.html
var pageText string

// Style is the style sheet of a page.
//
//go:embed style.css
var Style string

// Script shows values under the pointer and by keyboard, moves the slider of the spectra and copies tables. Without it
// a page shows all the same.
//
//go:embed page.js
var Script string

var page = template.Must(template.New("page").Parse(pageText))

// ErrNoRuns is returned when there is nothing to report.
var ErrNoRuns = errors.New("report: no runs")

// Section is a part of a page that can be replaced by itself.
type Section struct {
	ID   string // unique in its page
	HTML template.HTML
}

// view is what the template of the page shows.
type view struct {
	Title    string
	Style    template.CSS
	Script   template.JS
	Sections []Section
}

// Write writes the page: of one run all there is, of several their comparison. The page needs nothing but itself: no
// network, no fonts, and a script only for values on demand.
func Write(w io.Writer, list ...judged.Run) error {
	sections, err := Sections(list)
	if err != nil {
		return err
	}
	v := view{Title: Title(list), Style: template.CSS(Style), Script: template.JS(Script), Sections: sections}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("report: writing the page: %w", err)
	}
	return nil
}

// Title names what a page is about.
func Title(list []judged.Run) string {
	if len(list) == 1 {
		return list[0].Name
	}
	return fmt.Sprintf("%d runs compared", len(list))
}

// Sections are the parts of the page of one run, or of the comparison of several.
func Sections(list []judged.Run) ([]Section, error) {
	b := &builder{}
	switch len(list) {
	case 0:
		return nil, ErrNoRuns
	case 1:
		b.run(&list[0])
	default:
		b.comparison(list)
	}
	return b.sections, b.err
}

// LiveSections are the sections that are shown while runs go on: those of Sections without the table of all epochs, the
// settings and all spectra but the last, so that a new epoch is drawn and sent quickly.
func LiveSections(list []judged.Run) ([]Section, error) {
	b := &builder{live: true}
	switch len(list) {
	case 0:
		return nil, ErrNoRuns
	case 1:
		b.run(&list[0])
	default:
		b.comparison(list)
	}
	return b.sections, b.err
}

// builder collects sections; after an error it adds none.
type builder struct {
	live     bool
	sections []Section
	err      error
}

// add renders a template as the next section.
func (b *builder) add(id, name string, data any) {
	if b.err != nil {
		return
	}
	var text bytes.Buffer
	if err := page.ExecuteTemplate(&text, name, data); err != nil {
		b.err = fmt.Errorf("report: section %s: %w", id, err)
		return
	}
	b.sections = append(b.sections, Section{id, template.HTML(text.String())})
}
