package privacy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/content"
)

// Eraser deletes from this computer and asks peers to delete from theirs: two acts that never share a word.
//
// What it promises is what chat.Store.Erase promises: with the current files and any secret the erased rows cannot be
// read. Older images, old blocks of a disk, backups and what peers keep are beyond it (docs/PRIVACY.md).
type Eraser struct {
	store chat.Store
	audit chat.Auditor
	now   func() time.Time
	mail  mail
}

// NewEraser returns an Eraser. It can ask peers once [Eraser.Connect] was called.
func NewEraser(store chat.Store, audit chat.Auditor, now func() time.Time) *Eraser {
	return &Eraser{store: store, audit: audit, now: now}
}

// Connect hands the eraser the way to the peers. Call it once, before peers are asked or answered.
func (e *Eraser) Connect(self chat.ContactID, out chat.Outbox) { e.mail = mail{self: self, out: out} }

// DeleteMessages deletes messages with their files from this computer and returns how many. A tombstone without text stays in
// each place, so that a late copy revives nothing; one still waiting to be sent is not sent. Errors: chat.ErrNotFound, and
// then nothing was deleted.
func (e *Eraser) DeleteMessages(ctx context.Context, ids ...chat.MessageID) (int, error) {
	count := 0
	err := e.store.Erase(ctx, func(tx chat.Tx) error {
		count = 0
		for _, id := range ids {
			m, err := tx.Messages().Get(id)
			if err != nil {
				return err
			}
			if m.Deleted {
				continue
			}
			held, err := files.Of(tx, m)
			if err != nil {
				return err
			}
			if err := e.mail.bury(tx, m); err != nil {
				return err
			}
			detail := ""
			if held.Files > 0 {
				detail = "with its file"
			}
			if err := e.audit.Record(tx, "message.deleted", id.String(), detail); err != nil {
				return err
			}
			count++
		}
		return forget(tx, ids...)
	})
	if err != nil {
		return 0, fmt.Errorf("deleting messages: %w", err)
	}
	e.mail.flush()
	return count, nil
}

// DeleteConversation deletes a conversation from this computer: its keys, rows, tags and files, and what waits to be sent. With
// ask it also asks the other members to delete theirs; their answers show in [Eraser.Asked]. The contact stays, and an
// empty conversation that only remembers how many messages were numbered, so that later ones keep their order at the
// peer. It returns how many messages went. Errors: chat.ErrNotFound.
func (e *Eraser) DeleteConversation(ctx context.Context, id chat.ConversationID, ask bool) (int, error) {
	var went gone
	err := e.store.Erase(ctx, func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(id)
		if err != nil {
			return err
		}
		if ask {
			if err := e.ask(tx, conv, nil); err != nil {
				return err
			}
		}
		if went, err = e.mail.destroy(tx, conv); err != nil {
			return err
		}
		if err := tx.Conversations().Put(emptied(conv)); err != nil {
			return err
		}
		return e.audit.Record(tx, "conversation.deleted", id.String(), went.words("messages"))
	})
	if err != nil {
		return 0, fmt.Errorf("deleting a conversation: %w", err)
	}
	e.mail.flush()
	return went.messages, nil
}

// gone is what an erasure removed.
type gone struct {
	messages int
	files    int // that were here
}

func (g gone) plus(messages int, held files.Held) gone {
	return gone{g.messages + messages, g.files + held.Files}
}

// words say how much went, for the audit log.
func (g gone) words(noun string) string {
	if g.files == 0 {
		return fmt.Sprintf("%d %s", g.messages, noun)
	}
	return fmt.Sprintf("%d %s, %d files", g.messages, noun, g.files)
}

// emptied is what stays of a conversation: who, since when, and the next number.
func emptied(c chat.Conversation) chat.Conversation {
	return chat.Conversation{
		ID: c.ID, Kind: c.Kind, Members: c.Members, Created: c.Created, NextSeq: c.NextSeq, Muted: c.Muted, Pinned: c.Pinned,
	}
}

