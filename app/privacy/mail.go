package privacy

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/encode"
)

// mail is the way to the peers.
type mail struct {
	self chat.ContactID
	out  chat.Outbox
}

// send queues a content of the direct conversation with the peer. Errors: chat.ErrUnsupported before Connect.
func (m mail) send(tx chat.Tx, to chat.ContactID, id chat.MessageID, now time.Time, body content.Body) error {
	if m.out == nil {
		return fmt.Errorf("%w: not connected to the messenger", chat.ErrUnsupported)
	}
	b, err := content.Content{ID: id, Conv: DirectConversation(m.self, to), Sent: now, Body: body}.Encode()
	if err != nil {
		return err
	}
	return m.out.Enqueue(tx, to, id, b)
}

// letGo lets the file of a message that is about to be deleted be forgotten where it lies elsewhere.
func (m mail) letGo(tx chat.Tx, msg chat.Message) error {
	if m.out == nil || msg.Kind != chat.KindAttachment {
		return nil
	}
	return m.out.LetGo(tx, msg)
}

// letGoAll is letGo for a whole conversation. What is damaged from some place on is left to the relay, which lets go of it by
// itself.
func (m mail) letGoAll(tx chat.Tx, conv chat.ConversationID) error {
	for before := int64(0); m.out != nil; {
		page, err := tx.Attachments().Page(conv, before, files.Page)
		if errors.Is(err, chat.ErrDamaged) || errors.Is(err, chat.ErrNotFound) || err == nil && len(page) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		for _, msg := range page {
			if err := m.letGo(tx, msg); err != nil && !errors.Is(err, chat.ErrDamaged) {
				return err
			}
			before = msg.Position
		}
	}
	return nil
}

func (m mail) flush() {
	if m.out != nil {
		m.out.Flush()
	}
}

// DirectConversation is the id of the conversation of two identities (docs/PROTOCOL.md section 8).
func DirectConversation(a, b chat.ContactID) chat.ConversationID {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return encode.Hash(encode.DirectConversation, a[:], b[:])
}
