package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// bench is an rpc server whose requests the test drives itself.
type bench struct {
	t      *testing.T
	input  *io.PipeWriter
	output *bufio.Scanner
	ended  chan error
	cancel context.CancelFunc
}

func startBench(t *testing.T, ready func(string, map[string]json.RawMessage) (work, error)) *bench {
	return startServer(t, &rpcServer{}, ready)
}

func startServer(t *testing.T, s *rpcServer, ready func(string, map[string]json.RawMessage) (work, error)) *bench {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	b := &bench{t: t, input: inW, output: bufio.NewScanner(outR), ended: make(chan error, 1), cancel: cancel}
	b.output.Buffer(nil, 4<<20)
	go func() {
		s.in, s.out, s.ready = inR, &lineWriter{out: outW}, ready
		err := s.serve(ctx)
		outW.Close()
		b.ended <- err
	}()
	t.Cleanup(func() { cancel(); inW.Close(); outR.Close() })
	return b
}

func (b *bench) say(line string) {
	b.t.Helper()
	if _, err := io.WriteString(b.input, line+"\n"); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) hear() string {
	b.t.Helper()
	if !b.output.Scan() {
		b.t.Fatalf("the output ended: %v", b.output.Err())
	}
	return b.output.Text()
}

func call(id int, method string) string {
	return `{"jsonrpc":"2.0","id":` + strconv.Itoa(id) + `,"method":"` + method + `"}`
}

