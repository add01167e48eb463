package main

import (
	"context"
	"slices"
	"strings"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/chat"
)

type retentionGroup struct {
	Show         retentionShowVerb    `cmd:"" help:"Show how long messages are kept, and whether deletions wait."`
	Set          retentionSetVerb     `cmd:"" help:"Say how long messages are kept, by default or in one conversation."`
	ConfirmClock retentionConfirmVerb `cmd:"" help:"Say that the clock of this computer is right, so that deletions go on."`
}

// ruleObject is how long the messages of one conversation are kept.
type ruleObject struct {
	ContactID    string  `json:"contact_id"`
	Conversation string  `json:"conversation"`
	Keep         *string `json:"keep"` // null: for ever

	name string
}

// clockObject is the time by which messages end.
type clockObject struct {
	Held  bool  `json:"held"` // deletions wait for retention confirm-clock
	Seen  stamp `json:"seen"`
	Clock stamp `json:"clock"` // of this computer
	Due   int   `json:"due"`   // messages that wait to be deleted
}

// retentionObject is the rules.
type retentionObject struct {
	V             v1           `json:"v"`
	Keep          *string      `json:"keep"` // the default; null: for ever
	Conversations []ruleObject `json:"conversations"`
	Clock         clockObject  `json:"clock"`
}

func keptWords(keep *string) string {
	if keep == nil {
		return "for ever"
	}
	return *keep
}

func (o retentionObject) print(p *page) {
	rows := [][]string{{"(default)", keptWords(o.Keep)}}
	for _, c := range o.Conversations {
		rows = append(rows, []string{plain(c.name), keptWords(c.Keep)})
	}
	p.table([]string{"CONVERSATION", "KEPT"}, rows)
	if o.Clock.Held {
		p.line("The clock went from %s to %s. %d messages wait to be deleted until you say that it is right:", o.Clock.Seen.local(), o.Clock.Clock.local(), o.Clock.Due)
		p.line("sottoctl retention confirm-clock")
	}
}

type retentionShowVerb struct{}

func (retentionShowVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return retention(ctx, p)
}

func retention(ctx context.Context, p *profile.Profile) (retentionObject, error) {
	o := retentionObject{Conversations: []ruleObject{}}
	rules, err := p.Retention.Rules(ctx)
	if err != nil {
		return o, err
	}
	o.Keep = lasting(rules.Default)
	contacts, err := p.Messenger.Contacts(ctx)
	if err != nil {
		return o, err
	}
	for _, c := range contacts {
		conv := p.Messenger.ConversationWith(c.ID)
		if keep, own := rules.Keep(conv); own {
			o.Conversations = append(o.Conversations, ruleObject{
				ContactID: c.ID.String(), Conversation: conv.String(), Keep: lasting(keep), name: c.Name,
			})
		}
	}
	slices.SortFunc(o.Conversations, func(a, b ruleObject) int { return strings.Compare(a.name, b.name) })
	state, err := p.Messenger.Clock(ctx)
	o.Clock = clockOf(state)
	return o, err
}

func clockOf(s messenger.ClockState) clockObject {
	return clockObject{Held: s.Held, Seen: stamp(s.Seen), Clock: stamp(s.Clock), Due: s.Due}
}

type retentionSetVerb struct {
	Keep         string `arg:"" name:"span" help:"From 1h to 10 years, off for ever; default: as by default again (one conversation)."`
	Conversation string `placeholder:"CONTACT" help:"Only in the conversation with this contact."`
	Preview      bool   `help:"Change nothing; show how many messages would be deleted."`
}

// keptObject is what a rule removes, or would remove, at once.
type keptObject struct {
	V             v1      `json:"v"`
	Keep          *string `json:"keep"`
	Preview       bool    `json:"preview"` // nothing was changed
	Messages      int     `json:"messages"`
	Conversations int     `json:"conversations"`
	Files         int     `json:"files"`      // of the messages, that are here
	FileBytes     int64   `json:"file_bytes"` // of those
}

func (o keptObject) print(p *page) {
	does := "are deleted"
	if o.Preview {
		does = "would be deleted"
	}
	if o.Files > 0 {
		p.line("%d messages in %d conversations %s, with %s of %s.", o.Messages, o.Conversations, does, number(o.Files, "file"), amount(o.FileBytes))
		return
	}
	p.line("%d messages in %d conversations %s.", o.Messages, o.Conversations, does)
}

func (v *retentionSetVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	c := privacy.RuleChange{Inherit: v.Keep == "default"}
	if c.Inherit && v.Conversation == "" {
		return nil, usagef("default makes one conversation follow the default again. Name it with --conversation.")
	}
	if !c.Inherit {
		if c.Keep, err = parseLasting(v.Keep, "off"); err != nil {
			return nil, err
		}
		if c.Keep != 0 && (c.Keep < privacy.ShortestKeep || c.Keep > privacy.LongestKeep) {
			return nil, usagef("Messages are kept between 1h and 3660d, or for ever: off.")
		}
	}
	if v.Conversation != "" {
		contact, err := find(ctx, p.Messenger, v.Conversation)
		if err != nil {
			return nil, err
		}
		c.Conversation = p.Messenger.ConversationWith(contact.ID)
	}
	kept, err := p.Retention.Preview(ctx, c)
	if err != nil {
		return nil, err
	}
	o := keptObject{Keep: lasting(c.Keep), Preview: v.Preview, Messages: kept.Messages, Conversations: kept.Conversations, Files: kept.Files, FileBytes: kept.FileBytes}
	if v.Preview {
		return o, nil
	}
	if err := p.Retention.Set(ctx, c); err != nil {
		return nil, err
	}
	return o, p.Messenger.Expire(ctx)
}

type retentionConfirmVerb struct{}

func (retentionConfirmVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if state, err := p.Messenger.Clock(ctx); err != nil {
		return nil, err
	} else if !state.Held {
		return nil, explain(chat.ErrNotFound, "No deletion waits for the clock.")
	}
	if err := p.Messenger.ConfirmClock(ctx); err != nil {
		return nil, err
	}
	return retention(ctx, p)
}
