package export

import (
	"encoding/base64"
	"encoding/hex"
	"time"

	"sotto/chat"
)

// The lines of an export, as schema.json describes them. Fields are only ever added.

type conversationLine struct {
	V       int      `json:"v"`
	Type    string   `json:"type"` // "conversation"
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Members []string `json:"members"` // without the exporter
	Created string   `json:"created"`
	Muted   bool     `json:"muted,omitempty"`
	Pinned  bool     `json:"pinned,omitempty"`
	Draft   string   `json:"draft,omitempty"`
}

type messageLine struct {
	V            int            `json:"v"`
	Type         string         `json:"type"` // "message"
	ID           string         `json:"id"`
	Conversation string         `json:"conversation"`
	From         string         `json:"from"`
	Device       string         `json:"device"`
	Direction    string         `json:"direction"`
	Kind         string         `json:"kind"`
	Seq          uint64         `json:"seq"`
	Text         string         `json:"text"`
	File         *filePart      `json:"file,omitempty"`
	Sent         string         `json:"sent"`
	Received     string         `json:"received,omitempty"`
	State        string         `json:"state"`
	Edited       bool           `json:"edited"`
	EditSeq      uint64         `json:"edit_seq,omitempty"`
	Deleted      bool           `json:"deleted,omitempty"`
	Reactions    []reactionPart `json:"reactions"`
	ReplyTo      string         `json:"reply_to,omitempty"`
	ExpiresAfter int64          `json:"expires_after_ms,omitempty"`
	Expires      string         `json:"expires,omitempty"`
	Missing      int            `json:"missing_before,omitempty"`
	Notice       string         `json:"notice,omitempty"`
	NoForward    bool           `json:"no_forward_secrecy,omitempty"`
	Failure      string         `json:"failure,omitempty"`
	Raw          string         `json:"raw,omitempty"` // base64, of a kind this version does not know
}

type reactionPart struct {
	From  string `json:"from"`
	Emoji string `json:"emoji"`
	Seq   uint64 `json:"seq,omitempty"`
}

type contactLine struct {
	V           int    `json:"v"`
	Type        string `json:"type"` // "contact"
	ID          string `json:"id"`
	Name        string `json:"name"`
	ProfileName string `json:"profile_name,omitempty"`
	Bot         bool   `json:"bot,omitempty"`
	State       string `json:"state"`
	Verified    string `json:"verified"`
	Created     string `json:"created"`
	Accepted    string `json:"accepted,omitempty"`
	FirstText   string `json:"first_text,omitempty"`
	Certificate string `json:"certificate,omitempty"` // base64
}

type auditLine struct {
	V       int    `json:"v"`
	Seq     uint64 `json:"seq"`
	Time    string `json:"time"`
	Action  string `json:"action"`
	Subject string `json:"subject,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Prev    string `json:"prev"`
	Hash    string `json:"hash"`
}

func newConversation(c chat.Conversation) conversationLine {
	line := conversationLine{
		V: 1, Type: "conversation", ID: c.ID.String(), Kind: string(c.Kind), Members: []string{}, Created: stamp(c.Created),
		Muted: c.Muted, Pinned: c.Pinned, Draft: c.Draft,
	}
	for _, m := range c.Members {
		line.Members = append(line.Members, m.String())
	}
	return line
}

func newMessage(m chat.Message, file *filePart) messageLine {
	line := messageLine{
		File: file,
		V:    1, Type: "message", ID: m.ID.String(), Conversation: m.Conversation.String(), From: m.Author.String(),
		Device: m.Device.String(), Direction: string(m.Direction), Kind: string(m.Kind), Seq: m.Seq, Text: m.Text,
		Sent: stamp(m.Sent), Received: stamp(m.Received), State: string(m.State), Edited: m.Edited, Deleted: m.Deleted,
		Reactions: []reactionPart{}, ExpiresAfter: m.ExpiresAfter.Milliseconds(), Expires: stamp(m.Expires), Missing: m.Missing, Notice: m.Notice,
		NoForward: m.NoForward, EditSeq: m.EditSeq, Failure: m.Failure, Raw: base64.StdEncoding.EncodeToString(m.Raw),
	}
	for _, r := range m.Reactions {
		line.Reactions = append(line.Reactions, reactionPart{r.From.String(), r.Emoji, r.Seq})
	}
	if !m.ReplyTo.IsZero() {
		line.ReplyTo = m.ReplyTo.String()
	}
	return line
}

func newContact(c chat.Contact) contactLine {
	return contactLine{
		V: 1, Type: "contact", ID: c.ID.String(), Name: c.Name, ProfileName: c.ProfileName, Bot: c.Bot, State: string(c.State),
		Verified: string(c.Verification), Created: stamp(c.Created), Accepted: stamp(c.Accepted), FirstText: c.FirstText,
		Certificate: base64.StdEncoding.EncodeToString(c.Certificate),
	}
}

func newAudit(e chat.AuditEntry) auditLine {
	return auditLine{
		V: 1, Seq: e.Seq, Time: stamp(e.Time), Action: e.Action, Subject: e.Subject, Detail: e.Detail,
		Prev: hex.EncodeToString(e.Prev[:]), Hash: hex.EncodeToString(e.Hash[:]),
	}
}

// stamp is RFC 3339 in UTC with milliseconds, empty for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}
