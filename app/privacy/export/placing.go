package export

import (
	"errors"
	"strings"

	"sotto/chat"
)

// placing puts the messages of one conversation among those that are here: each comes after the one before it in the
// export, and what is here in between stays in between.
type placing struct {
	n    *importing
	conv chat.Conversation
	prev chat.MessageID // last message of the export that is here
	left int            // messages of the export still to come
}

func (p *placing) put(tx chat.Tx, messages []parsed, taken *taken) error {
	conv, wasEmpty, err := p.ready(tx)
	if err != nil {
		return err
	}
	prev := int64(0)
	if !p.prev.IsZero() {
		m, err := tx.Messages().Get(p.prev)
		if err != nil {
			return err
		}
		prev = m.Position
	}
	last := p.prev
	for i, m := range messages {
		if m.Direction == chat.Out && m.Author == p.n.self {
			conv.NextSeq = max(conv.NextSeq, m.Seq+1)
		}
		here, err := tx.Messages().Get(m.ID)
		switch {
		case err == nil && here.Conversation == conv.ID:
			p.n.count(here, m.Message)
			if err := p.n.complete(tx, here, m, taken); err != nil {
				return err
			}
			prev, last = here.Position, here.ID
			continue
		case err == nil:
			p.n.out.Known++ // in another conversation: there it stays
			continue
		case !errors.Is(err, chat.ErrNotFound):
			return err
		case !m.Expires.IsZero() && !p.n.i.Now().Before(m.Expires):
			p.n.out.Expired++
			continue
		}
		if m.Position, err = p.position(tx, prev, p.left-i); err != nil {
			return err
		}
		if m.Message, err = tx.Messages().Put(settled(m.Message)); err != nil {
			return err
		}
		if err := p.n.attach(tx, m, taken); err != nil {
			return err
		}
		p.n.out.Added++
		prev, last = m.Position, m.ID
	}
	p.prev, p.left = last, p.left-len(messages)
	return p.summarise(tx, conv, wasEmpty)
}

// settled returns a message as it is taken in: nothing of an export waits to be sent, and nothing of it is unread, because
// reading it would be told to its author.
func settled(m chat.Message) chat.Message {
	switch {
	case m.Direction == chat.In:
		m.State = chat.Read
	case m.State == chat.Queued:
		m.State = chat.Failed
	}
	return m
}

// position finds a place right after a position, leaving room for those of the export that follow.
func (p *placing) position(tx chat.Tx, after int64, left int) (int64, error) {
	next, err := tx.Messages().PageAfter(p.conv.ID, after, 1)
	if err != nil || len(next) == 0 {
		return 0, err // the end: storage appends
	}
	if step := (next[0].Position - after) / int64(left+1); step > 0 {
		return after + step, nil
	}
	return tx.Messages().Between(p.conv.ID, next[0].Position, after)
}

func (n *importing) count(here, m chat.Message) {
	if here.Deleted && !m.Deleted {
		n.out.Deleted++
	} else {
		n.out.Known++
	}
}

// ready makes conversation and contacts where they are missing.
func (p *placing) ready(tx chat.Tx) (conv chat.Conversation, empty bool, err error) {
	for _, id := range p.conv.Members {
		_, err := tx.Contacts().Get(id)
		if errors.Is(err, chat.ErrNotFound) {
			p.n.out.Contacts++
			err = tx.Contacts().Put(p.n.contacts[id])
		}
		if err != nil {
			return conv, false, err
		}
	}
	conv, err = tx.Conversations().Get(p.conv.ID)
	if errors.Is(err, chat.ErrNotFound) {
		p.n.out.Conversations++
		conv = p.conv
		conv.NextSeq = 1
		err = tx.Conversations().Put(conv)
	}
	if err != nil {
		return conv, false, err
	}
	rows, err := tx.Messages().Count(conv.ID)
	return conv, rows == 0 || conv.ReadUpTo == 0 && conv.Unread == 0, err
}

// summarise brings what the list shows up to date. What was imported counts as read.
func (p *placing) summarise(tx chat.Tx, conv chat.Conversation, wasRead bool) error {
	number := conv.NextSeq
	conv, err := tx.Conversations().Get(conv.ID) // Between may have moved its mark
	if err != nil {
		return err
	}
	conv.NextSeq = number
	newest, err := tx.Messages().Page(conv.ID, 0, 1)
	if err != nil {
		return err
	}
	if len(newest) > 0 {
		m := newest[0]
		conv.Last, conv.PreviewOut, conv.Preview = m.DisplayTime(), m.Direction == chat.Out, preview(m)
		if wasRead {
			conv.ReadUpTo = m.Position
		}
	}
	return tx.Conversations().Put(conv)
}

// maxPreview is the length of a preview in characters, the messenger's.
const maxPreview = 120

func preview(m chat.Message) string {
	if m.Deleted || m.Kind != chat.KindText {
		return ""
	}
	line := []rune(strings.Join(strings.Fields(m.Text), " "))
	return string(line[:min(len(line), maxPreview)])
}
