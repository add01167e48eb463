package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
)

// Bounds of one rpc connection: beyond them the next line is not read until a request is answered.
const (
	rpcQueued = 64  // requests waiting for their turn
	rpcAside  = 256 // requests running beside the others
)

// work is a request that is ready to run. first runs in the order in which requests arrive; then, where there is one,
// runs beside the others (it waits for the network). Both answer the result.
type work struct {
	first func(ctx context.Context) (any, error)
	then  func(ctx context.Context) (any, error)
	aside bool // first may take long: it does not hold up the others
}

// rpcServer answers requests, one JSON object per line (docs/CLI.md, "rpc").
type rpcServer struct {
	in    io.Reader
	out   *lineWriter
	ready func(method string, params map[string]json.RawMessage) (work, error)
	ended func() // called when the input has ended, before what was asked is finished; may be nil
	calls calls
}

type answer struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}

type notification struct {
	JSONRPC string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// serve answers until the input ends, then finishes what was asked and returns nil. It returns early, with the reason,
// when ctx ends or the output cannot be written.
func (s *rpcServer) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.out.gone = func() { cancel(io.ErrClosedPipe) }

	turns := make(chan func(), rpcQueued)
	beside := make(chan struct{}, rpcAside)
	var running sync.WaitGroup
	running.Go(func() {
		for turn := range turns {
			turn()
		}
	})
	aside := func(f func()) {
		beside <- struct{}{}
		running.Go(func() {
			defer func() { <-beside }()
			f()
		})
	}

	err := s.dispatch(ctx, turns, aside)
	if s.ended != nil {
		s.ended()
	}
	close(turns)
	running.Wait()
	if err != nil {
		return err
	}
	return context.Cause(ctx)
}

// dispatch gives each line its turn until the input ends.
func (s *rpcServer) dispatch(ctx context.Context, turns chan<- func(), aside func(func())) error {
	lines := s.lines(ctx)
	for {
		var line inputLine
		var more bool
		select {
		case line, more = <-lines:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		switch {
		case !more:
			return nil
		case errors.Is(line.err, errLineTooLong):
			s.answer(request{id: json.RawMessage("null")}, nil, protocolError(rpcInvalidRequest, "The line is longer than %d bytes.", longestLine))
			continue
		case line.err != nil:
			return line.err
		}
		r, wrong := parseRequest(line.text)
		if wrong != nil {
			s.answer(r, nil, wrong)
			continue
		}
		w, err := s.ready(r.method, r.params)
		if err != nil {
			s.answer(r, nil, err)
			continue
		}
		calling, end := s.calls.begin(ctx, r.id)
		turn := func() { s.finish(calling, r, w, aside, end) }
		if w.aside {
			aside(turn)
			continue
		}
		turns <- turn
	}
}

// finish runs a request, ends its call, and answers it.
func (s *rpcServer) finish(ctx context.Context, r request, w work, aside func(func()), end func()) {
	result, err := w.first(ctx)
	if err != nil || w.then == nil {
		end()
		s.answer(r, result, err)
		return
	}
	wait := func() {
		result, err := w.then(ctx)
		end()
		s.answer(r, result, err)
	}
	if w.aside {
		wait()
		return
	}
	aside(wait)
}

func (s *rpcServer) answer(r request, result any, err error) {
	if r.id == nil {
		return
	}
	a := answer{JSONRPC: "2.0", ID: r.id, Result: result}
	if err != nil {
		a.Result, a.Error = nil, commandError(err)
	}
	s.out.write(a) //nolint:errcheck // a failing writer ends the context of serve
}

type inputLine struct {
	text []byte
	err  error
}

// lines reads the input beside the requests, so that the end of ctx ends serve even while no line comes.
func (s *rpcServer) lines(ctx context.Context) <-chan inputLine {
	out := make(chan inputLine)
	reader := &lineReader{in: bufio.NewReaderSize(s.in, 64<<10), limit: longestLine}
	go func() {
		defer close(out)
		for {
			text, err := reader.next()
			if errors.Is(err, io.EOF) {
				return
			}
			select {
			case out <- inputLine{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil && !errors.Is(err, errLineTooLong) {
				return
			}
		}
	}()
	return out
}