// destroy removes a conversation and all that points into it, and returns what it had.
func (out mail) destroy(tx chat.Tx, conv chat.Conversation) (went gone, err error) {
	count, err := tx.Messages().Count(conv.ID)
	if err != nil {
		return went, err
	}
	held, err := files.In(tx, conv.ID)
	if err != nil {
		return went, err
	}
	if err := unqueue(tx, func(_ chat.QueueItem, c content.Content) bool {
		return c.Conv == conv.ID && concernsMessages(c.Kind())
	}); err != nil {
		return went, err
	}
	if err := out.letGoAll(tx, conv.ID); err != nil {
		return went, err
	}
	names := [][]byte{conv.ID[:]}
	if conv.Kind == chat.Direct {
		for i := range conv.Members {
			names = append(names, conv.Members[i][:])
		}
	}
	if err := tx.Events().Forget(func(e chat.Event) bool { return mentions(e.Body, names) }); err != nil {
		return went, err
	}
	return went.plus(count, held), tx.Conversations().Destroy(conv.ID)
}

// bury turns a message into a tombstone and takes away its file and what was said about it.
func (out mail) bury(tx chat.Tx, m chat.Message) error {
	if err := unqueue(tx, func(q chat.QueueItem, c content.Content) bool {
		switch b := c.Body.(type) {
		case content.Edit:
			return b.Target == m.ID
		case content.Reaction:
			return b.Target == m.ID
		}
		return q.Message == m.ID && c.Kind() != content.KindSession
	}); err != nil {
		return err
	}
	if err := tx.Annotations().DeleteForTarget(m.Conversation, m.ID); err != nil && !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	if err := uncount(tx, m); err != nil {
		return err
	}
	if err := out.letGo(tx, m); err != nil && !errors.Is(err, chat.ErrDamaged) {
		return err
	}
	if err := tx.Attachments().Delete(m.ID); err != nil {
		return err
	}
	m.Deleted, m.Edited = true, false
	m.Text, m.File, m.Raw, m.Reactions, m.ReplyTo = "", chat.File{}, nil, nil, chat.MessageID{}
	if m.State == chat.Queued || m.State == chat.Failed {
		m.State, m.Failure = chat.Failed, "deleted"
	}
	_, err := tx.Messages().Put(m)
	return err
}

// uncount takes a message out of the preview and the count of unread ones.
func uncount(tx chat.Tx, m chat.Message) error {
	conv, err := tx.Conversations().Get(m.Conversation)
	if err != nil {
		return err
	}
	newest, err := tx.Messages().Page(conv.ID, 0, 1)
	if err != nil {
		return err
	}
	if len(newest) == 1 && newest[0].ID == m.ID {
		conv.Preview = ""
	}
	if m.Direction == chat.In && m.Position > conv.ReadUpTo && m.State != chat.Read && conv.Unread > 0 {
		conv.Unread--
	}
	return tx.Conversations().Put(conv)
}

// unqueue removes the queued contents that drop picks.
func unqueue(tx chat.Tx, drop func(chat.QueueItem, content.Content) bool) error {
	items, err := tx.Queue().List()
	if err != nil {
		return err
	}
	for _, q := range items {
		c, err := content.Decode(q.Content)
		if err != nil {
			continue // a flushed item may keep its envelope only
		}
		if !drop(q, c) {
			continue
		}
		if err := tx.Queue().Delete(q.ID); err != nil {
			return err
		}
	}
	return nil
}

// concernsMessages separates what was said from what keeps the contact reachable and informed.
func concernsMessages(k content.Kind) bool {
	switch k {
	case content.KindSession, content.KindRoute, content.KindProfile, content.KindConsent, content.KindErasure:
		return false
	}
	return true
}

// forget drops the events that mention one of the messages.
func forget(tx chat.Tx, ids ...chat.MessageID) error {
	names := make([][]byte, 0, len(ids))
	for i := range ids {
		names = append(names, ids[i][:])
	}
	return tx.Events().Forget(func(e chat.Event) bool { return mentions(e.Body, names) })
}

// mentions reports whether the body of an event names one of the ids, as bytes or in hexadecimal.
func mentions(body []byte, ids [][]byte) bool {
	for _, id := range ids {
		if bytes.Contains(body, id) || bytes.Contains(body, fmt.Appendf(nil, "%x", id)) {
			return true
		}
	}
	return false
}
