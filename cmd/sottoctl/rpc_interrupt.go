package main

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
)

// calls are the requests of one rpc connection that are not answered yet, so that one can be interrupted.
type calls struct {
	mu  sync.Mutex
	all map[*openCall]bool
}

type openCall struct {
	id     json.RawMessage
	cancel context.CancelFunc
}

type requestKey struct{}

// begin returns the context of a request, which knows its id, and what ends it.
func (c *calls) begin(ctx context.Context, id json.RawMessage) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.WithValue(ctx, requestKey{}, id))
	open := &openCall{id: id, cancel: cancel}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[*openCall]bool{}
	}
	c.all[open] = true
	return ctx, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.all, open)
	}
}

// requestOf returns the id of the request that a context belongs to, nil for none.
func requestOf(ctx context.Context) json.RawMessage {
	id, _ := ctx.Value(requestKey{}).(json.RawMessage)
	return id
}

// interruptedObject says whether there was such a request.
type interruptedObject struct {
	V           v1              `json:"v"`
	Call        json.RawMessage `json:"call"`
	Interrupted bool            `json:"interrupted"` // false: it was answered already, or never asked
}

// interrupt ends the requests of an id, which are answered by themselves.
func (c *calls) interrupt(id json.RawMessage) interruptedObject {
	o := interruptedObject{Call: id}
	c.mu.Lock()
	defer c.mu.Unlock()
	for open := range c.all {
		if bytes.Equal(open.id, id) {
			open.cancel()
			o.Interrupted = true
		}
	}
	return o
}

// interruptCall reads a call of "interrupt", whose parameter names the request.
func (c *calls) interruptCall(params map[string]json.RawMessage) (work, error) {
	id, given := params["call"]
	if len(params) != 1 || !given || !validID(id) || string(id) == "null" {
		return work{}, protocolError(rpcInvalidParams, `The only parameter of "interrupt" is "call", the id of a request.`)
	}
	return work{first: func(context.Context) (any, error) { return c.interrupt(id), nil }, aside: true}, nil
}
