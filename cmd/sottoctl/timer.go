package main

import (
	"context"
	"strings"
	"time"

	"sotto/app/messenger"
	"sotto/chat"
)

type timerVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
	After   string `arg:"" optional:"" name:"dur" help:"How long new messages stay on both sides, from 1s to 366d, or off; without it, show."`
	delivery
	set chat.ContactID
}

// timerObject is how long new messages of a conversation stay.
type timerObject struct {
	V            v1      `json:"v"`
	ContactID    string  `json:"contact_id"`
	Conversation string  `json:"conversation"`
	Timer        *string `json:"timer"` // null: for ever
}

func (o timerObject) print(p *page) {
	if o.Timer == nil {
		p.line("off")
		return
	}
	p.line("%s", *o.Timer)
}

// lasting returns a duration as sottoctl reads it, nil for none.
func lasting(d time.Duration) *string {
	if d <= 0 {
		return nil
	}
	text := span(d).String()
	text = strings.TrimSuffix(text, "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	if text == "" || text[len(text)-1] >= '0' && text[len(text)-1] <= '9' {
		text = span(d).String()
	}
	return &text
}

// parseLasting reads a time span, or a word that stands for none.
func parseLasting(text, none string) (time.Duration, error) {
	if text == none {
		return 0, nil
	}
	d, err := parseSpan(text)
	if err == nil && d == 0 {
		return 0, explain(chat.ErrMalformed, "%q is not a time span. For none, write: %s", text, none)
	}
	return d, err
}

func (v *timerVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	if v.After == "" {
		v.Wait = 0
	}
	m, err := v.messenger(ctx, d)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, m, v.Contact)
	if err != nil {
		return nil, err
	}
	v.set = c.ID
	if v.After != "" {
		after, err := parseLasting(v.After, "off")
		if err != nil {
			return nil, err
		}
		if after != 0 && (after < messenger.ShortestTimer || after > messenger.LongestTimer) {
			return nil, usagef("A timer is between 1s and 366d, or off.")
		}
		if err := m.SetTimer(ctx, m.ConversationWith(c.ID), after.Truncate(time.Millisecond)); err != nil {
			return nil, err
		}
	}
	return d.timer(ctx, m, c.ID)
}

func (v *timerVerb) settle(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	late := v.posted(ctx, m, v.set)
	o, err := d.timer(ctx, m, v.set)
	if err != nil {
		return nil, err
	}
	return o, withResult(late, o)
}

func (d *desk) timer(ctx context.Context, m *messenger.Messenger, id chat.ContactID) (timerObject, error) {
	conv := m.ConversationWith(id)
	after, err := m.Timer(ctx, conv)
	return timerObject{ContactID: id.String(), Conversation: conv.String(), Timer: lasting(after)}, err
}
