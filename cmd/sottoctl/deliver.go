package main

import (
	"context"
	"time"

	"sotto/app/messenger"
	"sotto/chat"
)

// delivery is how long a verb tries to deliver what it committed, and what it calls a failure.
type delivery struct {
	Wait    span   `default:"5s" placeholder:"DUR" help:"Time to try to deliver (default 5s; 0 only queues)."`
	Require string `enum:",sent,delivered" default:"" placeholder:"STATE" help:"Fail with exit 6 unless it got as far: sent or delivered."`
}

// confirmable is the furthest state that can be known of what a verb sends.
type confirmable bool

const (
	sentOnly      confirmable = false
	deliveredToo  confirmable = true
	errNotSent                = "It is stored here and waits; the relay of the contact has not taken it yet."
	errNoDelivery             = "It is stored here, and not known to be delivered. The contact may be away, or not confirm deliveries."
)

// check refuses what can never be fulfilled.
func (w delivery) check(c confirmable) error {
	switch {
	case w.Require != "" && w.Wait == 0:
		return usagef("--require needs a --wait longer than 0.")
	case w.Require == string(chat.Delivered) && c == sentOnly:
		return usagef("Only a text or a file is confirmed as delivered. Use --require sent.")
	}
	return nil
}

// messenger returns the use cases, connected unless the verb only queues.
func (w delivery) messenger(ctx context.Context, d *desk) (*messenger.Messenger, error) {
	if w.Wait == 0 {
		return d.local(ctx)
	}
	return d.online(ctx)
}

// messageState waits until a message got as far as required, at least sent, and answers it as it is then.
func (w delivery) messageState(ctx context.Context, d *desk, id chat.MessageID) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	want := chat.Sent
	if w.Require != "" {
		want = chat.MessageState(w.Require)
	}
	if w.Wait > 0 {
		err := patiently(ctx, time.Duration(w.Wait), func(ctx context.Context) error { return m.WaitState(ctx, id, want) })
		if ctx.Err() != nil {
			return nil, err
		}
	}
	msg, err := m.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	o, err := messageByName(ctx, m, msg)
	if err != nil {
		return nil, err
	}
	if w.Require == "" || msg.State != chat.Failed && msg.State.Rank() >= want.Rank() {
		return o, nil
	}
	if want == chat.Sent || msg.State.Rank() < chat.Sent.Rank() {
		return o, withResult(&failure{Code: "not-sent", Exit: exitNetwork, Message: errNotSent}, o)
	}
	return o, withResult(&failure{Code: "not-delivered", Exit: exitNetwork, Message: errNoDelivery}, o)
}

// posted waits until nothing waits for the contact any more.
func (w delivery) posted(ctx context.Context, m *messenger.Messenger, id chat.ContactID) error {
	if w.Wait == 0 {
		return nil
	}
	err := patiently(ctx, time.Duration(w.Wait), func(ctx context.Context) error { return m.WaitSent(ctx, id) })
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err
	case w.Require != "":
		return &failure{Code: "not-sent", Exit: exitNetwork, Message: errNotSent}
	}
	return nil
}

// contactSent is posted for a verb that answers the contact.
func (w delivery) contactSent(ctx context.Context, d *desk, id chat.ContactID) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	late := w.posted(ctx, m, id)
	o, err := d.contact(ctx, m, id)
	if err != nil {
		return nil, err
	}
	return o, withResult(late, o)
}

// messageSent is posted for a verb that answers a message of the contact's conversation.
func (w delivery) messageSent(ctx context.Context, d *desk, peer chat.ContactID, id chat.MessageID) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	late := w.posted(ctx, m, peer)
	msg, err := m.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	o, err := messageByName(ctx, m, msg)
	if err != nil {
		return nil, err
	}
	return o, withResult(late, o)
}

// patiently runs wait for at most d.
func patiently(ctx context.Context, d time.Duration, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return wait(ctx)
}

// withResult hangs the object that is durable all the same onto a failure, for rpc.
func withResult(err error, result any) error {
	if err == nil {
		return nil
	}
	f := *describe(err)
	f.Result, f.cause = result, err
	return &f
}
