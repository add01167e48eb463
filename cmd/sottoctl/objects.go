package main

import (
	"strconv"
	"strings"

	"sotto/app/messenger"
	"sotto/chat"
)

// contactObject is a contact (docs/CLI.md, "Objects").
type contactObject struct {
	V        v1     `json:"v"`
	ID       string `json:"id"`
	Name     string `json:"name"`
	State    string `json:"state"`    // pending, request, accepted, blocked
	Verified string `json:"verified"` // verified, unverified, changed
	Unread   int    `json:"unread"`
	Bot      bool   `json:"bot"`
	// Timer is how long new messages of the conversation stay; null: for ever.
	Timer *string `json:"timer"`
}

func newContact(c chat.Contact, unread int) contactObject {
	return contactObject{
		ID: c.ID.String(), Name: c.Name, State: string(c.State), Verified: string(c.Verification), Unread: unread, Bot: c.Bot,
	}
}

func (c contactObject) print(p *page) {
	bot := ""
	if c.Bot {
		bot = "yes"
	}
	p.pairs(
		[2]string{"name", plain(c.Name)}, [2]string{"state", c.State}, [2]string{"verified", c.Verified},
		[2]string{"bot", bot}, [2]string{"unread", count(c.Unread)}, [2]string{"id", c.ID},
	)
}

type contactList []contactObject

func (l contactList) print(p *page) {
	if len(l) == 0 {
		return
	}
	rows := make([][]string, len(l))
	for i, c := range l {
		name := plain(c.Name)
		if c.Bot {
			name += " (bot)"
		}
		rows[i] = []string{name, c.State, c.Verified, count(c.Unread), short(c.ID)}
	}
	p.table([]string{"NAME", "STATE", "VERIFIED", "UNREAD", "ID"}, rows)
}

// requestObject is a stranger's first message, waiting for an answer.
type requestObject struct {
	V        v1     `json:"v"`
	ID       string `json:"id"`
	Name     string `json:"name"`
	Text     string `json:"text"`
	Received stamp  `json:"received"`
	Bot      bool   `json:"bot"`
	Relay    string `json:"relay"` // where answers would go; connected to after accept only
	Reach    string `json:"reach"` // this-computer, local-network, anywhere
	Spent    bool   `json:"spent"` // its one-time invitation was accepted for somebody else
}

func newRequest(r messenger.Request) requestObject {
	return requestObject{
		ID: r.ID.String(), Name: r.Name, Text: r.Text, Received: stamp(r.Received), Bot: r.Bot,
		Relay: r.Relay, Reach: string(r.Reach), Spent: r.Spent,
	}
}

type requestList []requestObject

func (l requestList) print(p *page) {
	for i, r := range l {
		if i > 0 {
			p.line("")
		}
		p.pairs([2]string{"name", plain(r.Name)}, [2]string{"received", r.Received.local()}, [2]string{"id", r.ID})
		p.text("  ", plainLines(r.Text))
	}
}

// reactionObject is one emoji of one author.
type reactionObject struct {
	From  string `json:"from"`
	Emoji string `json:"emoji"`
}

// messageObject is one row of a conversation.
type messageObject struct {
	V            v1               `json:"v"`
	ID           string           `json:"id"`
	Conversation string           `json:"conversation"`
	From         string           `json:"from"`
	Direction    string           `json:"direction"` // in, out
	Kind         string           `json:"kind"`      // text, attachment, notice, unknown
	Text         string           `json:"text"`
	Sent         stamp            `json:"sent"`     // the author's claim
	Received     stamp            `json:"received"` // stored here
	State        string           `json:"state"`    // queued, sent, delivered, read, failed
	Edited       bool             `json:"edited"`
	Reactions    []reactionObject `json:"reactions"`
	ReplyTo      *string          `json:"reply_to"`
	Deleted      bool             `json:"deleted"`
	Missing      int              `json:"missing"`    // messages of this author known to be missing just before
	NoForward    bool             `json:"no_forward"` // first message without a one-time key
	Notice       string           `json:"notice,omitempty"`
	Failure      string           `json:"failure,omitempty"`
	Expires      stamp            `json:"expires"`         // when it is removed; null: never
	Timer        *string          `json:"timer,omitempty"` // of a notice "timer": what it was set to, "off" for none
	File         *fileObject      `json:"file,omitempty"`  // of an attachment

	shown stamp  // display time
	name  string // of the author, as a person reads it
}

