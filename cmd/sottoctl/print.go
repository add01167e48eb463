package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printer is an object that knows how a person reads it. What cannot print itself is shown only with --json.
type printer interface {
	print(p *page)
}

// page is human output: plain lines and aligned columns.
type page struct {
	out io.Writer
}

// line writes one line.
func (p *page) line(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

// table writes rows in columns, two spaces apart, under a heading. The last column is not padded and may have several
// lines.
func (p *page) table(heading []string, rows [][]string) {
	last := len(heading) - 1
	widths := make([]int, len(heading))
	all := append([][]string{heading}, rows...)
	for _, row := range all {
		for i, cell := range row[:last] {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range all {
		first, more, _ := strings.Cut(row[last], "\n")
		p.row(widths, row[:last], first)
		blank := make([]string, last)
		for line := range strings.Lines(more) {
			p.row(widths, blank, strings.TrimRight(line, "\n"))
		}
	}
}

func (p *page) row(widths []int, cells []string, last string) {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
	}
	b.WriteString(last)
	fmt.Fprintln(p.out, strings.TrimRight(b.String(), " "))
}

// pairs writes names and values, the values aligned. Pairs with an empty value are left out.
func (p *page) pairs(pairs ...[2]string) {
	width := 0
	for _, pair := range pairs {
		width = max(width, utf8.RuneCountInString(pair[0]))
	}
	for _, pair := range pairs {
		if pair[1] != "" {
			fmt.Fprintf(p.out, "%s%s  %s\n", pair[0], strings.Repeat(" ", width-utf8.RuneCountInString(pair[0])), pair[1])
		}
	}
}

// text writes lines, each indented.
func (p *page) text(indent, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(p.out, "%s%s\n", indent, strings.TrimRight(line, "\n"))
	}
}

// plain makes text that somebody else chose harmless to a terminal: control and direction characters become U+FFFD, so
// that nothing moves the cursor, colours a line or turns it around.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return utf8.RuneError
		}
		return r
	}, text)
}

// plainLines is plain for a text of several lines.
func plainLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	for i, line := range lines {
		lines[i] = plain(strings.TrimRight(line, "\r"))
	}
	return strings.Join(lines, "\n")
}

// short is enough of an id to type.
func short(id string) string {
	const digits = 16
	if len(id) > digits {
		return id[:digits]
	}
	return id
}
