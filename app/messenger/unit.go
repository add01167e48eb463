package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/crypto/identity"
)

// unit is one unit of work of the messenger: the transaction, its time, and what is told once it has committed.
type unit struct {
	chat.Tx
	m      *Messenger
	now    time.Time
	events []Event
	queued []chat.ContactID     // contacts with new or released contents
	to     chat.Contact         // to whom the person writes in this unit, as it stands
	rescan bool                 // someone else may have queued
	tend   bool                 // mailboxes changed
	list   *identity.DeviceList // the own list was renewed
	rolled bool                 // a rollback was noticed and dealt with
	states staged               // of the sessions stored
	ends   time.Time            // when the first of the messages stored ends; zero: none does
	files  bool                 // a file began or ended to be on its way
	blobs  bool                 // blobs are to be removed on their relays
	told   []chat.Attachment    // files whose state is told
}

// update runs f as one unit of work and tells its events after the commit, in the order of commits.
func (m *Messenger) update(ctx context.Context, f func(*unit) error) error {
	return m.commit(ctx, m.store.Update, f)
}

// erase is update for what must be unreadable afterwards.
func (m *Messenger) erase(ctx context.Context, f func(*unit) error) error {
	return m.commit(ctx, m.store.Erase, f)
}

func (m *Messenger) commit(ctx context.Context, run func(context.Context, func(chat.Tx) error) error, f func(*unit) error) error {
	m.commits.Lock()
	defer m.commits.Unlock()
	var u *unit
	err := run(ctx, func(tx chat.Tx) error {
		u = &unit{Tx: tx, m: m, now: m.now()}
		if err := f(u); err != nil || len(u.events) == 0 || !m.clock.stale() {
			return err
		}
		return m.clock.seal(tx)
	})
	if err != nil {
		if u != nil {
			u.dropStates()
		}
		return err
	}
	u.settleStates()
	m.hub.publish(u.events...)
	m.rolled = m.rolled || u.rolled
	if u.list != nil {
		m.mu.Lock()
		m.keys.own.List = u.list
		m.mu.Unlock()
	}
	if u.rescan {
		m.outbox.rescan()
	}
	for _, peer := range u.queued {
		m.outbox.poke(peer)
	}
	if u.tend {
		m.tender.wake()
	}
	m.expirer.stored(u)
	m.transfers.told(u.told)
	m.transfers.committed(u.files, u.blobs, u.rescan || len(u.queued) > 0)
	return nil
}

// view runs f on a snapshot.
func (m *Messenger) view(ctx context.Context, f func(tx chat.Tx) error) error {
	return m.store.View(ctx, f)
}

// emit appends an event to the durable stream and keeps it for the subscribers.
func (u *unit) emit(e Event) error {
	e.Time = u.now.UTC()
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	stored, err := u.Events().Append(string(e.Type), body, u.now)
	if err != nil {
		return err
	}
	e.Seq = stored.Seq
	u.events = append(u.events, e)
	return nil
}

// audit records what was done, when there is an audit log.
func (u *unit) audit(action string, subject chat.ContactID) error {
	if u.m.auditor == nil {
		return nil
	}
	return u.m.auditor.Record(u.Tx, action, subject.String(), "")
}

// putJSON and getJSON keep small records of the messenger among the settings.
func putJSON(tx chat.Tx, name string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode setting: %w", err)
	}
	return tx.Settings().Put(name, b)
}

func getJSON(tx chat.Tx, name string, value any) (bool, error) {
	b, ok, err := setting(tx, name)
	if err != nil || !ok {
		return false, err
	}
	if err := json.Unmarshal(b, value); err != nil {
		return false, fmt.Errorf("%w: setting", chat.ErrDamaged)
	}
	return true, nil
}

// dropSetting deletes a setting that may be absent.
func dropSetting(tx chat.Tx, name string) error { return ignoreMissing(tx.Settings().Delete(name)) }

func ignoreMissing(err error) error {
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	return err
}