func newMessage(m chat.Message, author string) messageObject {
	o := messageObject{
		ID: m.ID.String(), Conversation: m.Conversation.String(), From: m.Author.String(), Direction: string(m.Direction),
		Kind: string(m.Kind), Text: m.Text, Sent: stamp(m.Sent), Received: stamp(m.Received), State: string(m.State),
		Edited: m.Edited, Reactions: []reactionObject{}, Deleted: m.Deleted, Missing: m.Missing, NoForward: m.NoForward,
		Notice: m.Notice, Failure: m.Failure, Expires: stamp(m.Expires),
		shown: stamp(m.DisplayTime()), name: author,
	}
	for _, r := range m.Reactions {
		o.Reactions = append(o.Reactions, reactionObject{From: r.From.String(), Emoji: r.Emoji})
	}
	if m.Notice == messenger.NoticeTimer {
		off := "off"
		if o.Timer = lasting(m.ExpiresAfter); o.Timer == nil {
			o.Timer = &off
		}
	}
	if !m.File.IsZero() {
		o.File = newFile(m.File)
	}
	if !m.ReplyTo.IsZero() {
		reply := m.ReplyTo.String()
		o.ReplyTo = &reply
	}
	return o
}

func (m messageObject) print(p *page) {
	messageList{m}.print(p)
}

// author is the name a person reads.
func (m messageObject) author() string {
	switch {
	case m.Direction == string(chat.Out):
		return "you"
	case m.name != "":
		return plain(m.name)
	}
	return short(m.From)
}

// body is what a person reads in place of the text of a row.
func (m messageObject) body() string {
	var b strings.Builder
	switch {
	case m.Deleted:
		b.WriteString("(deleted)")
	case m.Kind == string(chat.KindNotice):
		b.WriteString("(" + plain(m.Notice) + timerWords(m.Timer) + ")")
	case m.Kind == string(chat.KindUnknown):
		b.WriteString("(needs a newer version)")
	case m.File != nil:
		b.WriteString(strings.TrimSpace(m.File.words() + " " + plainLines(m.Text)))
	default:
		b.WriteString(plainLines(m.Text))
	}
	if m.Edited && !m.Deleted {
		b.WriteString(" (edited)")
	}
	for _, r := range m.Reactions {
		b.WriteString("  " + plain(r.Emoji))
	}
	return b.String()
}

func timerWords(timer *string) string {
	if timer == nil {
		return ""
	}
	return " " + *timer
}

type messageList []messageObject

// standsFor has words for rows that stand for messages which cannot be read.
var standsFor = map[string]string{
	chat.NoticeLost: " gone from the files", chat.NoticeDamaged: " damaged in the files, not shown",
}

func (l messageList) print(p *page) {
	if len(l) == 0 {
		return
	}
	rows := make([][]string, 0, len(l))
	for _, m := range l {
		from := m.author()
		if said := standsFor[m.Notice]; said != "" {
			if m.Missing > 0 { // the first stands for those behind it
				rows = append(rows, []string{"", m.shown.local(), "", "", "(" + number(m.Missing, "message") + said + ")"})
			}
			continue
		}
		if m.Missing > 0 {
			rows = append(rows, []string{"", "", from, "", "(" + strconv.Itoa(m.Missing) + " missing)"})
		}
		rows = append(rows, []string{m.ID, m.shown.local(), from, m.State, m.body()})
	}
	p.table([]string{"ID", "TIME", "FROM", "STATE", "TEXT"}, rows)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
