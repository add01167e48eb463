package sqlite

import (
	"time"

	"sotto/chat"
)

// A message that has an end is written in the second layout, which adds it; one with a file in the third, which adds both;
// others in the first.
const (
	messageV1 = 1
	messageV2 = 2
	messageV3 = 3
)

// Flags of a message body.
const (
	flagOut = 1 << iota
	flagEdited
	flagDeleted
	flagNoForward
)

func encodeMessage(m chat.Message) []byte {
	flags := uint64(0)
	for _, f := range []struct {
		set bool
		bit uint64
	}{{m.Direction == chat.Out, flagOut}, {m.Edited, flagEdited}, {m.Deleted, flagDeleted}, {m.NoForward, flagNoForward}} {
		if f.set {
			flags |= f.bit
		}
	}
	version := byte(messageV1)
	if !m.Expires.IsZero() {
		version = messageV2
	}
	if !m.File.IsZero() {
		version = messageV3
	}
	w := layout(version).fixed(m.ID[:]).fixed(m.Conversation[:]).fixed(m.Author[:]).fixed(m.Device[:]).uint(flags).
		text(string(m.Kind)).uint(m.Seq).time(m.Sent).time(m.Received).text(string(m.State)).text(m.Text).
		fixed(m.ReplyTo[:]).int(int64(m.ExpiresAfter)).uint(m.EditSeq).uint(uint64(len(m.Reactions)))
	for _, r := range m.Reactions {
		w.fixed(r.From[:]).text(r.Emoji).uint(r.Seq)
	}
	w.text(m.Notice).bytes(m.Raw).int(int64(m.Missing)).text(m.Failure).int(m.Revision)
	if version >= messageV2 {
		w.time(m.Expires)
	}
	if f := m.File; version >= messageV3 {
		w.text(f.Name).text(f.Type).int(f.Size).int(int64(f.Width)).int(int64(f.Height))
	}
	return w.b
}

func decodeMessage(b []byte) (m chat.Message, ok bool) {
	version := byte(messageV1)
	if len(b) > 0 && (b[0] == messageV2 || b[0] == messageV3) {
		version = b[0]
	}
	r := read(b, version)
	r.fixed(m.ID[:])
	r.fixed(m.Conversation[:])
	r.fixed(m.Author[:])
	r.fixed(m.Device[:])
	flags := r.uint()
	m.Direction = chat.In
	if flags&flagOut != 0 {
		m.Direction = chat.Out
	}
	m.Edited, m.Deleted, m.NoForward = flags&flagEdited != 0, flags&flagDeleted != 0, flags&flagNoForward != 0
	m.Kind, m.Seq, m.Sent, m.Received = chat.MessageKind(r.text()), r.uint(), r.time(), r.time()
	m.State, m.Text = chat.MessageState(r.text()), r.text()
	r.fixed(m.ReplyTo[:])
	m.ExpiresAfter, m.EditSeq = time.Duration(r.int()), r.uint()
	for range r.count(len(chat.ContactID{}) + 2) {
		var v chat.Reaction
		r.fixed(v.From[:])
		v.Emoji, v.Seq = r.text(), r.uint()
		m.Reactions = append(m.Reactions, v)
	}
	m.Notice, m.Raw, m.Missing, m.Failure, m.Revision = r.text(), r.bytes(), int(r.int()), r.text(), r.int()
	if version >= messageV2 {
		m.Expires = r.time()
		r.failed = r.failed || version == messageV2 && m.Expires.IsZero()
	}
	if version >= messageV3 {
		m.File = chat.File{Name: r.text(), Type: r.text(), Size: r.int(), Width: int(r.int()), Height: int(r.int())}
		r.failed = r.failed || m.File.IsZero()
	}
	return m, r.done()
}

// normal returns the message as a later Get will: instants in UTC without a monotonic reading.
func normal(m chat.Message) chat.Message {
	m.Sent, m.Received, m.Expires = instant(m.Sent), instant(m.Received), instant(m.Expires)
	return m
}

func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(t.Unix(), int64(t.Nanosecond())).UTC()
}
