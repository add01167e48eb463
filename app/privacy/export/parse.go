package export

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/crypto/identity"
)

// The way back from the lines of an export to what the store holds. Each answers false for a line that this program would
// not have written.

func parseConversation(b []byte) (c chat.Conversation, ok bool) {
	var l conversationLine
	if !unmarshal(b, &l) || l.V != 1 || l.Type != "conversation" || len(l.Members) > 1024 {
		return c, false
	}
	c = chat.Conversation{Kind: chat.ConversationKind(l.Kind), Muted: l.Muted, Pinned: l.Pinned, Draft: l.Draft}
	if c.ID.UnmarshalText([]byte(l.ID)) != nil || c.Kind != chat.Direct && c.Kind != chat.Group {
		return c, false
	}
	for _, m := range l.Members {
		id, err := chat.ParseContactID(m)
		if err != nil {
			return c, false
		}
		c.Members = append(c.Members, id)
	}
	c.Created, ok = unstamp(l.Created)
	return c, ok
}

// parsed is a message with its line's word on where its file is.
type parsed struct {
	chat.Message
	file filePart // of one that has a file
}

func parseMessage(b []byte) (m parsed, ok bool) {
	var l messageLine
	if !unmarshal(b, &l) || l.V != 1 || l.Type != "message" || !utf8.ValidString(l.Text) || l.ExpiresAfter < 0 ||
		l.ExpiresAfter > int64(100*365*24*time.Hour/time.Millisecond) || l.Missing < 0 || len(l.Reactions) > 4096 ||
		l.Seq > 1<<62 {
		return m, false
	}
	m.Message = chat.Message{
		Direction: chat.Direction(l.Direction), Kind: chat.MessageKind(l.Kind), Seq: l.Seq, Text: l.Text, State: chat.MessageState(l.State),
		Edited: l.Edited, EditSeq: l.EditSeq, Deleted: l.Deleted, ExpiresAfter: time.Duration(l.ExpiresAfter) * time.Millisecond,
		Missing: l.Missing, Notice: l.Notice, NoForward: l.NoForward, Failure: l.Failure,
	}
	kinds := []chat.MessageKind{chat.KindText, chat.KindAttachment, chat.KindNotice, chat.KindUnknown}
	states := []chat.MessageState{chat.Queued, chat.Sent, chat.Delivered, chat.Read, chat.Failed}
	if m.Direction != chat.In && m.Direction != chat.Out || !slices.Contains(kinds, m.Kind) || !slices.Contains(states, m.State) ||
		m.ID.UnmarshalText([]byte(l.ID)) != nil || m.ID.IsZero() || m.Conversation.UnmarshalText([]byte(l.Conversation)) != nil ||
		m.Author.UnmarshalText([]byte(l.From)) != nil || m.Device.UnmarshalText([]byte(l.Device)) != nil {
		return m, false
	}
	if l.File != nil && !m.take(*l.File) {
		return m, false
	}
	if l.ReplyTo != "" && m.ReplyTo.UnmarshalText([]byte(l.ReplyTo)) != nil {
		return m, false
	}
	for _, r := range l.Reactions {
		from, err := chat.ParseContactID(r.From)
		if err != nil {
			return m, false
		}
		m.Reactions = append(m.Reactions, chat.Reaction{From: from, Emoji: r.Emoji, Seq: r.Seq})
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(l.Raw)
	if err != nil {
		return m, false
	}
	if len(raw) > 0 {
		m.Raw = raw
	}
	var sent, received, expires bool
	m.Sent, sent = unstamp(l.Sent)
	m.Received, received = unstamp(l.Received)
	m.Expires, expires = unstamp(l.Expires)
	return m, sent && received && expires
}

// take sets the file of a message; false for one that this program would not have written.
func (m *parsed) take(f filePart) bool {
	m.File = chat.File{Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height}
	m.file = f
	here := f.State == fileHere && f.Path != "" && f.SHA256 != ""
	missing := f.State == fileMissing && f.Path == "" && f.SHA256 == ""
	if m.Kind != chat.KindAttachment || m.Deleted || !here && !missing || !files.Valid(m.File) {
		return false
	}
	m.File.Name = chat.CleanFileName(f.Name)
	return true
}

// parseContact returns a contact as it is taken in: whatever the export says, the safety number is to be compared anew.
func parseContact(b []byte) (c chat.Contact, ok bool) {
	var l contactLine
	if !unmarshal(b, &l) || l.V != 1 || l.Type != "contact" {
		return c, false
	}
	c = chat.Contact{
		Name: l.Name, ProfileName: l.ProfileName, Bot: l.Bot, State: chat.ContactState(l.State), Verification: chat.Unverified,
		FirstText: l.FirstText,
	}
	states := []chat.ContactState{chat.ContactPending, chat.ContactRequest, chat.ContactAccepted, chat.ContactBlocked}
	if c.ID.UnmarshalText([]byte(l.ID)) != nil || !slices.Contains(states, c.State) || !utf8.ValidString(l.Name) || len(l.Name) > 1024 {
		return c, false
	}
	if c.State == chat.ContactRequest {
		c.State = chat.ContactPending // the request itself is not in an export
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(l.Certificate)
	if err != nil {
		return c, false
	}
	if len(raw) > 0 {
		certificate, err := identity.ParseCertificate(raw)
		if err != nil || chat.ContactID(certificate.Fingerprint()) != c.ID {
			return c, false
		}
		c.Certificate = raw
	}
	var created, accepted bool
	c.Created, created = unstamp(l.Created)
	c.Accepted, accepted = unstamp(l.Accepted)
	return c, created && accepted
}

// unstamp reads what stamp wrote.
func unstamp(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(timeLayout, s)
	return t.UTC(), err == nil && t.Year() >= 1970
}

// unmarshal reads one JSON object and nothing after it. Members that are not known came later (fields are only added).
func unmarshal(b []byte, v any) bool {
	dec := json.NewDecoder(strings.NewReader(string(b)))
	if dec.Decode(v) != nil {
		return false
	}
	_, err := dec.Token()
	return errors.Is(err, io.EOF)
}