func TestRequestsRunInTheOrderTheyCame(t *testing.T) {
	n := 0
	b := startBench(t, func(string, map[string]json.RawMessage) (work, error) {
		return work{first: func(context.Context) (any, error) { n++; return n, nil }}, nil
	})
	go func() {
		for i := range 50 {
			b.say(call(i+1, "next"))
		}
		b.input.Close()
	}()
	for i := range 50 {
		want := `{"jsonrpc":"2.0","id":` + strconv.Itoa(i+1) + `,"result":` + strconv.Itoa(i+1) + `}`
		if got := b.hear(); got != want {
			t.Fatalf("heard %s, want %s", got, want)
		}
	}
	if err := <-b.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestWaitingForTheNetworkHoldsNobodyUp(t *testing.T) {
	arrived := make(chan struct{})
	b := startBench(t, func(method string, _ map[string]json.RawMessage) (work, error) {
		quick := func(context.Context) (any, error) { return method, nil }
		slow := func(context.Context) (any, error) { <-arrived; return method, nil }
		switch method {
		case "send":
			return work{first: quick, then: slow}, nil
		case "sync":
			return work{first: slow, aside: true}, nil
		}
		return work{first: quick}, nil
	})
	b.say(call(1, "send"))
	b.say(call(2, "sync"))
	b.say(call(3, "contacts"))
	if got := b.hear(); got != `{"jsonrpc":"2.0","id":3,"result":"contacts"}` {
		t.Fatalf("heard %s before the quick answer", got)
	}
	close(arrived)
	late := b.hear() + b.hear()
	if !strings.Contains(late, `"result":"send"`) || !strings.Contains(late, `"result":"sync"`) {
		t.Errorf("heard %s", late)
	}
}

func TestEndOfInputFinishesWhatWasAskedFor(t *testing.T) {
	release := make(chan struct{})
	b := startBench(t, func(method string, _ map[string]json.RawMessage) (work, error) {
		return work{
			first: func(context.Context) (any, error) { return nil, nil },
			then:  func(context.Context) (any, error) { <-release; return method, nil },
		}, nil
	})
	b.say(call(1, "send"))
	b.input.Close()
	close(release)
	if got := b.hear(); got != `{"jsonrpc":"2.0","id":1,"result":"send"}` {
		t.Errorf("heard %s", got)
	}
	if err := <-b.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestNotificationsAreCarriedOutAndNeverAnswered(t *testing.T) {
	ran := 0
	b := startBench(t, func(method string, _ map[string]json.RawMessage) (work, error) {
		if method == "wrong" {
			return work{}, errors.New("no")
		}
		return work{first: func(context.Context) (any, error) { ran++; return ran, nil }}, nil
	})
	b.say(`{"jsonrpc":"2.0","method":"read"}`)
	b.say(`{"jsonrpc":"2.0","method":"wrong"}`)
	b.say(call(9, "read"))
	if got := b.hear(); got != `{"jsonrpc":"2.0","id":9,"result":2}` {
		t.Errorf("heard %s", got)
	}
}

func TestBadLinesAreAnsweredAndTheNextOneCounts(t *testing.T) {
	b := startBench(t, func(method string, _ map[string]json.RawMessage) (work, error) {
		return work{first: func(context.Context) (any, error) { return method, nil }}, nil
	})
	for _, line := range []string{"{", strings.Repeat("x", longestLine+2), "[]", `{"jsonrpc":"2.0","id":4,"method":"a","params":[]}`} {
		b.say(line)
		var a answer
		if err := json.Unmarshal([]byte(b.hear()), &a); err != nil || a.Error == nil || a.Error.Code > -32600 {
			t.Errorf("%.20q: error %v, answer %+v", line, err, a)
		}
	}
	b.say(call(1, "whoami"))
	if got := b.hear(); got != `{"jsonrpc":"2.0","id":1,"result":"whoami"}` {
		t.Errorf("heard %s", got)
	}
}

func TestCancellingEndsWhileNoLineComes(t *testing.T) {
	b := startBench(t, nil)
	b.cancel()
	if err := <-b.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestReaderThatWentAwayEndsTheServer(t *testing.T) {
	blocked := func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() }
	s := &rpcServer{
		in: strings.NewReader(call(1, "quick") + "\n" + call(2, "slow") + "\n"), out: &lineWriter{out: closedWriter{}},
		ready: func(method string, _ map[string]json.RawMessage) (work, error) {
			if method == "slow" {
				return work{first: blocked, aside: true}, nil
			}
			return work{first: func(context.Context) (any, error) { return 1, nil }}, nil
		},
	}
	if err := s.serve(t.Context()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("ended with %v", err)
	}
}

type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestConcurrentAnswersNeverMixOnALine(t *testing.T) {
	var out bytes.Buffer
	var in strings.Builder
	for i := range 200 {
		in.WriteString(call(i, "x") + "\n")
	}
	long := strings.Repeat("z", 5000)
	s := &rpcServer{in: strings.NewReader(in.String()), out: &lineWriter{out: &out}, ready: func(string, map[string]json.RawMessage) (work, error) {
		return work{first: func(context.Context) (any, error) { return long, nil }, aside: true}, nil
	}}
	if err := s.serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		var a answer
		if err := json.Unmarshal([]byte(line), &a); err != nil || a.Result != long {
			t.Fatalf("mixed line: %v", err)
		}
		seen[string(a.ID)] = true
	}
	if len(seen) != 200 {
		t.Errorf("%d answers, want 200", len(seen))
	}
}

func TestARequestThatWaitsOrRunsCanBeInterrupted(t *testing.T) {
	var b *bench
	s := &rpcServer{}
	blocked := make(chan struct{}, 2)
	b = startServer(t, s, func(method string, params map[string]json.RawMessage) (work, error) {
		block := func(ctx context.Context) (any, error) {
			blocked <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		switch method {
		case "interrupt":
			return s.calls.interruptCall(params)
		case "send":
			return work{first: func(context.Context) (any, error) { return nil, nil }, then: block}, nil
		}
		return work{first: block}, nil
	})
	interrupt := func(id int, of string) string {
		return `{"jsonrpc":"2.0","id":` + strconv.Itoa(id) + `,"method":"interrupt","params":{"call":` + of + `}}`
	}
	b.say(call(1, "send"))
	b.say(call(2, "whoami"))
	<-blocked
	<-blocked
	b.say(interrupt(3, "1"))
	b.say(interrupt(4, "2"))
	heard := b.hear() + b.hear() + b.hear() + b.hear()
	for _, want := range []string{
		`"id":1,"error":{"code":-32001`, `"id":2,"error":{"code":-32001`, `"code":"interrupted"`,
		`"id":3,"result":{"v":1,"call":1,"interrupted":true}`, `"id":4,"result":{"v":1,"call":2,"interrupted":true}`,
	} {
		if !strings.Contains(heard, want) {
			t.Errorf("heard %s, want %s in it", heard, want)
		}
	}
	b.say(interrupt(5, "1"))
	if got := b.hear(); !strings.Contains(got, `"interrupted":false`) {
		t.Errorf("heard %s of a request that was answered", got)
	}
	b.say(interrupt(6, "[1]"))
	if got := b.hear(); !strings.Contains(got, "-32602") {
		t.Errorf("heard %s of no id", got)
	}
}
