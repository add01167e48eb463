package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

var header = []string{"what", "ours", "anchor", "ratio", "goal", "verdict"}

// render makes the cells of the table.
func render(rows []row, f figures) [][]string {
	out := [][]string{header}
	for _, r := range rows {
		out = append(out, r.cells(f))
	}
	return out
}

func (r row) cells(f figures) []string {
	ours, anchor, ratio, verdict := "-", "-", "-", r.pending
	theirs, known := f.median(r.anchor)
	if known {
		anchor = amount(theirs, r.unit)
	}
	if v, measured := f.median(r.ours); measured {
		ours = amount(v, r.unit)
		if known && theirs > 0 {
			ratio = fmt.Sprintf("%.2fx", v/theirs)
		}
		also, _ := f.median(r.also)
		if r.also != "" {
			ours += "; " + amount(also, r.alsoUnit)
		}
		verdict = r.verdict(v, theirs, known, also)
	} else if verdict == "" {
		verdict = "not measured"
	}
	return []string{r.what, ours, anchor, ratio, r.goal(), verdict}
}

// measured keeps the lines that hold a figure, and the head.
func measured(lines [][]string) [][]string {
	return slices.DeleteFunc(slices.Clone(lines), func(cells []string) bool { return cells[1] == "-" && cells[2] == "-" })
}

// verdict says whether every goal of the row is reached. A goal against an anchor that did not run stays open.
func (r row) verdict(v, theirs float64, known bool, also float64) string {
	reached := func(v, goal float64) bool { return goal == 0 || r.fewer && v <= goal || !r.fewer && v >= goal }
	switch {
	case r.ratio == 0 && r.bound == 0:
		return "for comparison"
	case !reached(v, r.bound), r.alsoBound > 0 && also > r.alsoBound, known && !reached(v, r.ratio*theirs):
		return "missed"
	case r.ratio > 0 && !known:
		return "no anchor"
	}
	return "reached"
}

// amount writes a figure with as many digits as it deserves.
func amount(v float64, unit string) string {
	var s string
	switch {
	case v >= 1000:
		s = thousands(int(math.Round(v)))
	case v >= 100:
		s = strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		s = strconv.FormatFloat(v, 'f', 1, 64)
	default:
		s = strconv.FormatFloat(v, 'f', 2, 64)
	}
	if strings.HasPrefix(unit, "/") {
		return s + unit
	}
	return s + " " + unit
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plain aligns the table for a terminal.
func plain(lines [][]string) string {
	const widest = 60
	widths := make([]int, len(header))
	for _, l := range lines {
		for i, c := range l {
			widths[i] = max(widths[i], min(utf8.RuneCountInString(c), widest))
		}
	}
	var b strings.Builder
	for _, l := range lines {
		for i, c := range l {
			if over := []rune(c); len(over) > widest {
				c = string(over[:widest-1]) + "…"
			}
			b.WriteString(c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func markdown(lines [][]string) string {
	var b strings.Builder
	for i, l := range lines {
		b.WriteString("| " + strings.Join(l, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(l)) + "|\n")
		}
	}
	return b.String()
}

const (
	tableBegins = "<!-- bench: written by make bench -->"
	tableEnds   = "<!-- bench ends -->"
)

// write replaces what stands between the markers of the page.
func write(path, head, table string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), tableBegins)
	_, after, closed := strings.Cut(rest, tableEnds)
	if !ok || !closed {
		return errors.New(path + ": the markers of the table are not there")
	}
	return os.WriteFile(path, []byte(before+tableBegins+"\n\n"+head+"\n\n"+table+"\n"+tableEnds+after), 0o644)
}
