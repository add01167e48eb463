package messenger

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sotto/chat"
	"sotto/chat/content"
)

// missingAfter is how long a gap in a peer's numbers may last before it is shown.
const missingAfter = 24 * time.Hour

// place stores a new message in the order of its author: a late one before the first of the same author and device with
// a higher seq (docs/PROTOCOL.md section 8). Nobody's clock moves anything, and what has no seq comes last.
func (u *unit) place(msg chat.Message) (chat.Message, error) {
	if msg.Seq == 0 {
		return u.store(msg)
	}
	next, err := u.Messages().FirstAbove(msg.Conversation, msg.Author, msg.Device, msg.Seq)
	if errors.Is(err, chat.ErrNotFound) {
		return u.store(msg)
	}
	if err != nil {
		return chat.Message{}, err
	}
	before, err := u.Messages().Page(msg.Conversation, next.Position, 1)
	if err != nil {
		return chat.Message{}, err
	}
	after := int64(0)
	if len(before) > 0 {
		after = before[len(before)-1].Position
	}
	if msg.Position, err = u.Messages().Between(msg.Conversation, next.Position, after); err != nil {
		return chat.Message{}, err
	}
	return u.store(msg)
}

// store puts a message and notes when it ends.
func (u *unit) store(msg chat.Message) (chat.Message, error) {
	if !msg.Expires.IsZero() && (u.ends.IsZero() || msg.Expires.Before(u.ends)) {
		u.ends = msg.Expires
	}
	return u.Messages().Put(msg)
}

// arrived counts an incoming message and brings what the list shows of its conversation up to date.
func (u *unit) arrived(msg chat.Message) error {
	conv, err := u.Conversations().Get(msg.Conversation)
	if err != nil {
		return err
	}
	if !msg.Deleted {
		conv.Unread++
	}
	if conv.ReadUpTo >= msg.Position {
		conv.ReadUpTo = msg.Position - 1 // placed above what was read: reading starts again from here
	}
	return u.summarise(conv)
}

// refresh brings what the list shows of a conversation up to date.
func (u *unit) refresh(id chat.ConversationID) error {
	conv, err := u.Conversations().Get(id)
	if err != nil {
		return err
	}
	return u.summarise(conv)
}

// summarise stores a conversation with the preview of its newest visible message.
func (u *unit) summarise(conv chat.Conversation) error {
	newest, err := u.newestWritten(conv.ID)
	if err != nil {
		return err
	}
	conv.Preview, conv.PreviewOut, conv.Last = "", false, conv.Created
	if msg := newest; !msg.ID.IsZero() {
		conv.Preview, conv.PreviewOut, conv.Last = preview(msg), msg.Direction == chat.Out, msg.DisplayTime()
	}
	return u.Conversations().Put(conv)
}

// newestWritten returns the newest message that is no notice, zero when there is none near the end.
func (u *unit) newestWritten(conv chat.ConversationID) (chat.Message, error) {
	const near = 8
	for _, limit := range []int{1, near} { // nearly always the last row
		rows, err := u.Messages().Page(conv, 0, limit)
		if err != nil {
			return chat.Message{}, err
		}
		for _, msg := range slices.Backward(rows) {
			if msg.Kind != chat.KindNotice {
				return msg, nil
			}
		}
	}
	return chat.Message{}, nil
}

// maxPreview is the length of a preview in characters.
const maxPreview = 120

func preview(msg chat.Message) string {
	said := msg.Text
	switch {
	case msg.Deleted || msg.Kind != chat.KindText && msg.Kind != chat.KindAttachment:
		return ""
	case said == "":
		said = msg.File.Name
	}
	line := strings.Join(strings.Fields(said), " ")
	if utf8.RuneCountInString(line) <= maxPreview {
		return line
	}
	return string([]rune(line)[:maxPreview])
}

// settingGaps holds, under conversation and device, the numbers of a peer that have not arrived.
const settingGaps = "messenger/gaps/"

// gaps is what is missing of one author device. At most maxGaps ranges are kept; the oldest are forgotten.
type gaps struct {
	Conversation chat.ConversationID
	Highest      uint64
	Ranges       []gap `json:",omitempty"`
}

