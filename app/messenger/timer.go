package messenger

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// Disappearing messages (docs/PROTOCOL.md section 8.3). The timer of a conversation is agreed by its two sides: the change
// that was made last wins on both. A message carries the timer of the moment in which it was written, and its end stands
// in its row: an own one ends so long after it was written, a received one so long after it was first read here.

const (
	// ShortestTimer and LongestTimer bound what may be set.
	ShortestTimer = time.Second
	LongestTimer  = content.MaxExpiry
	// UnreadLife is how long a message may wait to be read before its time begins all the same.
	UnreadLife = 28 * 24 * time.Hour

	// NoticeTimer is the code of the notice that somebody set the timer; Message.ExpiresAfter is what it was set to.
	NoticeTimer = "timer"

	// settingTimer holds, under the conversation's id, its timerRecord.
	settingTimer = "messenger/timer/"
)

// latestTimer is the latest claim that a contact's change is taken with: after it there is always room for an own one.
var latestTimer = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// timerRecord is the change of a timer that won.
type timerRecord struct {
	After time.Duration
	Sent  time.Time      // the author's claim, never before that of the change it replaced
	By    chat.ContactID // who set it

	// Of an own change: the content that told it, to tell it again as it was (docs/PROTOCOL.md section 7.5).
	ID  chat.MessageID `json:",omitzero"`
	Seq uint64         `json:",omitempty"`
}

// wins reports whether a change replaces another: the later one does, of two at once that of the greater fingerprint.
// Whoever changes a timer claims a later time than that of the change it saw, whatever its clock tells.
func (t timerRecord) wins(over timerRecord) bool {
	if !t.Sent.Equal(over.Sent) {
		return t.Sent.After(over.Sent)
	}
	return bytes.Compare(t.By[:], over.By[:]) > 0
}

func timerOf(tx chat.Tx, conv chat.ConversationID) (timerRecord, error) {
	var t timerRecord
	_, err := getJSON(tx, settingTimer+conv.String(), &t)
	return t, err
}

// Timer returns how long new messages of a conversation stay; 0: for ever.
func (m *Messenger) Timer(ctx context.Context, conv chat.ConversationID) (after time.Duration, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		t, err := timerOf(tx, conv)
		after = t.After
		return err
	})
	return after, err
}

// SetTimer sets how long new messages of a conversation stay, on both sides; 0: for ever. What was written before keeps
// its time. The other side is told, and either may change it. Errors: as of Send; chat.ErrMalformed for a time that is not
// between ShortestTimer and LongestTimer or has a part below the millisecond.
func (m *Messenger) SetTimer(ctx context.Context, conv chat.ConversationID, after time.Duration) error {
	if after != 0 && (after < ShortestTimer || after > LongestTimer) || after%time.Millisecond != 0 {
		return fmt.Errorf("timer: %w: it is between %v and %v", chat.ErrMalformed, ShortestTimer, LongestTimer)
	}
	err := m.update(ctx, func(u *unit) error {
		peer, err := u.sendingTo(conv)
		if err != nil {
			return err
		}
		now, err := timerOf(u.Tx, conv)
		if err != nil || now.After == after {
			return err
		}
		c := content.Content{
			ID: chat.NewMessageID(), Conv: conv, Sent: u.now.UTC().Truncate(time.Millisecond),
			Body: content.Timer{Milliseconds: uint64(after.Milliseconds())},
		}
		if !c.Sent.After(now.Sent) {
			c.Sent = now.Sent.Add(time.Millisecond)
		}
		if c.Seq, err = u.nextSeq(conv); err != nil {
			return err
		}
		if err := u.enqueue(peer, c, queueOptions{}); err != nil {
			return err
		}
		self := u.m.Self()
		if err := u.putTimer(conv, timerRecord{After: after, Sent: c.Sent, By: self.ID, ID: c.ID, Seq: c.Seq}); err != nil {
			return err
		}
		if err := u.audit("timer.set", peer); err != nil {
			return err
		}
		return u.tellTimer(peer, chat.Message{
			ID: c.ID, Conversation: conv, Author: self.ID, Device: self.Device, Direction: chat.Out, Seq: c.Seq, Sent: u.now.UTC(),
			State: chat.Sent, ExpiresAfter: after,
		})
	})
	if err != nil {
		return fmt.Errorf("timer: %w", err)
	}
	return nil
}

// applyTimer takes a contact's change. One that lost against another has no effect and is not shown.
func (in *intake) applyTimer(contact chat.Contact, s session, c content.Content, b content.Timer) error {
	if err := in.ensureConversation(contact.ID); err != nil {
		return err
	}
	next := timerRecord{After: b.After(), Sent: c.Sent, By: contact.ID}
	if next.After > 0 {
		next.After = max(next.After, ShortestTimer)
	}
	if next.Sent.After(latestTimer) {
		next.Sent = latestTimer
	}
	now, err := timerOf(in.Tx, c.Conv)
	if err != nil || !next.wins(now) {
		return err
	}
	if err := in.putTimer(c.Conv, next); err != nil || next.After == now.After {
		return err
	}
	return in.tellTimer(contact.ID, chat.Message{
		ID: c.ID, Conversation: c.Conv, Author: contact.ID, Device: s.Device, Direction: chat.In, Seq: c.Seq, Sent: c.Sent,
		State: chat.Read, ExpiresAfter: next.After,
	})
}

func (u *unit) putTimer(conv chat.ConversationID, t timerRecord) error {
	return putJSON(u.Tx, settingTimer+conv.String(), t)
}

// tellTimer puts a notice of the change into the thread, and tells it.
func (u *unit) tellTimer(peer chat.ContactID, notice chat.Message) error {
	if _, err := u.Messages().Get(notice.ID); err == nil || ignoreMissing(err) != nil {
		return err // the id is taken: another author cannot change what is there
	}
	notice.Kind, notice.Notice, notice.Received = chat.KindNotice, NoticeTimer, u.now.UTC()
	if _, err := u.place(notice); err != nil {
		return err
	}
	if err := u.emit(Event{Type: EventMessage, Contact: peer, Conversation: notice.Conversation, Message: notice.ID}); err != nil {
		return err
	}
	return u.emit(Event{Type: EventContact, Contact: peer, Conversation: notice.Conversation, Detail: ContactTimer})
}

// end is when an own message ends that is written now; zero for one without a timer.
func (u *unit) end(after time.Duration) time.Time {
	if after <= 0 {
		return time.Time{}
	}
	return u.m.clock.time().Add(max(after, ShortestTimer))
}

// endUnread is when a received message ends that is never read.
func (u *unit) endUnread(after time.Duration) time.Time {
	end := u.end(after)
	if end.IsZero() {
		return end
	}
	return end.Add(UnreadLife)
}

// ended reports whether a message is past its end by either clock: then it is not sent, whether it is removed or not.
func (u *unit) ended(msg chat.Message) bool {
	return !msg.Expires.IsZero() && (!msg.Expires.After(u.m.clock.time()) || !msg.Expires.After(u.now))
}

// beginToEnd lets the time of a message that is read now begin.
func (u *unit) beginToEnd(msg chat.Message) chat.Message {
	if end := u.end(msg.ExpiresAfter); !end.IsZero() && (msg.Expires.IsZero() || end.Before(msg.Expires)) {
		msg.Expires = end
	}
	return msg
}
