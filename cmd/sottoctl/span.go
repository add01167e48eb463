package main

import (
	"strconv"
	"strings"
	"time"

	"sotto/chat"
)

// span is a duration as people write it: "90s", "1h30m", "7d", "2w". A bare number counts seconds.
type span time.Duration

// UnmarshalText reads a span; anything negative or beyond ten years is malformed.
func (s *span) UnmarshalText(text []byte) error {
	d, err := parseSpan(string(text))
	*s = span(d)
	return err
}

// String returns the shortest form that UnmarshalText reads back.
func (s span) String() string {
	d := time.Duration(s)
	switch day := 24 * time.Hour; {
	case d != 0 && d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	default:
		return d.String()
	}
}

const longestSpan = 10 * 366 * 24 * time.Hour

// longestText is more than a time span or a time takes, in bytes. What is longer is refused unread, and not quoted whole.
const longestText = 64

func parseSpan(text string) (time.Duration, error) {
	if len(text) > longestText {
		return 0, errSpan(text[:longestText] + "...")
	}
	unit := time.Duration(0)
	number := text
	switch {
	case strings.HasSuffix(text, "d"):
		unit, number = 24*time.Hour, strings.TrimSuffix(text, "d")
	case strings.HasSuffix(text, "w"):
		unit, number = 7*24*time.Hour, strings.TrimSuffix(text, "w")
	case text != "" && strings.Trim(text, "0123456789") == "":
		unit = time.Second
	}
	if unit != 0 {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || n > uint64(longestSpan/unit) {
			return 0, errSpan(text)
		}
		return time.Duration(n) * unit, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > longestSpan {
		return 0, errSpan(text)
	}
	return d, nil
}

func errSpan(text string) error {
	return explain(chat.ErrMalformed, "%q is not a time span. Write it like 30s, 5m, 12h, 7d or 2w.", text)
}
