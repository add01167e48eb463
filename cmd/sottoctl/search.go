package main

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
)

type searchVerb struct {
	Query        string `arg:"" optional:"" help:"Words that a message must contain, all of them; \"in quotes\" as they stand."`
	Conversation string `placeholder:"CONTACT" help:"Only the conversation with this contact."`
	From         string `placeholder:"CONTACT" help:"Only what this contact wrote, or me."`
	Since        moment `placeholder:"TIME" help:"Not before this time or day."`
	Until        moment `placeholder:"TIME" help:"Before this time or day."`
	Kind         string `enum:",text,attachment" default:"" placeholder:"KIND" help:"Only this kind: text or attachment."`
	Limit        int    `default:"50" placeholder:"N" help:"At most so many, the newest (default 50)."`
	Before       string `placeholder:"CURSOR" help:"Go on behind the message with this cursor."`
	Wait         span   `default:"30s" placeholder:"DUR" help:"Time to wait for the index of a long history (default 30s; 0 answers at once)."`
}

// moment is a time in RFC 3339, or a day, which begins at midnight in the zone of this computer.
type moment struct{ time.Time }

// UnmarshalText reads a moment.
func (m *moment) UnmarshalText(text []byte) (err error) {
	if m.Time, err = time.Parse(time.RFC3339, string(text)); err == nil {
		return nil
	}
	if m.Time, err = time.ParseInLocation(time.DateOnly, string(text), time.Local); err != nil {
		return usagef("A time looks like 2026-03-01 or 2026-03-01T12:00:00Z.")
	}
	return nil
}

func (v *searchVerb) do(ctx context.Context, d *desk) (any, error) {
	if v.Limit < 1 || v.Limit > chat.MaxSearch {
		return nil, usagef("The limit is between 1 and %d.", chat.MaxSearch)
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	q, err := v.query(ctx, p.Messenger)
	if err != nil {
		return nil, err
	}
	if err := v.indexed(ctx, p); err != nil {
		return nil, err
	}
	found, err := p.Search.Search(ctx, q)
	if errors.Is(err, chat.ErrMalformed) {
		return nil, usagef("Give something to look for: at most %d words and %d bytes, or a filter; a cursor as it was printed.",
			chat.MaxTerms, chat.MaxQuery)
	}
	if err != nil {
		return nil, err
	}
	if !found.Progress.Ready {
		d.say("Still indexing: %d %%. Newer messages may be missing.", found.Progress.Percent())
	}
	if len(found.Hits) == 0 && found.Progress.Ready {
		d.say("Nothing was found.")
	}
	return newHits(ctx, p.Messenger, found)
}

// query reads the contacts that the filters name.
func (v *searchVerb) query(ctx context.Context, m *messenger.Messenger) (chat.Query, error) {
	q := chat.Query{
		Text: v.Query, Kind: chat.MessageKind(v.Kind), Since: v.Since.Time, Until: v.Until.Time, Limit: v.Limit, Before: chat.Cursor(v.Before),
	}
	if v.Conversation != "" {
		c, err := find(ctx, m, v.Conversation)
		if err != nil {
			return q, err
		}
		q.Conversation = m.ConversationWith(c.ID)
	}
	switch v.From {
	case "":
	case "me":
		q.Author = m.Self().ID
	default:
		c, err := find(ctx, m, v.From)
		if err != nil {
			return q, err
		}
		q.Author = c.ID
	}
	return q, nil
}

// indexed waits for the index, as long as the verb may.
func (v *searchVerb) indexed(ctx context.Context, p *profile.Profile) error {
	if v.Wait == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, time.Duration(v.Wait))
	defer cancel()
	if err := p.Search.Wait(waiting); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}

// hitObject is a message that was found.
type hitObject struct {
	messageObject
	Hits     [][2]int `json:"hits"`      // what matched in text: ranges of Unicode code points, the end outside
	NameHits [][2]int `json:"name_hits"` // the same in the name of its file
	Cursor   string   `json:"cursor"`    // --before CURSOR goes on behind this message

	chat string // name of the conversation, as a person reads it
}

type hitList []hitObject

func newHits(ctx context.Context, m *messenger.Messenger, found chat.Found) (hitList, error) {
	names := map[chat.ConversationID]string{}
	contacts, err := m.Contacts(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range contacts {
		names[m.ConversationWith(c.ID)] = c.Name
	}
	rows := make([]chat.Message, len(found.Hits))
	for i, h := range found.Hits {
		rows[i] = h.Message
	}
	messages, err := newMessages(ctx, m, rows, func(row chat.Message) string { return names[row.Conversation] })
	if err != nil {
		return nil, err
	}
	list := make(hitList, 0, len(found.Hits))
	for i, h := range found.Hits {
		o := hitObject{
			messageObject: messages[i], Hits: codePoints(h.Message.Text, h.Ranges),
			NameHits: codePoints(h.Message.File.Name, h.NameRanges), Cursor: string(h.Cursor), chat: names[h.Message.Conversation],
		}
		list = append(list, o)
	}
	return list, nil
}

// codePoints turns ranges of bytes into ranges of code points.
func codePoints(text string, ranges [][2]int) [][2]int {
	out := make([][2]int, 0, len(ranges))
	at, points := 0, 0
	count := func(to int) int {
		points += utf8.RuneCountInString(text[at:to])
		at = to
		return points
	}
	for _, r := range ranges {
		out = append(out, [2]int{count(r[0]), count(r[1])})
	}
	return out
}

// marked puts asterisks around ranges of code points.
func marked(text string, ranges [][2]int) string {
	runes := []rune(text)
	var b strings.Builder
	at := 0
	for _, r := range ranges {
		b.WriteString(string(runes[at:r[0]]) + "*" + string(runes[r[0]:r[1]]) + "*")
		at = r[1]
	}
	b.WriteString(string(runes[at:]))
	return b.String()
}

// found is the body of the message with marks around what matched, for a person to read.
func (h hitObject) found() string {
	m := h.messageObject
	m.Text = marked(m.Text, h.Hits)
	if m.File != nil {
		file := *m.File
		file.Name = marked(file.Name, h.NameHits)
		m.File = &file
	}
	return m.body()
}

func (l hitList) print(p *page) {
	if len(l) == 0 {
		return
	}
	rows := make([][]string, 0, len(l))
	for _, h := range l {
		rows = append(rows, []string{h.ID, h.shown.local(), plain(h.chat), h.author(), h.found()})
	}
	p.table([]string{"ID", "TIME", "CHAT", "FROM", "TEXT"}, rows)
}
