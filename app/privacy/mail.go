package privacy

import (
	"bytes"
	"fmt"
	"time"

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
