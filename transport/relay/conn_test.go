package relay

import (
	"net/netip"
	"testing"

	"sotto/transport/wire"
)

// TestNoMessageToAClientIsLongerThanItReads joins the largest answers there are: whoever asks for many at once gets them in
// messages of at most wire.MaxMessage.
func TestNoMessageToAClientIsLongerThanItReads(t *testing.T) {
	for name, body := range map[string]wire.Body{
		"prekeys": &wire.PrekeyFrame{
			Bundle: make([]byte, wire.MaxBundle), Prekey: &wire.Prekey{ID: 1, Sealed: make([]byte, wire.MaxPrekey)},
		},
		"missing mailboxes": &wire.Authed{Missing: make([]wire.Mailbox, wire.MaxAuthMailboxes)},
		"envelopes":         &wire.PushFrame{Seq: 1, Envelope: make([]byte, wire.MaxEnvelope)},
		"small answers":     &wire.OK{},
	} {
		c := newConn(&Relay{ctx: t.Context()}, netip.Prefix{}, 1)
		const many = 600
		for range many {
			c.reply(0, body)
		}
		sent := 0
		for sent < many {
			message, frames, err := c.join(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(frames) == 0 || len(frames) > wire.MaxFrames || len(message) > wire.MaxMessage {
				t.Fatalf("%s: a message of %d frames and %d bytes", name, len(frames), len(message))
			}
			sent += len(frames)
		}
		if c.queueBytes != 0 {
			t.Errorf("%s: %d bytes are said to wait", name, c.queueBytes)
		}
	}
}
