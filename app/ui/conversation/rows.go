package conversation

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"time"

	"sotto/app/messenger"
	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// groupGap is the silence that ends a group of bubbles of one author.
const groupGap = 5 * time.Minute

// stretch is a run of messages without a gap, and what lies next to it.
type stretch struct {
	messages []chat.Message // ascending
	before   *chat.Message  // nil: the conversation begins here
	after    *chat.Message  // nil: it ends here
	quoted   map[chat.MessageID]chat.Message
	files    map[chat.MessageID]messenger.FileStatus
}

// teller makes rows of messages.
type teller struct {
	format  i18n.Format
	now     time.Time
	self    chat.ContactID
	contact chat.Contact
	unread  chat.MessageID // the first that was unread when the chat was opened
	found   chat.MessageID // framed for a moment
	open    bool           // no answer came yet to a first message without a one-time key
}

// Prefixes of the keys of rows that belong to a message but are not it.
const (
	dayRow     = "day:"
	missingRow = "missing:"
	lostRow    = "lost:"
	damagedRow = "damaged:"
	unreadRow  = "unread:"
	openRow    = "open:"
)

// messageOf answers the message that a row belongs to.
func messageOf(row widget.Row) (chat.MessageID, bool) {
	key := row.RowKey()
	if i := strings.IndexByte(key, ':'); i >= 0 {
		key = key[i+1:]
	}
	id, err := chat.ParseMessageID(key)
	return id, err == nil
}

// rows tells a stretch.
func (t teller) rows(s stretch) []widget.Row {
	var out []widget.Row
	at := func(i int) *chat.Message {
		switch {
		case i < 0:
			return s.before
		case i >= len(s.messages):
			return s.after
		}
		return &s.messages[i]
	}
	for i := range s.messages {
		m := &s.messages[i]
		out = append(out, t.above(m, at(i-1))...)
		switch m.Kind {
		case chat.KindText, chat.KindAttachment:
			row := t.bubble(*m, s.quoted)
			if m.Kind == chat.KindAttachment && !m.Deleted {
				status, known := s.files[m.ID]
				row.File = files.Describe(*m, status, known)
			}
			row.First = !t.grouped(at(i-1), m)
			row.Last = !t.grouped(m, at(i+1))
			row.Found = m.ID == t.found
			row.Revision = revision(row)
			out = append(out, row)
		case chat.KindNotice:
			if n, ok := t.notice(*m); ok {
				out = append(out, n)
			}
		default:
			out = append(out, widget.Notice{Key: m.ID.String(), Icon: theme.IconInfo, Text: i18n.T("chat.unknown", t.named())})
		}
	}
	return out
}

// notice answers the row of a notice; of one that this version does not know there is none.
func (t teller) notice(m chat.Message) (widget.Notice, bool) {
	switch m.Notice {
	case messenger.NoticeTimer:
		return t.timerNotice(m), true
	case chat.NoticeLost, chat.NoticeDamaged:
		return lostNotice(m)
	}
	if m.Notice != messenger.NoticeBot {
		return widget.Notice{}, false
	}
	return widget.Notice{
		Key: m.ID.String(), Icon: theme.IconBot, Tone: widget.Careful, Text: i18n.T("bot.became", t.named()), Action: i18n.T("chat.what"),
	}, true
}

// above answers what stands between a message and the one before it.
func (t teller) above(m, before *chat.Message) []widget.Row {
	var out []widget.Row
	id := m.ID.String()
	if day := t.format.DayKey(m.DisplayTime()); before == nil || day != t.format.DayKey(before.DisplayTime()) {
		out = append(out, widget.Day{Key: dayRow + id, Label: t.format.Day(t.now, m.DisplayTime())})
	}
	if m.ID == t.unread {
		out = append(out, widget.Notice{Key: unreadRow + id, Icon: theme.IconArrowDown, Text: i18n.T("chat.unread")})
	}
	if m.Missing > 0 && !lost(*m) {
		out = append(out, widget.Notice{
			Key: missingRow + id, Icon: theme.IconWarning, Tone: widget.Careful, Text: i18n.N("chat.missing", m.Missing),
			Action: i18n.T("chat.what"),
		})
	}
	if m.NoForward && t.open {
		out = append(out, widget.Notice{
			Key: openRow + id, Icon: theme.IconKey, Tone: widget.Careful, Text: i18n.T("chat.open"), Action: i18n.T("chat.what"),
		})
	}
	return out
}

