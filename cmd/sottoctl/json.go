package main

import (
	"encoding/json"
	"strconv"
	"time"

	"sotto/chat"
)

// v1 is the version of every object that is printed; it marshals as 1 and accepts nothing else.
type v1 struct{}

// MarshalJSON returns 1.
func (v1) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

// UnmarshalJSON accepts 1 only.
func (v1) UnmarshalJSON(b []byte) error {
	var n int
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if n != 1 {
		return &json.UnsupportedValueError{Str: "version " + strconv.Itoa(n)}
	}
	return nil
}

// stamp is a time as every object shows it: RFC 3339, UTC, milliseconds; null where there is none.
type stamp time.Time

const stampForm = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON returns the time in quotes, or null.
func (t stamp) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(time.Time(t).UTC().Format(stampForm))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *stamp) UnmarshalJSON(b []byte) error {
	*t = stamp{}
	if len(b) > longestText {
		return chat.ErrMalformed
	}
	var text *string
	if err := json.Unmarshal(b, &text); err != nil || text == nil {
		return err
	}
	read, err := time.Parse(time.RFC3339, *text)
	*t = stamp(read)
	return err
}

// local is the time as a person reads it, in the zone of this computer.
func (t stamp) local() string {
	if time.Time(t).IsZero() {
		return "-"
	}
	return time.Time(t).Local().Format("2006-01-02 15:04")
}
