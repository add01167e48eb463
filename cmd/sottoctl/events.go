package main

import (
	"context"
	"errors"
	"strings"

	"sotto/app/messenger"
	"sotto/chat"
)

// eventObject is one line of the event stream: what happened, the ids concerned, and the object as it is now.
type eventObject struct {
	V            v1             `json:"v"`
	Seq          uint64         `json:"seq"`
	Time         stamp          `json:"time"`
	Type         string         `json:"type"`
	Detail       string         `json:"detail,omitempty"` // a code
	ContactID    string         `json:"contact_id,omitempty"`
	Conversation string         `json:"conversation,omitempty"`
	MessageID    string         `json:"message_id,omitempty"`
	State        string         `json:"state,omitempty"` // of a receipt
	Text         string         `json:"text,omitempty"`
	Relay        string         `json:"relay,omitempty"`
	On           *bool          `json:"on,omitempty"` // typing, connection
	Count        int            `json:"count,omitempty"`
	Message      *messageObject `json:"message,omitempty"`
	Contact      *contactObject `json:"contact,omitempty"`
	Request      *requestObject `json:"request,omitempty"`
}

// newEvent fills in the objects. One that is gone since is left out; its id stays.
func newEvent(ctx context.Context, m *messenger.Messenger, e messenger.Event) (eventObject, error) {
	o := eventObject{
		Seq: e.Seq, Time: stamp(e.Time), Type: string(e.Type), Detail: e.Detail, State: string(e.State), Text: e.Text,
		Relay: e.Relay, Count: e.Count,
	}
	if e.Type == messenger.EventTyping || e.Type == messenger.EventConnection {
		o.On = &e.On
	}
	if !e.Conversation.IsZero() {
		o.Conversation = e.Conversation.String()
	}
	name := ""
	if !e.Contact.IsZero() {
		o.ContactID = e.Contact.String()
		c, err := m.Contact(ctx, e.Contact)
		if err != nil && !errors.Is(err, chat.ErrNotFound) {
			return o, err
		}
		name = c.Name
		if err == nil && e.Type == messenger.EventContact {
			contact, err := withUnread(ctx, m, c)
			if err != nil {
				return o, err
			}
			o.Contact = &contact
		}
	}
	if !e.Message.IsZero() {
		o.MessageID = e.Message.String()
		msg, err := m.Message(ctx, e.Message)
		switch {
		case err == nil:
			message, err := messageNow(ctx, m, msg, name)
			if err != nil {
				return o, err
			}
			o.Message = &message
		case !errors.Is(err, chat.ErrNotFound):
			return o, err
		}
	}
	if e.Type == messenger.EventRequest {
		return o, o.addRequest(ctx, m, e.Contact)
	}
	return o, nil
}

func (o *eventObject) addRequest(ctx context.Context, m *messenger.Messenger, id chat.ContactID) error {
	requests, err := m.Requests(ctx)
	if err != nil {
		return err
	}
	for _, r := range requests {
		if r.ID == id {
			request := newRequest(r)
			o.Request = &request
		}
	}
	return nil
}

func (o eventObject) print(p *page) {
	head := o.Time.local() + "  " + o.Type
	switch {
	case o.Message != nil:
		p.line("%s  %s  %s  %s", head, o.Message.author(), o.Message.State, o.Message.ID)
		p.text("  ", o.Message.body())
	case o.Request != nil:
		p.line("%s", head)
		requestList{*o.Request}.print(p)
	case o.Contact != nil:
		p.line("%s  %s  %s  %s", head, o.Detail, plain(o.Contact.Name), short(o.ContactID))
	default:
		words := []string{head}
		if o.On != nil {
			words = append(words, onOff(*o.On))
		}
		for _, word := range []string{plain(o.Detail), short(o.ContactID), plain(o.Relay), plain(o.Text)} {
			if word != "" {
				words = append(words, word)
			}
		}
		p.line("%s", strings.Join(words, "  "))
	}
}

// eventPage is how many events are read at once.
const eventPage = 256

// follow hands on every event after since, in order and without a gap, until ctx ends or emit answers false.
func follow(ctx context.Context, m *messenger.Messenger, since uint64, emit func(eventObject) (more bool, err error)) error {
	wake := make(chan struct{}, 1)
	cancel := m.Subscribe(func(messenger.Event) {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer cancel()
	for {
		events, err := m.EventsSince(ctx, since, eventPage)
		if err != nil {
			return err
		}
		for _, e := range events {
			since = e.Seq
			o, err := newEvent(ctx, m, e)
			if err != nil {
				return err
			}
			if more, err := emit(o); err != nil || !more {
				return err
			}
		}
		if len(events) == eventPage {
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