// isBubble reports whether a message is shown as one.
func isBubble(m *chat.Message) bool { return m.Kind == chat.KindText || m.Kind == chat.KindAttachment }

// grouped reports whether b follows a in one group of bubbles.
func (t teller) grouped(a, b *chat.Message) bool {
	if a == nil || b == nil || !isBubble(a) || !isBubble(b) || a.Author != b.Author {
		return false
	}
	gap := b.DisplayTime().Sub(a.DisplayTime())
	return gap < groupGap && gap > -groupGap && len(t.above(b, a)) == 0
}

func (t teller) named() i18n.Args { return i18n.Args{"Name": screen.NameOf(t.contact)} }

func (t teller) bubble(m chat.Message, quoted map[chat.MessageID]chat.Message) widget.Message {
	row := widget.Message{
		ID: m.ID.String(), Own: m.Direction == chat.Out, Text: m.Text, Time: t.format.Clock(m.DisplayTime()),
	}
	if m.Deleted {
		row.Removed = i18n.T("chat.removed")
		return row
	}
	if m.Edited {
		row.Edited = i18n.T("chat.edited")
	}
	if row.Own {
		row.Delivery = delivery(m.State)
		if m.State == chat.Failed {
			row.Note, _ = failure(m.Failure, i18n.Args{"Name": screen.NameOf(t.contact)})
		}
	}
	if !m.ReplyTo.IsZero() {
		row.Quote = t.quote(m.ReplyTo, quoted)
	}
	for _, r := range m.Reactions {
		row.Reactions = addReaction(row.Reactions, r.Emoji, r.From == t.self)
	}
	return row
}

func delivery(s chat.MessageState) widget.Delivery {
	switch s {
	case chat.Sent:
		return widget.Sent
	case chat.Delivered:
		return widget.Delivered
	case chat.Read:
		return widget.Read
	case chat.Failed:
		return widget.Failed
	}
	return widget.Queued
}

func (t teller) quote(id chat.MessageID, quoted map[chat.MessageID]chat.Message) *widget.Quote {
	q := &widget.Quote{ID: id.String(), Author: screen.NameOf(t.contact), Text: i18n.T("chat.quote.missing")}
	m, ok := quoted[id]
	if !ok {
		return q
	}
	if m.Direction == chat.Out {
		q.Author = i18n.T("chat.you")
	}
	q.Text = lineOf(m)
	return q
}

// lineOf says a message on one line, where another one or the composer refers to it.
func lineOf(m chat.Message) string {
	switch {
	case m.Deleted:
		return i18n.T("chat.removed")
	case m.Kind == chat.KindAttachment:
		return files.Line(m)
	}
	return m.Text
}

// addReaction counts equal emoji together, in the order of their first.
func addReaction(all []widget.Reaction, emoji string, mine bool) []widget.Reaction {
	for i := range all {
		if all[i].Emoji == emoji {
			all[i].Count++
			all[i].Mine = all[i].Mine || mine
			return all
		}
	}
	return append(all, widget.Reaction{Emoji: emoji, Count: 1, Mine: mine})
}

// revision differs whenever anything differs that a bubble shows; its place in the group is added by the widget, which
// needs two bits for it.
func revision(m widget.Message) uint64 {
	h := fnv.New64a()
	add := func(parts ...string) {
		for _, p := range parts {
			var n [8]byte
			binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
			_, _ = h.Write(n[:])
			_, _ = io.WriteString(h, p)
		}
	}
	add(m.Text, m.Time, m.Edited, m.Note, m.Removed, string(rune('0'+int(m.Delivery))))
	if m.Found {
		add("found")
	}
	if m.Quote != nil {
		add(m.Quote.ID, m.Quote.Author, m.Quote.Text)
	}
	addFile(m.File, add)
	for _, r := range m.Reactions {
		mine := ""
		if r.Mine {
			mine = "mine"
		}
		add(r.Emoji, mine, string(rune(r.Count)))
	}
	return h.Sum64() >> 2
}

// addFile adds what a bubble shows of a file.
func addFile(a *widget.Attachment, add func(...string)) {
	if a == nil {
		return
	}
	add("file", a.Name, a.Detail, a.Press, fmt.Sprint(a.Icon, a.Alarm, a.Moving, a.Done, a.Width, a.Height, a.Away))
	for _, act := range a.Acts {
		add(act.Key)
	}
}
