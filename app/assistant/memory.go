package assistant

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"sotto/app/messenger"
	"sotto/chat"
)

// Settings of the Guide's store. Neither holds a word of what was said.
const (
	answeredSetting = "assistant.answered" // ids of the last questions, 16 bytes each, oldest first
	greetedPrefix   = "assistant.greeted."
)

// keptAnswered is how many ids are kept, so that a question that comes twice is answered once.
const keptAnswered = 512

// answeredIDs is a bounded list of ids.
type answeredIDs []byte

func (a answeredIDs) has(id chat.MessageID) bool {
	for b := a; len(b) >= len(id); b = b[len(id):] {
		if bytes.Equal(b[:len(id)], id[:]) {
			return true
		}
	}
	return false
}

func (a answeredIDs) with(id chat.MessageID) answeredIDs {
	if a.has(id) {
		return a
	}
	a = append(a, id[:]...)
	if over := len(a) - keptAnswered*len(id); over > 0 {
		a = a[over:]
	}
	return a
}

func loadAnswered(ctx context.Context, store chat.Store) (answeredIDs, error) {
	var a answeredIDs
	err := store.View(ctx, func(tx chat.Tx) (err error) {
		a, err = answeredIn(tx)
		return err
	})
	return a, err
}

func answeredIn(tx chat.Tx) (answeredIDs, error) {
	b, err := tx.Settings().Get(answeredSetting)
	if errors.Is(err, chat.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

// greet says who the Guide is to a contact that has not asked anything, once.
func (g *Guide) greet(ctx context.Context, id chat.ContactID, conv chat.ConversationID, t *thread) error {
	name := greetedPrefix + id.String()
	known := false
	err := g.store.View(ctx, func(tx chat.Tx) error {
		_, err := tx.Settings().Get(name)
		known = err == nil
		if errors.Is(err, chat.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil || known {
		return err
	}
	// Remembered first: rather no greeting after a crash than two.
	if err := g.store.Update(ctx, func(tx chat.Tx) error { return tx.Settings().Put(name, []byte{1}) }); err != nil {
		return err
	}
	if len(t.questions) > 0 {
		return nil
	}
	if _, err := g.m.Send(ctx, conv, welcome, messenger.SendOptions{}); err != nil {
		return err
	}
	t.waiting++
	return nil
}

// forget destroys the conversation with its keys, and with it edits and reactions that came late. What stays is its
// numbering and the ids of the questions. It looks again inside the unit of work: what came in meanwhile is not lost.
func (g *Guide) forget(ctx context.Context, id chat.ContactID, conv chat.ConversationID, t *thread) error {
	err := g.store.Erase(ctx, func(tx chat.Tx) error {
		c, err := tx.Conversations().Get(conv)
		if errors.Is(err, chat.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if n, err := tx.Messages().Count(conv); err != nil || n != t.rows {
			return err // something new: its event brings us back
		}
		answered, err := answeredIn(tx)
		if err != nil {
			return err
		}
		for _, q := range t.questions {
			answered = answered.with(q)
		}
		if err := tx.Settings().Put(answeredSetting, answered); err != nil {
			return err
		}
		if err := tx.Events().Forget(func(e chat.Event) bool { return mentions(e.Body, conv, id) }); err != nil {
			return err
		}
		if err := tx.Conversations().Destroy(conv); err != nil {
			return err
		}
		if err := tx.Conversations().Put(chat.Conversation{
			ID: c.ID, Kind: c.Kind, Members: c.Members, Created: c.Created, NextSeq: c.NextSeq,
		}); err != nil {
			return err
		}
		return clearFirstText(tx, id)
	})
	if err != nil {
		return fmt.Errorf("forgetting: %w", err)
	}
	return nil
}

// clearFirstText removes the text of the request, which the contact still carries.
func clearFirstText(tx chat.Tx, id chat.ContactID) error {
	c, err := tx.Contacts().Get(id)
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	if err != nil || c.FirstText == "" {
		return err
	}
	c.FirstText = ""
	return tx.Contacts().Put(c)
}

func mentions(body []byte, conv chat.ConversationID, id chat.ContactID) bool {
	for _, name := range [][]byte{conv[:], []byte(conv.String()), id[:], []byte(id.String())} {
		if bytes.Contains(body, name) {
			return true
		}
	}
	return false
}
