package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

// FuzzLines reads whatever a program writes into rpc: lines come whole or not at all, and reading ends.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\n\n  \r\ntwo"))
	f.Add(append(bytes.Repeat([]byte{'x'}, 100), '\n'))
	f.Add([]byte("\n"))
	f.Add([]byte{0, '\n', 0xff})
	f.Fuzz(func(t *testing.T, in []byte) {
		alloc.Check(t, len(in), func() {
			r := lineReader{in: bufio.NewReaderSize(bytes.NewReader(in), 16), limit: 40}
			for _, err := r.next(); !errors.Is(err, io.EOF); _, err = r.next() {
			}
		})
		const limit = 40
		r := lineReader{in: bufio.NewReaderSize(bytes.NewReader(in), 16), limit: limit}
		for n := 0; ; n++ {
			line, err := r.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil && !errors.Is(err, errLineTooLong):
				t.Fatal(err)
			case len(line) > limit || bytes.ContainsRune(line, '\n'):
				t.Fatalf("line %q", line)
			case err == nil && !bytes.Contains(in, line):
				t.Fatalf("line %q is not in the input", line)
			case n > bytes.Count(in, []byte("\n")):
				t.Fatal("more lines than there are")
			}
		}
	})
}

// FuzzParseWords reads spans and times.
func FuzzParseWords(f *testing.F) {
	for _, s := range []string{"7d", "1h30m", "90", "", "off", "0s", "999999999999w", "-1s", "1e9h", "10MiB", "5 mb", "9223372036854775807GiB", `"2026-11-22T09:30:00.000Z"`, "null", `"0000-00-00T00:00:00Z"`} {
		f.Add(s)
	}
	f.Add(`"` + strings.Repeat("\xe8\x94", 2000) + `"`)
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := parseSize(s, chat.MaxFile); n < 0 || n > chat.MaxFile || !ok && n != 0 {
			t.Errorf("%q is %d bytes", s, n)
		}
		alloc.Check(t, len(s), func() {
			_ = new(span).UnmarshalText([]byte(s))
			_, _ = parseSize(s, chat.MaxFile)
			_ = new(moment).UnmarshalText([]byte(s))
			_ = new(stamp).UnmarshalJSON([]byte(s))
		})
		var d span
		switch err := d.UnmarshalText([]byte(s)); {
		case err != nil && !errors.Is(err, chat.ErrMalformed):
			t.Errorf("error without its sentinel: %v", err)
		case err == nil && (d < 0 || time.Duration(d) > longestSpan):
			t.Errorf("%q is %v", s, d)
		case err == nil:
			if again, err := parseSpan(d.String()); err != nil || span(again) != d {
				t.Errorf("%q is written as %q, which is read as %v, %v", s, d, again, err)
			}
		}
		switch d, err := parseLasting(s, "off"); {
		case err != nil && !errors.Is(err, chat.ErrMalformed):
			t.Errorf("error without its sentinel: %v", err)
		case err == nil && d == 0 && s != "off":
			t.Errorf("%q lasts no time", s)
		}
		var at stamp
		if at.UnmarshalJSON([]byte(s)) != nil {
			return
		}
		b, err := at.MarshalJSON()
		if err != nil {
			t.Fatalf("%q cannot be written again: %v", s, err)
		}
		var again stamp
		if err := again.UnmarshalJSON(b); err != nil || time.Time(again).UnixMilli() != time.Time(at).UnixMilli() {
			t.Errorf("%q is written as %s, which is read as %v, %v", s, b, time.Time(again), err)
		}
	})
}
