package main

import (
	"context"

	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
)

type sendVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
	Text    string `arg:"" optional:"" help:"The text, or - to read it from standard input."`
	ReplyTo string `placeholder:"MESSAGE" help:"Id of the message this one answers."`
	attachment
	delivery
	sent chat.MessageID
}

func (v *sendVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(deliveredToo); err != nil {
		return nil, err
	}
	var o messenger.SendOptions
	if v.ReplyTo != "" {
		var err error
		if o.ReplyTo, err = messageID(v.ReplyTo); err != nil {
			return nil, err
		}
	}
	m, err := v.messenger(ctx, d)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, m, v.Contact)
	if err != nil {
		return nil, err
	}
	if c.State == chat.ContactRequest {
		return nil, chat.ErrNotAccepted
	}
	msg, err := v.say(ctx, d, m.ConversationWith(c.ID), o)
	if err != nil {
		return nil, err
	}
	v.sent = msg.ID
	return messageByName(ctx, m, msg)
}

// say commits the text or the file.
func (v *sendVerb) say(ctx context.Context, d *desk, conv chat.ConversationID, o messenger.SendOptions) (chat.Message, error) {
	p, err := d.open(ctx)
	if err != nil {
		return chat.Message{}, err
	}
	if v.File != "" {
		return v.attach(ctx, d, p, conv, o.ReplyTo)
	}
	text, err := d.text(v.Text, content.MaxText)
	if err != nil {
		return chat.Message{}, err
	}
	if text == "" {
		return chat.Message{}, usagef("There is no text to send.")
	}
	return p.Messenger.Send(ctx, conv, text, o)
}

func (v *sendVerb) settle(ctx context.Context, d *desk) (any, error) {
	if v.File != "" {
		defer d.watch(ctx, v.sent)()
	}
	return v.messageState(ctx, d, v.sent)
}

// messageID reads the id of a message.
func messageID(text string) (chat.MessageID, error) {
	id, err := chat.ParseMessageID(text)
	if err != nil {
		return id, explain(err, "The id of a message has 32 hexadecimal digits.")
	}
	return id, nil
}

// target returns the message of an id, and the contact of its conversation.
func target(ctx context.Context, m *messenger.Messenger, text string) (chat.Message, chat.ContactID, error) {
	id, err := messageID(text)
	if err != nil {
		return chat.Message{}, chat.ContactID{}, err
	}
	msg, err := m.Message(ctx, id)
	if err != nil {
		return msg, chat.ContactID{}, err
	}
	conv, err := m.Conversation(ctx, msg.Conversation)
	if err != nil || len(conv.Members) == 0 {
		return msg, chat.ContactID{}, err
	}
	return msg, conv.Members[0], nil
}

// onMessage is what verbs about a message that was sent before have in common.
type onMessage struct {
	delivery
	id   chat.MessageID
	peer chat.ContactID
}

func (v *onMessage) act(ctx context.Context, d *desk, message string, act func(*messenger.Messenger) (chat.Message, error)) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	m, err := v.messenger(ctx, d)
	if err != nil {
		return nil, err
	}
	msg, peer, err := target(ctx, m, message)
	if err != nil {
		return nil, err
	}
	v.id, v.peer = msg.ID, peer
	if msg, err = act(m); err != nil {
		return nil, err
	}
	return messageByName(ctx, m, msg)
}

func (v *onMessage) settle(ctx context.Context, d *desk) (any, error) {
	return v.messageSent(ctx, d, v.peer, v.id)
}

type editVerb struct {
	Message string `arg:"" help:"Id of an own message."`
	Text    string `arg:"" help:"The new text, or - to read it from standard input."`
	onMessage
}

func (v *editVerb) do(ctx context.Context, d *desk) (any, error) {
	return v.act(ctx, d, v.Message, func(m *messenger.Messenger) (chat.Message, error) {
		text, err := d.text(v.Text, content.MaxText)
		if err != nil {
			return chat.Message{}, err
		}
		if text == "" {
			return chat.Message{}, usagef("There is no text. To take a message back: sottoctl delete message ID --for-everyone")
		}
		return m.Edit(ctx, v.id, text)
	})
}

type reactVerb struct {
	Message string `arg:"" help:"Id of the message."`
	Emoji   string `arg:"" optional:"" help:"One emoji; it replaces an earlier one."`
	Remove  bool   `help:"Take the reaction back."`
	onMessage
}

func (v *reactVerb) do(ctx context.Context, d *desk) (any, error) {
	if v.Remove == (v.Emoji != "") {
		return nil, usagef("Give an emoji, or --remove.")
	}
	return v.act(ctx, d, v.Message, func(m *messenger.Messenger) (chat.Message, error) { return m.React(ctx, v.id, v.Emoji) })
}

type readVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
	delivery
	read chat.ContactID
}

func (v *readVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	m, err := v.messenger(ctx, d)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, m, v.Contact)
	if err != nil {
		return nil, err
	}
	v.read = c.ID
	if err := m.Read(ctx, m.ConversationWith(c.ID), 0); err != nil {
		return nil, err
	}
	return d.contact(ctx, m, c.ID)
}

func (v *readVerb) settle(ctx context.Context, d *desk) (any, error) {
	return v.contactSent(ctx, d, v.read)
}

type messagesVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
	Limit   int    `default:"50" placeholder:"N" help:"At most so many, the newest (default 50)."`
	Before  string `placeholder:"ID" help:"Only messages before this one."`
}

// mostMessages bounds one answer.
const mostMessages = 1000

func (v *messagesVerb) do(ctx context.Context, d *desk) (any, error) {
	return pageOf(ctx, d, v.Contact, v.Before, v.Limit, (*messenger.Messenger).Messages)
}

// reading returns at most limit messages of a conversation before a position, 0 for the newest.
type reading func(m *messenger.Messenger, ctx context.Context, conv chat.ConversationID, before int64, limit int) ([]chat.Message, error)

// pageOf returns a page of the conversation with a contact, of those before a message where one is given.
func pageOf(ctx context.Context, d *desk, contact, beforeID string, limit int, read reading) (any, error) {
	if limit < 1 || limit > mostMessages {
		return nil, usagef("The limit is between 1 and %d.", mostMessages)
	}
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, m, contact)
	if err != nil {
		return nil, err
	}
	conv := m.ConversationWith(c.ID)
	var before int64
	if beforeID != "" {
		id, err := messageID(beforeID)
		if err != nil {
			return nil, err
		}
		anchor, err := m.Message(ctx, id)
		switch {
		case err != nil:
			return nil, err
		case anchor.Conversation != conv:
			return nil, explain(chat.ErrNotFound, "That message belongs to another conversation.")
		}
		before = anchor.Position
	}
	rows, err := read(m, ctx, conv, before, limit)
	if err != nil {
		return nil, err
	}
	return newMessages(ctx, m, rows, func(chat.Message) string { return c.Name })
}
