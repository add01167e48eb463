package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/transport/wire"
)

// settingFormer holds, under a mailbox's id, a mailbox of the device from whose backup this profile was restored. It is
// not read: its envelopes are for keys that are gone. Its state cell is replaced once (I11), so that the earlier device,
// should it still run, finds out that it is a copy; and it is deleted from its relay after the time in which a retired
// mailbox is.
const settingFormer = "messenger/former/"

type former struct {
	ID       chat.MailboxID
	Relay    string
	OwnerKey []byte
	Salt     []byte
	Since    time.Time `json:",omitzero"` // first try to reach it
	Taken    bool      `json:",omitempty"`
}

func formerOf(mb chat.Mailbox) former {
	return former{ID: mb.ID, Relay: mb.Relay, OwnerKey: mb.OwnerKey, Salt: mb.Salt}
}

func (f former) encode() ([]byte, error) { return json.Marshal(f) }

func (f former) mailbox() chat.Mailbox {
	return chat.Mailbox{ID: f.ID, Relay: f.Relay, OwnerKey: f.OwnerKey, Salt: f.Salt}
}

// formers returns the former mailboxes.
func formers(tx chat.Tx) ([]former, error) {
	all, err := tx.Settings().List()
	if err != nil {
		return nil, err
	}
	var out []former
	for name, value := range all {
		if !strings.HasPrefix(name, settingFormer) {
			continue
		}
		var f former
		if json.Unmarshal(value, &f) != nil || len(f.OwnerKey) != 32 || len(f.Salt) != len(wire.Salt{}) || name != settingFormer+f.ID.String() {
			continue // came in a backup; what cannot be used is of no use
		}
		out = append(out, f)
	}
	return out, nil
}

// takeOver brings the former mailboxes forward, over connections of their own: their relays may be ones of another
// computer, that are not to be waited for or shown. One try in each run.
func (m *Messenger) takeOver() {
	var list []former
	err := m.view(m.ctx, func(tx chat.Tx) (err error) {
		list, err = formers(tx)
		return err
	})
	if err != nil {
		return // the next start reads again
	}
	byRelay := map[string][]former{}
	for _, f := range list {
		byRelay[f.Relay] = append(byRelay[f.Relay], f)
	}
	for address, list := range byRelay {
		m.group.Go(func() { m.takeOverAt(address, list) })
	}
}

// takeOverWait is how long the relay of former mailboxes is waited for.
const takeOverWait = time.Minute

func (m *Messenger) takeOverAt(address string, list []former) {
	parsed, err := wire.ParseAddress(address)
	if err != nil {
		return
	}
	relay, err := m.pool.open.Open(parsed, func(wire.Event) {})
	if err != nil {
		return
	}
	defer relay.Close()
	ctx, cancel := context.WithTimeout(m.ctx, takeOverWait)
	defer cancel()
	for _, f := range list {
		f, done := m.takeOverOne(ctx, relay, f)
		//nolint:errcheck // tried again at the next start
		m.update(m.ctx, func(u *unit) error {
			if done {
				return dropSetting(u.Tx, settingFormer+f.ID.String())
			}
			return putJSON(u.Tx, settingFormer+f.ID.String(), f)
		})
	}
}

// takeOverOne returns what is known of the mailbox afterwards, and whether nothing is left to do.
func (m *Messenger) takeOverOne(ctx context.Context, relay Relay, f former) (former, bool) {
	now := m.now()
	if f.Since.IsZero() {
		f.Since = now.UTC()
	}
	id := wire.Mailbox(f.ID)
	relay.Own(owned(f.mailbox()))
	if now.Sub(f.Since) > retiredFor {
		err := relay.DeleteMailbox(ctx, id)
		return f, err == nil || errors.Is(err, wire.ErrNoMailbox) || now.Sub(f.Since) > 2*retiredFor
	}
	if f.Taken {
		return f, false
	}
	var err error
	for range 3 { // a conflict: the earlier device runs, and has just written
		var cell []byte
		if cell, err = relay.State(ctx, id); err != nil {
			break
		}
		number := uint64(0)
		if plain, err := handshake.OpenCell(f.OwnerKey, f.ID, cell); err == nil {
			number = encode.NewReader(plain).Uint64()
		}
		if err = relay.CompareAndSetState(ctx, id, cell, newCell(f.mailbox(), number+1)); err == nil {
			f.Taken = true
			break
		}
	}
	return f, errors.Is(err, wire.ErrNoMailbox)
}
