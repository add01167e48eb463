package main

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
)

// rpcVerb serves the other verbs to a program, after one unlock.
type rpcVerb struct{}

func (rpcVerb) onlyTerminal() {}

func (rpcVerb) do(ctx context.Context, d *desk) (any, error) {
	if _, err := d.online(ctx); err != nil {
		return nil, err
	}
	input, ended := context.WithCancel(ctx)
	defer ended()
	served := *d
	served.in, served.emit, served.input = nil, nil, input
	served.flags.JSON = true
	out := &lineWriter{out: d.out}
	served.notify = func(method string, params any) {
		out.write(notification{JSONRPC: "2.0", Method: method, Params: params}) //nolint:errcheck // a failing writer ends the connection
	}
	subscription := &subscription{desk: &served, out: out}
	defer subscription.stop()
	server := &rpcServer{in: d.in, out: out, ended: ended}
	server.ready = func(method string, params map[string]json.RawMessage) (work, error) {
		switch method {
		case "subscribe":
			return work{first: func(ctx context.Context) (any, error) { return subscription.start(ctx, params) }}, nil
		case "unsubscribe":
			return work{first: func(context.Context) (any, error) { subscription.stop(); return done{}, nil }}, nil
		case "interrupt":
			return server.calls.interruptCall(params)
		}
		v, err := parseCall(method, params)
		if err != nil {
			return work{}, err
		}
		return asWork(v, &served), nil
	}
	return nil, server.serve(ctx)
}

func asWork(v verb, d *desk) work {
	w := work{first: func(ctx context.Context) (any, error) { return v.do(ctx, d) }}
	if s, ok := v.(settler); ok {
		w.then = func(ctx context.Context) (any, error) { return s.settle(ctx, d) }
	}
	_, w.aside = v.(aside)
	return w
}

// subscription is the one stream of events of an rpc connection; subscribing again starts it anew from another place.
type subscription struct {
	desk *desk
	out  *lineWriter

	mu     sync.Mutex
	cancel context.CancelFunc
	ended  chan struct{}
}

// subscribed says from where the stream goes on.
type subscribed struct {
	V     v1     `json:"v"`
	Since uint64 `json:"since"`
	Last  uint64 `json:"last"` // seq of the newest event there is
}

// start begins the stream after the event since; without since, with the next event.
func (s *subscription) start(ctx context.Context, params map[string]json.RawMessage) (any, error) {
	since, given, err := sinceParameter(params)
	if err != nil {
		return nil, err
	}
	m, err := s.desk.online(ctx)
	if err != nil {
		return nil, err
	}
	last, err := m.LastEvent(ctx)
	if err != nil {
		return nil, err
	}
	if !given {
		since = last
	}
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	streaming, cancel := context.WithCancel(s.desk.input)
	s.cancel, s.ended = cancel, make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		err := follow(streaming, m, since, func(o eventObject) (bool, error) {
			return true, s.out.write(notification{JSONRPC: "2.0", Method: "event", Params: o})
		})
		if streaming.Err() == nil {
			s.out.write(notification{JSONRPC: "2.0", Method: "subscription_ended", Params: commandError(err)}) //nolint:errcheck // a failing writer ends the connection
		}
	}(s.ended)
	return subscribed{Since: since, Last: last}, nil
}

// stop ends the stream and returns when nothing of it is written any more.
func (s *subscription) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil {
		return
	}
	s.cancel()
	<-s.ended
	s.cancel = nil
}

func sinceParameter(params map[string]json.RawMessage) (since uint64, given bool, err error) {
	raw, given := params["since"]
	if len(params) > 1 || len(params) == 1 && !given {
		return 0, false, protocolError(rpcInvalidParams, `The only parameter of "subscribe" is "since".`)
	}
	if !given || string(raw) == "null" {
		return 0, false, nil
	}
	since, err = strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		return 0, false, protocolError(rpcInvalidParams, `The parameter "since" is the seq of an event, or 0.`)
	}
	return since, true, nil
}
