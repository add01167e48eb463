package messenger

import (
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// The timer of a conversation after one side lost its state (docs/PROTOCOL.md section 7.5). A change of it that went to a
// device, or into a session, that is gone would never be heard of, and messages would end on one side only. So the timer is
// told again with the question for what did not arrive, and with the answer to it; never for a timer that comes in.

// Names of settings, under a contact's id: when it was last told the timer again.
const (
	settingTimerAsked    = "messenger/timer-asked/"
	settingTimerAnswered = "messenger/timer-answered/"
)

// timerWithQuestion tells a contact that is asked to send again the timer, where the change that stands here is an own one.
func (u *unit) timerWithQuestion(peer chat.ContactID) error {
	t, err := timerOf(u.Tx, u.m.ConversationWith(peer))
	if err != nil || t.By != u.m.Self().ID {
		return err
	}
	if rare, err := u.rarely(settingTimerAsked+peer.String(), resendEvery); err != nil || !rare {
		return err
	}
	return u.retellTimer(peer, t)
}

// timerWithAnswer tells a contact that asked to send again the timer as it stands here. A change that the contact made
// itself, and may have lost, is made an own one: no content says a change of somebody else.
func (u *unit) timerWithAnswer(peer chat.ContactID) error {
	t, err := timerOf(u.Tx, u.m.ConversationWith(peer))
	if err != nil || t.Sent.IsZero() {
		return err
	}
	if rare, err := u.rarely(settingTimerAnswered+peer.String(), resendEvery); err != nil || !rare {
		return err
	}
	if self := u.m.Self().ID; t.By != self {
		t = timerRecord{After: t.After, Sent: t.Sent.Add(time.Millisecond), By: self}
	}
	return u.retellTimer(peer, t)
}

// retellTimer queues an own change of a timer under its id, number and time: who heard of it, or of a later one, takes
// nothing from it. One that was never told gets an id and a number.
func (u *unit) retellTimer(peer chat.ContactID, t timerRecord) error {
	conv := u.m.ConversationWith(peer)
	if t.ID.IsZero() {
		seq, err := u.nextSeq(conv)
		if err != nil {
			return err
		}
		t.ID, t.Seq = chat.NewMessageID(), seq
		if err := u.putTimer(conv, t); err != nil {
			return err
		}
	}
	if waiting, err := u.Queue().ForMessage(t.ID); err != nil || len(waiting) > 0 {
		return err
	}
	return u.enqueue(peer, content.Content{
		ID: t.ID, Conv: conv, Seq: t.Seq, Sent: t.Sent, Body: content.Timer{Milliseconds: uint64(t.After.Milliseconds())},
	}, queueOptions{})
}
