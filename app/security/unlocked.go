package security

import (
	"fmt"
	"time"

	"sotto/chat"
)

// Failures are the wrong secrets that were tried since the last right one.
type Failures struct {
	Count int
	Last  time.Time
}

// alarming is how many failures before an unlock raise an alert: one may mistype, and again.
const alarming = freeAttempts

// Failed returns the wrong secrets since the last right one, at most a million. It is asked before [Attempts.Try], which
// clears them.
func (a *Attempts) Failed() (Failures, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	state, err := a.load()
	if err != nil || state.count == 0 {
		return Failures{}, err
	}
	return Failures{Count: int(min(state.count, 1_000_000)), Last: state.last}, nil
}

// RecordUnlock takes an unlock into the audit log, and raises AlertFailedUnlocks in the same unit of work when three or
// more wrong secrets came before it.
func RecordUnlock(tx chat.Tx, audit *Audit, failed Failures) error {
	detail := ""
	if failed.Count > 0 {
		detail = fmt.Sprintf("wrong secrets before: %d", failed.Count)
	}
	if err := audit.Record(tx, "profile.unlocked", "", detail); err != nil || failed.Count < alarming {
		return err
	}
	list, err := load(tx)
	if err != nil {
		return err
	}
	list.forgetSeen(AlertFailedUnlocks)
	list.add(Alert{Code: AlertFailedUnlocks, Count: failed.Count, Last: failed.Last})
	return save(tx, list)
}

// RecordLock takes into the audit log that the keys were dropped.
func RecordLock(tx chat.Tx, audit *Audit) error { return audit.Record(tx, "profile.locked", "", "") }

// forgetSeen drops what was seen of a code, so that a repetition counts from one.
func (l *keptList) forgetSeen(code string) {
	kept := l.Alerts[:0]
	for _, a := range l.Alerts {
		if a.Code != code || !a.Seen {
			kept = append(kept, a)
		}
	}
	l.Alerts = kept
}