// gap is a range of numbers that have not arrived. Before is the first row that stands after it.
type gap struct {
	From, To uint64
	Since    time.Time
	Before   chat.MessageID
}

const maxGaps = 64

// renumbered is the leap in a peer's numbers that is no gap: after a rollback it goes on from the time in milliseconds.
const renumbered = 1 << 32

func gapsName(conv chat.ConversationID, device chat.DeviceID) string {
	return settingGaps + conv.String() + "/" + device.String()
}

// noteSeq takes a number off what is missing, or notes the gap it leaves.
func (u *unit) noteSeq(c content.Content, s session) error {
	name := gapsName(c.Conv, s.Device)
	g := gaps{Conversation: c.Conv}
	known, err := getJSON(u.Tx, name, &g)
	if err != nil {
		return err
	}
	if !known {
		if g.Highest, err = u.forgottenUpTo(c); err != nil {
			return err
		}
	}
	row := c.ID // an annotation has no row; its gap then waits for the next message
	if c.Seq > g.Highest {
		if c.Seq > g.Highest+1 && c.Seq-g.Highest < renumbered {
			g.Ranges = append(g.Ranges, gap{From: g.Highest + 1, To: c.Seq - 1, Since: u.now, Before: row})
		}
		g.Highest = c.Seq
	} else {
		if err := u.foundMissing(g.Ranges, c.Seq); err != nil {
			return err
		}
		g.Ranges = without(g.Ranges, c.Seq, row)
	}
	if n := len(g.Ranges); n > maxGaps {
		g.Ranges = g.Ranges[n-maxGaps:]
	}
	return putJSON(u.Tx, name, g)
}

// forgottenUpTo returns the number before the first that is heard of a device, where the conversation may have been there
// before and what was known of its numbers is gone: then what came before is not missing. Else zero.
func (u *unit) forgottenUpTo(c content.Content) (uint64, error) {
	conv, err := u.Conversations().Get(c.Conv)
	if err != nil || conv.NextSeq < renumbered {
		return 0, ignoreMissing(err)
	}
	return c.Seq - 1, nil
}

// foundMissing takes a number that arrived after all off the row that showed it as missing: what is still missing
// between the two stays there, what is missing before the new row is shown there by the next sweep.
func (u *unit) foundMissing(ranges []gap, seq uint64) error {
	for _, r := range ranges {
		if seq < r.From || seq > r.To || u.now.Sub(r.Since) < missingAfter {
			continue
		}
		if err := u.showMissing(r.Before, int(min(r.To-seq, 1<<20))); err != nil {
			return err
		}
	}
	return nil
}

// without returns the ranges with one number arrived. The row that brought it ends the part below it.
func without(ranges []gap, seq uint64, row chat.MessageID) []gap {
	var out []gap
	for _, r := range ranges {
		if seq < r.From || seq > r.To {
			out = append(out, r)
			continue
		}
		if seq > r.From {
			out = append(out, gap{From: r.From, To: seq - 1, Since: r.Since, Before: row})
		}
		if seq < r.To {
			out = append(out, gap{From: seq + 1, To: r.To, Since: r.Since, Before: r.Before})
		}
	}
	return out
}

// showGaps writes the number of missing messages onto the rows that stand after gaps older than a day.
func (u *unit) showGaps() error {
	all, err := u.Settings().List()
	if err != nil {
		return err
	}
	for name := range all {
		if !strings.HasPrefix(name, settingGaps) {
			continue
		}
		var g gaps
		if _, err := getJSON(u.Tx, name, &g); err != nil {
			return err
		}
		missing := map[chat.MessageID]int{}
		for _, r := range g.Ranges {
			if u.now.Sub(r.Since) >= missingAfter {
				missing[r.Before] += int(min(r.To-r.From+1, 1<<20))
			}
		}
		for id, n := range missing {
			if err := u.showMissing(id, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *unit) showMissing(id chat.MessageID, n int) error {
	msg, err := u.Messages().Get(id)
	if err != nil || msg.Missing == n {
		return ignoreMissing(err)
	}
	msg.Missing = n
	if _, err := u.Messages().Put(msg); err != nil {
		return err
	}
	return u.emit(Event{Type: EventMessage, Contact: msg.Author, Conversation: msg.Conversation, Message: id})
}
