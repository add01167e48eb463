package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// JSON-RPC 2.0 codes of the protocol itself; a command's failure is -32000 minus its exit code.
const (
	rpcParse          = -32700
	rpcInvalidRequest = -32600
	rpcNoMethod       = -32601
	rpcInvalidParams  = -32602
	rpcFailure        = -32000
)

// longestLine bounds one request, in bytes: the largest text with every byte escaped fits well.
const longestLine = 1 << 20

// request is one line of input that passed the checks of JSON-RPC 2.0.
type request struct {
	id     json.RawMessage // nil: a notification, which is never answered
	method string
	params map[string]json.RawMessage
}

// rpcError is the error object of an answer.
type rpcError struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Data    *failure `json:"data,omitempty"`
}

func (e *rpcError) Error() string { return e.Message }

func protocolError(code int, format string, args ...any) *rpcError {
	return &rpcError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// commandError is the error object of a command that failed.
func commandError(err error) *rpcError {
	var own *rpcError
	if errors.As(err, &own) {
		return own
	}
	f := describe(err)
	return &rpcError{Code: rpcFailure - f.Exit, Message: f.Message, Data: f}
}

// parseRequest reads one line. Where it answers an error, the request holds the id to answer to (null if unknown).
func parseRequest(line []byte) (request, *rpcError) {
	unknown := request{id: json.RawMessage("null")}
	if !json.Valid(line) {
		return unknown, protocolError(rpcParse, "The line is not JSON.")
	}
	if first := bytes.TrimLeft(line, " \t\r\n"); first[0] == '[' {
		return unknown, protocolError(rpcInvalidRequest, "Batches are not supported. Write one request on each line.")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return unknown, protocolError(rpcInvalidRequest, "A request is a JSON object.")
	}
	id, hasID := fields["id"]
	if hasID && !validID(id) {
		return unknown, protocolError(rpcInvalidRequest, "An id is a string, a number or null.")
	}
	r := request{id: id}
	if !hasID {
		r.id = nil
	}
	answerTo := r
	if answerTo.id == nil {
		answerTo.id = unknown.id
	}
	var protocol string
	if json.Unmarshal(fields["jsonrpc"], &protocol) != nil || protocol != "2.0" {
		return answerTo, protocolError(rpcInvalidRequest, `A request carries "jsonrpc":"2.0".`)
	}
	if json.Unmarshal(fields["method"], &r.method) != nil || r.method == "" {
		return answerTo, protocolError(rpcInvalidRequest, "A request names its method.")
	}
	params, hasParams := fields["params"]
	if !hasParams {
		return r, nil
	}
	if json.Unmarshal(params, &r.params) != nil || r.params == nil {
		return r, protocolError(rpcInvalidParams, "The params are an object of named values.")
	}
	return r, nil
}

func validID(id json.RawMessage) bool {
	switch id[0] {
	case '"', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return true
	}
	return false
}

// lineReader reads lines of at most limit bytes; a longer one is skipped whole and reported once.
type lineReader struct {
	in    *bufio.Reader
	limit int
}

// errLineTooLong is a line beyond the limit; reading can go on with the next.
var errLineTooLong = errors.New("line too long")

// next returns the next line that is not blank, without its end. It is io.EOF at the end of the input; a last line
// without an end counts.
func (r *lineReader) next() ([]byte, error) {
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
}

func (r *lineReader) line() ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		part, err := r.in.ReadSlice('\n')
		if len(line)+len(part) > r.limit+1 {
			tooLong, line = true, nil
		}
		if !tooLong {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !tooLong):
			return nil, err
		case tooLong:
			return nil, errLineTooLong
		}
		if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > r.limit {
			return nil, errLineTooLong
		}
		return line, nil
	}
}

// lineWriter writes one JSON value on each line, whole, for any number of writers.
type lineWriter struct {
	mu   sync.Mutex
	out  io.Writer
	err  error
	gone func() // called once when the reader of the lines has gone
}

func (w *lineWriter) write(value any) error {
	line, err := encodeLine(value)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if _, w.err = w.out.Write(line); w.err != nil {
		w.gone()
	}
	return w.err
}

// encodeLine is the one JSON form of this command: no HTML escapes, a line end, and no raw control character of
// ISO 8859-1 (U+0080 to U+009F), which some terminals obey.
func encodeLine(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return escapeC1(b.Bytes()), nil
}

func escapeC1(line []byte) []byte {
	if !bytes.Contains(line, []byte{0xc2}) {
		return line
	}
	out := make([]byte, 0, len(line)+16)
	for i := 0; i < len(line); i++ {
		if line[i] == 0xc2 && i+1 < len(line) && line[i+1] < 0xa0 {
			out = fmt.Appendf(out, `\u%04x`, line[i+1])
			i++
			continue
		}
		out = append(out, line[i])
	}
	return out
}
