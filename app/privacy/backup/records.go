package backup

import (
	"strings"
	"time"

	"sotto/chat"
)

// version is the form of the lines this package writes, and the newest it reads. Form 1 had no files.
const version = 2

// Names of the lines; each is the value of the member t, which comes first.
const (
	lineHeader       = "sotto-backup"
	lineSetting      = "setting"
	lineContact      = "contact"
	lineRoute        = "route"
	lineConsent      = "consent"
	lineAudit        = "audit"
	lineConversation = "conversation"
	lineMessage      = "message"
	lineAttachment   = "attachment"
	lineAnnotation   = "annotation"
	lineFile         = "file"
	lineEnd          = "end"
)

type headerLine struct {
	T        string         `json:"t"`
	V        int            `json:"v"`
	ID       string         `json:"id"` // 16 hexadecimal digits, random
	Created  time.Time      `json:"created"`
	Identity chat.ContactID `json:"identity"`
	Name     string         `json:"name"`
	Messages int            `json:"messages"`        // for a progress bar; the end line counts
	Steps    int            `json:"steps,omitempty"` // pieces of the files, for the same
	Without  bool           `json:"without_files,omitempty"`
}

type settingLine struct {
	T     string `json:"t"`
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

type contactLine struct {
	T            string            `json:"t"`
	ID           chat.ContactID    `json:"id"`
	Name         string            `json:"name"`
	ProfileName  string            `json:"profile_name,omitempty"`
	Bot          bool              `json:"bot,omitempty"`
	State        chat.ContactState `json:"state"`
	Verification chat.Verification `json:"verified"`
	Certificate  []byte            `json:"certificate,omitempty"`
	DeviceList   []byte            `json:"device_list,omitempty"`
	Created      time.Time         `json:"created,omitzero"`
	Accepted     time.Time         `json:"accepted,omitzero"`
	FirstText    string            `json:"first_text,omitempty"`
	Removed      bool              `json:"removed,omitempty"`
}

func newContact(c chat.Contact) contactLine {
	return contactLine{
		T: lineContact, ID: c.ID, Name: c.Name, ProfileName: c.ProfileName, Bot: c.Bot, State: c.State, Verification: c.Verification,
		Certificate: c.Certificate, DeviceList: c.DeviceList, Created: c.Created, Accepted: c.Accepted, FirstText: c.FirstText,
		Removed: c.Removed,
	}
}

func (l contactLine) value() chat.Contact {
	return chat.Contact{
		ID: l.ID, Name: l.Name, ProfileName: l.ProfileName, Bot: l.Bot, State: l.State, Verification: l.Verification,
		Certificate: l.Certificate, DeviceList: l.DeviceList, Created: l.Created, Accepted: l.Accepted, FirstText: l.FirstText,
		Removed: l.Removed,
	}
}

type routeLine struct {
	T       string         `json:"t"`
	Peer    chat.ContactID `json:"peer"`
	Device  chat.DeviceID  `json:"device"`
	Seq     uint64         `json:"seq"`
	Relay   string         `json:"relay"`
	Mailbox chat.MailboxID `json:"mailbox"`
	Token   []byte         `json:"token"`
	Secret  []byte         `json:"secret"`
}

func newRoute(r chat.Route) routeLine {
	return routeLine{
		T: lineRoute, Peer: r.Peer, Device: r.Device, Seq: r.Seq, Relay: r.Relay, Mailbox: r.Mailbox, Token: r.Token, Secret: r.Secret,
	}
}

func (l routeLine) value() chat.Route {
	return chat.Route{
		Peer: l.Peer, Device: l.Device, Seq: l.Seq, Relay: l.Relay, Mailbox: l.Mailbox, Token: l.Token, Secret: l.Secret,
	}
}

type consentLine struct {
	T       string            `json:"t"`
	ID      string            `json:"id"`
	Subject chat.ContactID    `json:"subject,omitzero"`
	Purpose chat.Purpose      `json:"purpose"`
	Notice  string            `json:"notice"`
	State   chat.ConsentState `json:"state"`
	Method  string            `json:"method"`
	Time    time.Time         `json:"time"`
	Expires time.Time         `json:"expires,omitzero"`
	ByPeer  bool              `json:"by_peer,omitempty"`
}

func newConsent(c chat.Consent) consentLine {
	return consentLine{
		T: lineConsent, ID: c.ID, Subject: c.Subject, Purpose: c.Purpose, Notice: c.Notice, State: c.State, Method: c.Method,
		Time: c.Time, Expires: c.Expires, ByPeer: c.ByPeer,
	}
}

func (l consentLine) value() chat.Consent {
	return chat.Consent{
		ID: l.ID, Subject: l.Subject, Purpose: l.Purpose, Notice: l.Notice, State: l.State, Method: l.Method, Time: l.Time,
		Expires: l.Expires, ByPeer: l.ByPeer,
	}
}

type auditLine struct {
	T       string    `json:"t"`
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Action  string    `json:"action"`
	Subject string    `json:"subject,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Prev    []byte    `json:"prev"`
	Hash    []byte    `json:"hash"`
}

func newAudit(e chat.AuditEntry) auditLine {
	return auditLine{
		T: lineAudit, Seq: e.Seq, Time: e.Time, Action: e.Action, Subject: e.Subject, Detail: e.Detail, Prev: e.Prev[:], Hash: e.Hash[:],
	}
}

func (l auditLine) value() (chat.AuditEntry, bool) {
	if len(l.Prev) != 32 || len(l.Hash) != 32 {
		return chat.AuditEntry{}, false
	}
	return chat.AuditEntry{
		Seq: l.Seq, Time: l.Time, Action: l.Action, Subject: l.Subject, Detail: l.Detail, Prev: [32]byte(l.Prev), Hash: [32]byte(l.Hash),
	}, true
}

type conversationLine struct {
	T          string                `json:"t"`
	ID         chat.ConversationID   `json:"id"`
	Kind       chat.ConversationKind `json:"kind"`
	Members    []chat.ContactID      `json:"members"`
	Created    time.Time             `json:"created,omitzero"`
	NextSeq    uint64                `json:"next_seq"`
	Unread     int                   `json:"unread,omitempty"`
	ReadUpTo   int64                 `json:"read_up_to,omitempty"`
	Draft      string                `json:"draft,omitempty"`
	Last       time.Time             `json:"last,omitzero"`
	Preview    string                `json:"preview,omitempty"`
	PreviewOut bool                  `json:"preview_out,omitempty"`
	Pinned     bool                  `json:"pinned,omitempty"`
	Muted      bool                  `json:"muted,omitempty"`
}

func newConversation(c chat.Conversation) conversationLine {
	return conversationLine{
		T: lineConversation, ID: c.ID, Kind: c.Kind, Members: c.Members, Created: c.Created, NextSeq: c.NextSeq, Unread: c.Unread,
		ReadUpTo: c.ReadUpTo, Draft: cut(c.Draft), Last: c.Last, Preview: c.Preview, PreviewOut: c.PreviewOut, Pinned: c.Pinned, Muted: c.Muted,
	}
}

// maxDraft is how much of what was not sent is kept, in bytes: more than can be sent, and less than a line holds, however
// it has to be written.
const maxDraft = 1 << 16

func cut(draft string) string {
	if len(draft) <= maxDraft {
		return draft
	}
	return strings.ToValidUTF8(draft[:maxDraft], "")
}

func (l conversationLine) value() chat.Conversation {
	return chat.Conversation{
		ID: l.ID, Kind: l.Kind, Members: l.Members, Created: l.Created, NextSeq: l.NextSeq, Unread: l.Unread, ReadUpTo: l.ReadUpTo,
		Draft: l.Draft, Last: l.Last, Preview: l.Preview, PreviewOut: l.PreviewOut, Pinned: l.Pinned, Muted: l.Muted,
	}
}

// messageLine is a message of the conversation whose line came last.
type messageLine struct {
	T            string            `json:"t"`
	ID           chat.MessageID    `json:"id"`
	Author       chat.ContactID    `json:"from"`
	Device       chat.DeviceID     `json:"device,omitzero"`
	Direction    chat.Direction    `json:"direction"`
	Kind         chat.MessageKind  `json:"kind"`
	Seq          uint64            `json:"seq,omitempty"`
	Sent         time.Time         `json:"sent,omitzero"`
	Received     time.Time         `json:"received,omitzero"`
	State        chat.MessageState `json:"state"`
	Text         string            `json:"text,omitempty"`
	File         filePart          `json:"file,omitzero"`
	ReplyTo      chat.MessageID    `json:"reply_to,omitzero"`
	ExpiresAfter time.Duration     `json:"expires_after_ns,omitempty"`
	Expires      time.Time         `json:"expires,omitzero"`
	Edited       bool              `json:"edited,omitempty"`
	EditSeq      uint64            `json:"edit_seq,omitempty"`
	Deleted      bool              `json:"deleted,omitempty"`
	Reactions    []reactionPart    `json:"reactions,omitempty"`
	Notice       string            `json:"notice,omitempty"`
	Raw          []byte            `json:"raw,omitempty"`
	Missing      int               `json:"missing_before,omitempty"`
	Failure      string            `json:"failure,omitempty"`
	NoForward    bool              `json:"no_forward_secrecy,omitempty"`
	Position     int64             `json:"position"`
}

// filePart is what the author of a message says of its file.
type filePart struct {
	Name   string `json:"name"`
	Type   string `json:"type,omitempty"`
	Size   int64  `json:"size"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

type reactionPart struct {
	From  chat.ContactID `json:"from"`
	Emoji string         `json:"emoji"`
	Seq   uint64         `json:"seq"`
}

func newMessage(m chat.Message) messageLine {
	l := messageLine{
		T: lineMessage, ID: m.ID, Author: m.Author, Device: m.Device, Direction: m.Direction, Kind: m.Kind, Seq: m.Seq, Sent: m.Sent,
		Received: m.Received, State: m.State, Text: m.Text, File: filePart(m.File), ReplyTo: m.ReplyTo, ExpiresAfter: m.ExpiresAfter, Expires: m.Expires, Edited: m.Edited,
		EditSeq: m.EditSeq, Deleted: m.Deleted, Notice: m.Notice, Raw: m.Raw, Missing: m.Missing, Failure: m.Failure,
		NoForward: m.NoForward, Position: m.Position,
	}
	for _, r := range m.Reactions {
		l.Reactions = append(l.Reactions, reactionPart(r))
	}
	return l
}

func (l messageLine) value(conv chat.ConversationID) chat.Message {
	m := chat.Message{
		ID: l.ID, Conversation: conv, Author: l.Author, Device: l.Device, Direction: l.Direction, Kind: l.Kind, Seq: l.Seq, Sent: l.Sent,
		Received: l.Received, State: l.State, Text: l.Text, File: chat.File(l.File), ReplyTo: l.ReplyTo, ExpiresAfter: l.ExpiresAfter, Expires: l.Expires, Edited: l.Edited,
		EditSeq: l.EditSeq, Deleted: l.Deleted, Notice: l.Notice, Raw: l.Raw, Missing: l.Missing, Failure: l.Failure,
		NoForward: l.NoForward, Position: l.Position,
	}
	for _, r := range l.Reactions {
		m.Reactions = append(m.Reactions, chat.Reaction(r))
	}
	return m
}

// annotationLine is an annotation in the conversation whose line came last.
type annotationLine struct {
	T      string              `json:"t"`
	ID     chat.MessageID      `json:"id"`
	Target chat.MessageID      `json:"target"`
	Kind   chat.AnnotationKind `json:"kind"`
	Author chat.ContactID      `json:"from"`
	Seq    uint64              `json:"seq"`
	Sent   time.Time           `json:"sent,omitzero"`
	Text   string              `json:"text,omitempty"`
}

func newAnnotation(a chat.Annotation) annotationLine {
	return annotationLine{T: lineAnnotation, ID: a.ID, Target: a.Target, Kind: a.Kind, Author: a.Author, Seq: a.Seq, Sent: a.Sent, Text: a.Text}
}

func (l annotationLine) value(conv chat.ConversationID) chat.Annotation {
	return chat.Annotation{ID: l.ID, Conversation: conv, Target: l.Target, Kind: l.Kind, Author: l.Author, Seq: l.Seq, Sent: l.Sent, Text: l.Text}
}

// Counts says how many lines of each kind there are.
type Counts struct {
	Settings      int `json:"settings"`
	Contacts      int `json:"contacts"`
	Routes        int `json:"routes"`
	Consents      int `json:"consents"`
	AuditEntries  int `json:"audit_entries"`
	Conversations int `json:"conversations"`
	Messages      int `json:"messages"`
	Attachments   int `json:"attachments,omitempty"`
	Annotations   int `json:"annotations"`
	Files         int `json:"files,omitempty"`
}

// add counts one line and reports whether its kind is one that is counted.
func (c *Counts) add(kind string) bool {
	switch kind {
	case lineMessage:
		c.Messages++
	case lineAnnotation:
		c.Annotations++
	case lineAttachment:
		c.Attachments++
	case lineFile:
		c.Files++
	case lineConversation:
		c.Conversations++
	case lineAudit:
		c.AuditEntries++
	case lineConsent:
		c.Consents++
	case lineRoute:
		c.Routes++
	case lineContact:
		c.Contacts++
	case lineSetting:
		c.Settings++
	default:
		return false
	}
	return true
}

type endLine struct {
	T       string `json:"t"`
	Counts  Counts `json:"counts"`
	Damaged int    `json:"damaged,omitempty"` // messages that could not be read, and are not in it
	SHA256  string `json:"sha256"`            // of all bytes before this line
}
