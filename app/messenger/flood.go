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
