package sqlite

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/chat"
	"sotto/crypto/vault"
)

// bodies are one full value of every layout, as it is encoded, with its decoder and encoder.
func bodies() map[string]struct {
	body  []byte
	again func([]byte) ([]byte, bool)
} {
	id := [32]byte{1, 2, 3}
	one := func(body []byte, again func([]byte) ([]byte, bool)) struct {
		body  []byte
		again func([]byte) ([]byte, bool)
	} {
		return struct {
			body  []byte
			again func([]byte) ([]byte, bool)
		}{body, again}
	}
	return map[string]struct {
		body  []byte
		again func([]byte) ([]byte, bool)
	}{
		"message": one(encodeMessage(chat.Message{
			Text: "t", Direction: chat.Out, Sent: day, ExpiresAfter: time.Hour, Reactions: []chat.Reaction{{From: id, Emoji: "e"}},
		}), again(decodeMessage, encodeMessage)),
		"message with a file": one(encodeMessage(chat.Message{
			Text: "t", Expires: day, File: chat.File{Name: "n", Type: "t", Size: 1 << 20, Width: 3, Height: 4},
		}), again(decodeMessage, encodeMessage)),
		"attachment": {encodeAttachment(file(1, 2), mark{3}), func(b []byte) ([]byte, bool) {
			a, preview, ok := decodeAttachment(b)
			return encodeAttachment(a, preview), ok
		}},
		"conversation": one(encodeConversation(chat.Conversation{Members: []chat.ContactID{id}, Draft: "d", Last: day}),
			again(decodeConversation, encodeConversation)),
		"contact":    one(encodeContact(chat.Contact{Name: "n", Certificate: []byte("c")}), again(decodeContact, encodeContact)),
		"annotation": one(encodeAnnotation(chat.Annotation{Text: "t"}), again(decodeAnnotation, encodeAnnotation)),
		"session":    one(encodeSession(chat.Session{State: []byte("s")}), again(decodeSession, encodeSession)),
		"prekey":     one(encodePrekey(chat.Prekey{Private: []byte("p"), Erase: day}), again(decodePrekey, encodePrekey)),
		"initial":    one(encodeInitial(day), again(decodeInitial, encodeInitial)),
		"rejected":   one(encodeRejected(chat.Rejected{Count: 3, First: day}), again(decodeRejected, encodeRejected)),
		"mailbox":    one(encodeMailbox(chat.Mailbox{Relay: "r", Cell: []byte("c")}), again(decodeMailbox, encodeMailbox)),
		"route":      one(encodeRoute(chat.Route{Relay: "r", Seq: 1 << 60}), again(decodeRoute, encodeRoute)),
		"invitation": one(encodeInvitation(chat.Invitation{ID: "i", Max: -1}), again(decodeInvitation, encodeInvitation)),
		"queue":      one(encodeQueueItem(chat.QueueItem{ID: 7, Content: []byte("c")}), again(decodeQueueItem, encodeQueueItem)),
		"consent":    one(encodeConsent(chat.Consent{ID: "c", Time: day}), again(decodeConsent, encodeConsent)),
		"audit":      one(encodeEntry(chat.AuditEntry{Seq: 1, Action: "a"}), again(decodeEntry, encodeEntry)),
		"event":      one(encodeEvent(chat.Event{Seq: 1, Body: []byte("b")}), again(decodeEvent, encodeEvent)),
		"setting":    one(encodeSetting(setting{"n", []byte("v")}), again(decodeSetting, encodeSetting)),
		"segment":    one(encodeSegment([]entry{{5, 9, mark{1}}, {7, 3, mark{2}}}), again(decodeSegment, encodeSegment)),
		"thread": one(encodeThread(threadState{
			last: 9, bound: 4, recent: []entry{{5, 9, mark{1}}}, settled: 3, older: vault.Digest{Count: 1},
			heads: []head{{vault.Tag{1}, 7}},
		}), again(decodeThread, encodeThread)),
		"ending": one(encodeEnding(ending{thread: 2, at: day, id: chat.MessageID{1}, unread: true}), again(decodeEnding, encodeEnding)),
		"left": one(encodeLeft(leftList{
			[]left{{message: 5, thread: 2, row: 9, element: vault.Element{1}}},
			[]leftFile{{message: 5, row: 3, key: 40, rowElement: vault.Element{2}, keyElement: vault.Element{3}}},
		}), again(decodeLeft, encodeLeft)),
	}
}

func again[V any](decode func([]byte) (V, bool), encode func(V) []byte) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) {
		v, ok := decode(b)
		return encode(v), ok
	}
}

func TestBodiesAreReadBackAndNothingElseIs(t *testing.T) {
	for name, c := range bodies() {
		if got, ok := c.again(c.body); !ok || !bytes.Equal(got, c.body) {
			t.Errorf("%s is not read back: %v", name, ok)
		}
		for n := range c.body {
			if _, ok := c.again(c.body[:n]); ok {
				t.Errorf("%s cut to %d is accepted", name, n)
			}
		}
		if _, ok := c.again(append(bytes.Clone(c.body), 0)); ok {
			t.Errorf("%s with a byte more is accepted", name)
		}
		newer := bytes.Clone(c.body)
		newer[0]++
		if _, ok := c.again(newer); ok {
			t.Errorf("%s of another version is accepted", name)
		}
	}
}

// TestTheListOfALockByAnEarlierVersionIsRead: it was locked by a program that knew no attachments.
func TestTheListOfALockByAnEarlierVersionIsRead(t *testing.T) {
	want := leftList{annotations: []left{{message: 5, thread: 2, row: 9, element: vault.Element{1}}}}
	b := layout(leftV1).uint(1).int(5).int(2).int(9).fixed(want.annotations[0].element[:]).b
	if got, ok := decodeLeft(b); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %t", got, ok)
	}
}

func TestInstantsSurviveAnyYear(t *testing.T) {
	for _, want := range []time.Time{
		{}, day, time.Unix(0, 0).UTC(), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		r := read(layout(1).time(want).b, 1)
		if got := r.time(); !r.done() || !reflect.DeepEqual(got, want) {
			t.Errorf("%v is read back as %v", want, got)
		}
	}
}

func FuzzBodies(f *testing.F) {
	all := bodies()
	for _, c := range all {
		f.Add(c.body)
	}
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, c := range all {
			alloc.Check(t, len(b), func() { c.again(b) })
			first, ok := c.again(b)
			if !ok {
				continue
			}
			if second, ok := c.again(first); !ok || !bytes.Equal(first, second) {
				t.Errorf("%s does not settle", name)
			}
		}
	})
}
