package security

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"sotto/chat"
)

// Codes of the alerts that arise here; those of the messenger (identity-changed, rejected, ...) come as they are.
const (
	AlertFailedUnlocks = "failed-unlocks" // wrong secrets were tried since the last unlock; Count says how many
	AlertAuditDamaged  = "audit-damaged"  // the audit log does not verify
	AlertRelayDamaged  = "relay-damaged"  // the store of the embedded relay cannot be opened; the relay does not serve
)

// Alert is something that deserves a look. Alerts of one code about one contact and relay are one, with a count.
type Alert struct {
	Code    string
	Contact chat.ContactID // zero: none
	Relay   string         // empty: none
	Count   int
	First   time.Time
	Last    time.Time
	Seen    bool
}

// Alerts keeps the list of alerts in the store: the newest 100, seen or not.
type Alerts struct {
	store chat.Store
}

// NewAlerts returns the alerts of a profile.
func NewAlerts(store chat.Store) *Alerts { return &Alerts{store: store} }

const (
	alertsSetting = "security.alerts"
	keptAlerts    = 100
)

type keptList struct {
	Seq    uint64 // newest event of the stream that was taken in
	Alerts []Alert
}

// Raise adds an alert. With an event's seq above zero it is taken in once, however often the stream is read again; the
// composition root calls it for each alert of the event stream, from [Alerts.Taken] on.
func (a *Alerts) Raise(ctx context.Context, seq uint64, alert Alert) error {
	err := a.store.Update(ctx, func(tx chat.Tx) error {
		list, err := load(tx)
		if err != nil {
			return err
		}
		if seq > 0 {
			if seq <= list.Seq {
				return nil
			}
			list.Seq = seq
		}
		list.add(alert)
		return save(tx, list)
	})
	if err != nil {
		return fmt.Errorf("raising an alert: %w", err)
	}
	return nil
}

// Taken returns the seq of the newest event that was taken in.
func (a *Alerts) Taken(ctx context.Context) (uint64, error) {
	var list keptList
	err := a.store.View(ctx, func(tx chat.Tx) (err error) {
		list, err = load(tx)
		return err
	})
	return list.Seq, err
}

// List returns the alerts, newest first.
func (a *Alerts) List(ctx context.Context) ([]Alert, error) {
	var list keptList
	err := a.store.View(ctx, func(tx chat.Tx) (err error) {
		list, err = load(tx)
		return err
	})
	sort.SliceStable(list.Alerts, func(i, j int) bool { return list.Alerts[i].Last.After(list.Alerts[j].Last) })
	return list.Alerts, err
}

// MarkSeen marks every alert up to and including now as seen. A later repetition is unseen again.
func (a *Alerts) MarkSeen(ctx context.Context, now time.Time) error {
	err := a.store.Update(ctx, func(tx chat.Tx) error {
		list, err := load(tx)
		if err != nil {
			return err
		}
		for i := range list.Alerts {
			if !list.Alerts[i].Last.After(now) {
				list.Alerts[i].Seen = true
			}
		}
		return save(tx, list)
	})
	if err != nil {
		return fmt.Errorf("marking alerts: %w", err)
	}
	return nil
}

func (l *keptList) add(alert Alert) {
	alert.Count = max(alert.Count, 1)
	alert.Seen = false
	if alert.First.IsZero() {
		alert.First = alert.Last
	}
	for i, old := range l.Alerts {
		if old.Code != alert.Code || old.Contact != alert.Contact || old.Relay != alert.Relay {
			continue
		}
		alert.Count += old.Count
		alert.First = old.First
		l.Alerts = append(l.Alerts[:i], l.Alerts[i+1:]...)
		break
	}
	l.Alerts = append(l.Alerts, alert)
	if over := len(l.Alerts) - keptAlerts; over > 0 {
		l.Alerts = l.Alerts[over:]
	}
}

func load(tx chat.Tx) (keptList, error) {
	b, err := tx.Settings().Get(alertsSetting)
	if errors.Is(err, chat.ErrNotFound) {
		return keptList{}, nil
	}
	var list keptList
	if err == nil && json.Unmarshal(b, &list) != nil {
		err = fmt.Errorf("%w: list of alerts", chat.ErrDamaged)
	}
	return list, err
}

func save(tx chat.Tx, list keptList) error {
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return tx.Settings().Put(alertsSetting, b)
}
