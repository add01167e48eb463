package messenger

import (
	"strings"
	"time"

	"sotto/chat"
)

// How many first messages of one mailbox are worked on in a day (I16). Whoever holds its link can make messages that pass
// the gate; each costs a decapsulation and perhaps a signature check, and one that opens a replay hash for 45 days.
const (
	firstsInvitation = 2_000
	firstsContact    = 100
	firstsEvery      = 24 * time.Hour
)

// settingFirsts holds, under a mailbox's id, how many first messages came in the current day.
const settingFirsts = "messenger/firsts/"

type firsts struct {
	Since time.Time
	Count int
}

// affords counts a first message that passed the gate and reports whether it may be worked on.
func (u *unit) affords(mb chat.Mailbox) (bool, error) {
	var f firsts
	if _, err := getJSON(u.Tx, settingFirsts+mb.ID.String(), &f); err != nil {
		return false, err
	}
	if u.now.Sub(f.Since) >= firstsEvery || u.now.Before(f.Since) {
		f = firsts{Since: u.now.UTC()}
	}
	limit := firstsInvitation
	if mb.Invitation == "" {
		limit = firstsContact
	}
	if f.Count >= limit {
		return false, nil
	}
	f.Count++
	return true, putJSON(u.Tx, settingFirsts+mb.ID.String(), f)
}

// sweepFirsts forgets the days that are over.
func (u *unit) sweepFirsts() error {
	all, err := u.Settings().List()
	if err != nil {
		return err
	}
	for name := range all {
		if !strings.HasPrefix(name, settingFirsts) {
			continue
		}
		var f firsts
		if _, err := getJSON(u.Tx, name, &f); err == nil && u.now.Sub(f.Since) < firstsEvery {
			continue
		}
		if err := u.Settings().Delete(name); err != nil {
			return err
		}
	}
	return nil
}

// alertEvery is how often rejected envelopes are told of at the most.
const alertEvery = time.Hour

// settingRejected holds when the last alert about rejected envelopes was raised.
const settingRejected = "messenger/rejected"

type rejections struct {
	Alerted time.Time
	Count   int // in all
}

// alertRejected raises one alert for a flood of rejected envelopes.
func (in *intake) alertRejected() error {
	if in.rejected == 0 {
		return nil
	}
	var r rejections
	if _, err := getJSON(in.Tx, settingRejected, &r); err != nil {
		return err
	}
	r.Count += in.rejected
	if in.now.Sub(r.Alerted) < alertEvery {
		return putJSON(in.Tx, settingRejected, r)
	}
	r.Alerted = in.now
	if err := putJSON(in.Tx, settingRejected, r); err != nil {
		return err
	}
	return in.emit(Event{Type: EventAlert, Detail: AlertRejected, Count: in.rejected})
}
