package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

func TestRequestsThatAreNotJSONRPCAreRefusedByName(t *testing.T) {
	for _, test := range []struct {
		name, line, id string
		code           int
	}{
		{"not JSON", `{"jsonrpc":`, "null", rpcParse},
		{"two values", `{} {}`, "null", rpcParse},
		{"batch", `[{"jsonrpc":"2.0","id":1,"method":"whoami"}]`, "null", rpcInvalidRequest},
		{"not an object", `"whoami"`, "null", rpcInvalidRequest},
		{"object as id", `{"jsonrpc":"2.0","id":{},"method":"whoami"}`, "null", rpcInvalidRequest},
		{"boolean as id", `{"jsonrpc":"2.0","id":true,"method":"whoami"}`, "null", rpcInvalidRequest},
		{"older protocol", `{"jsonrpc":"1.0","id":7,"method":"whoami"}`, "7", rpcInvalidRequest},
		{"no protocol", `{"id":"a","method":"whoami"}`, `"a"`, rpcInvalidRequest},
		{"no method", `{"jsonrpc":"2.0","id":7}`, "7", rpcInvalidRequest},
		{"method is a number", `{"jsonrpc":"2.0","id":7,"method":1}`, "7", rpcInvalidRequest},
		{"positional params", `{"jsonrpc":"2.0","id":7,"method":"send","params":["a","b"]}`, "7", rpcInvalidParams},
		{"null params", `{"jsonrpc":"2.0","id":7,"method":"send","params":null}`, "7", rpcInvalidParams},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := parseRequest([]byte(test.line))
			if err == nil {
				t.Fatal("accepted")
			}
			if err.Code != test.code || string(r.id) != test.id {
				t.Errorf("code %d to id %s, want %d to %s", err.Code, r.id, test.code, test.id)
			}
		})
	}
}

func TestRequestKeepsItsIDAsWritten(t *testing.T) {
	for _, id := range []string{`1`, `-0`, `1.5e3`, `"a\u0000b"`, `null`} {
		r, err := parseRequest([]byte(`{"jsonrpc":"2.0","id":` + id + `,"method":"whoami","params":{"a":1}}`))
		if err != nil {
			t.Fatalf("id %s: %v", id, err)
		}
		if string(r.id) != id || r.method != "whoami" || string(r.params["a"]) != "1" {
			t.Errorf("id %s: read as %s %s %s", id, r.id, r.method, r.params)
		}
	}
	if r, err := parseRequest([]byte(`{"jsonrpc":"2.0","method":"whoami"}`)); err != nil || r.id != nil {
		t.Errorf("a notification has id %s, error %v", r.id, err)
	}
}

func TestLongLineIsSkippedWholeAndReadingGoesOn(t *testing.T) {
	input := "one\n\n  \r\n" + strings.Repeat("x", 100) + "\n" + strings.Repeat("y", 40) + "\nlast without end"
	r := lineReader{in: bufio.NewReaderSize(strings.NewReader(input), 16), limit: 40}
	var got []string
	for {
		line, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errLineTooLong) {
			got = append(got, "too long")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line))
	}
	want := []string{"one", "too long", strings.Repeat("y", 40), "last without end"}
	if !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

func TestLongLineAtTheEndOfInputIsStillReported(t *testing.T) {
	r := lineReader{in: bufio.NewReaderSize(strings.NewReader(strings.Repeat("x", 41)), 16), limit: 40}
	if _, err := r.next(); !errors.Is(err, errLineTooLong) {
		t.Errorf("error %v, want a line too long", err)
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want the end", err)
	}
}

func TestCommandErrorsCarryTheExitCode(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
	}{
		{fmt.Errorf("reading: %w", chat.ErrNotFound), -32004},
		{chat.ErrAmbiguous, -32002},
		{chat.ErrRefused, -32005},
		{chat.ErrOffline, -32006},
		{errors.New("odd"), -32001},
		{protocolError(rpcNoMethod, "none"), -32601},
	} {
		if got := commandError(test.err); got.Code != test.code {
			t.Errorf("%v: code %d, want %d", test.err, got.Code, test.code)
		}
	}
}

func TestJSONLinesHoldNoControlCharacterATerminalObeys(t *testing.T) {
	const hostile = "a\u009b31mb\u0085c\x1b[2Jd<é\u00a0>"
	line, err := encodeLine(map[string]string{"text": hostile})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range strings.TrimSuffix(string(line), "\n") {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			t.Errorf("the line holds %U raw", r)
		}
	}
	var back map[string]string
	if err := json.Unmarshal(line, &back); err != nil || back["text"] != hostile {
		t.Errorf("read back as %q, error %v", back["text"], err)
	}
}

func FuzzParseRequest(f *testing.F) {
	// The grammar of all commands is built for every call, whatever the call is.
	grammar := alloc.Bytes(func() { _, _ = parseCall("whoami", nil) })
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"send","params":{"contact":"bo","text":"hi"}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","method":"subscribe","params":{"since":0}}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(` null`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(strings.TrimSpace(string(line))) == 0 {
			return
		}
		alloc.CheckBesides(t, len(line), grammar, func() {
			if r, wrong := parseRequest(line); wrong == nil {
				_, _ = parseCall(r.method, r.params)
			}
		})
		r, wrong := parseRequest(line)
		if wrong != nil {
			if r.id == nil && wrong.Code != rpcInvalidParams {
				t.Error("an invalid request without an id to answer to")
			}
			return
		}
		if r.method == "" || r.id != nil && !json.Valid(r.id) {
			t.Errorf("accepted %q", line)
		}
		if v, err := parseCall(r.method, r.params); (v == nil) == (err == nil) {
			t.Errorf("a call is a verb or an error: %v, %v", v, err)
		}
	})
}
