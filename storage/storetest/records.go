package storetest

import (
	"context"
	"testing"

	"sotto/chat"
)

func sessions(t *testing.T, s chat.Store) {
	session := func(n int) chat.Session {
		return chat.Session{
			ID: fill[chat.SessionID](n), Peer: contact(1).ID, Device: fill[chat.DeviceID](1), State: []byte("state"),
			Header: []byte("header"), Created: at(n), Used: at(n + 1), Archived: at(n + 2),
		}
	}
	stranger := session(9)
	stranger.Peer, stranger.Header = contact(2).ID, nil
	update(t, s, func(tx chat.Tx) error {
		for _, v := range []chat.Session{session(2), session(3), session(1), stranger} {
			if err := tx.Sessions().Put(v); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Sessions().ForPeer(contact(1).ID)
		same(t, "ForPeer", got, []chat.Session{session(3), session(2), session(1)})
		if err != nil {
			return err
		}
		one, err := tx.Sessions().Get(stranger.ID)
		same(t, "Get", one, stranger)
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Sessions().Delete(stranger.ID); err != nil {
			return err
		}
		_, err := tx.Sessions().Get(stranger.ID)
		is(t, "deleted", err, chat.ErrNotFound)
		return nil
	})
}

func prekeys(t *testing.T, s chat.Store) {
	prekey := func(n int) chat.Prekey {
		return chat.Prekey{
			ID: fill[chat.KeyID](n), Kind: chat.PrekeyOneTime, Mailbox: fill[chat.MailboxID](1), Private: []byte("private"),
			Created: at(0), Erase: at(n),
		}
	}
	lasting := chat.Prekey{ID: fill[chat.KeyID](9), Kind: chat.PrekeySigned}
	update(t, s, func(tx chat.Tx) error {
		for _, v := range []chat.Prekey{prekey(1), prekey(2), prekey(3), lasting} {
			if err := tx.Prekeys().Put(v); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, s, func(tx chat.Tx) error {
		due, err := tx.Prekeys().DueBefore(at(2))
		same(t, "DueBefore", due, []chat.KeyID{prekey(1).ID, prekey(2).ID})
		if err != nil {
			return err
		}
		if err := tx.Prekeys().Delete(prekey(1).ID); err != nil {
			return err
		}
		is(t, "second Delete", tx.Prekeys().Delete(prekey(1).ID), chat.ErrNotFound)
		pool, err := tx.Prekeys().ForMailbox(fill[chat.MailboxID](1))
		same(t, "ForMailbox", pool, []chat.Prekey{prekey(2), prekey(3)})
		if err != nil {
			return err
		}
		got, err := tx.Prekeys().Get(lasting.ID)
		same(t, "Get", got, lasting)
		return err
	})
}

func replays(t *testing.T, s chat.Store) {
	h := func(n int) [32]byte { return fill[[32]byte](n) }
	update(t, s, func(tx chat.Tx) error {
		for n, until := range map[int]int{1: 10, 2: 20} {
			if err := tx.Replays().RecordInitial(h(n), at(until)); err != nil {
				return err
			}
		}
		return tx.Replays().Expire(at(10))
	})
	view(t, s, func(tx chat.Tx) error {
		for n, want := range map[int]bool{1: false, 2: true, 3: false} {
			seen, err := tx.Replays().SeenInitial(h(n))
			if err != nil {
				return err
			}
			same(t, "SeenInitial", seen, want)
		}
		return nil
	})
	update(t, s, func(tx chat.Tx) error {
		for n := range 1003 {
			if _, err := tx.Replays().Reject(h(n), at(n)); err != nil {
				return err
			}
		}
		got, err := tx.Replays().Reject(h(1002), at(2000))
		same(t, "Reject", got, chat.Rejected{Hash: h(1002), Count: 2, First: at(1002), Last: at(2000)})
		return err
	})
	view(t, s, func(tx chat.Tx) error {
		all, err := tx.Replays().Rejections()
		if err != nil {
			return err
		}
		same(t, "kept", len(all), 1000)
		same(t, "oldest kept", all[0].Hash, h(3))
		return nil
	})
}

func relays(t *testing.T, s chat.Store) {
	m := chat.Mailbox{
		ID: fill[chat.MailboxID](1), Relay: "sotto-relay://h:1#web", OwnerKey: []byte("owner"), Salt: []byte("salt"),
		Secret: []byte("secret"), Token: []byte("token"), Contact: contact(1).ID, Invitation: "00", Created: at(1),
		Expires: at(2), Renewed: at(3), Cell: []byte("cell"), Retired: at(4),
	}
	v := chat.Route{
		Peer: contact(1).ID, Device: fill[chat.DeviceID](1), Seq: 7, Relay: "r", Mailbox: m.ID, Token: []byte("t"),
		Secret: []byte("s"),
	}
	second := v
	second.Device = fill[chat.DeviceID](2)
	i := chat.Invitation{
		ID: "00112233", Link: "sotto:x", Reusable: true, Created: at(1), Expires: at(2), Max: 5, Used: 2, Revoked: true,
		Mailbox: m.ID,
	}
	update(t, s, func(tx chat.Tx) error {
		for _, err := range []error{
			tx.Mailboxes().Put(m), tx.Mailboxes().Put(chat.Mailbox{ID: fill[chat.MailboxID](2)}), tx.Routes().Put(v),
			tx.Routes().Put(second), tx.Invitations().Put(i), tx.Mailboxes().Delete(fill[chat.MailboxID](2)),
			tx.Routes().Delete(second.Peer, second.Device),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx chat.Tx) error {
		boxes, err := tx.Mailboxes().List()
		same(t, "mailboxes", boxes, []chat.Mailbox{m})
		is(t, "mailboxes", err, nil)
		box, err := tx.Mailboxes().Get(m.ID)
		same(t, "mailbox", box, m)
		is(t, "mailbox", err, nil)
		routes, err := tx.Routes().ForPeer(v.Peer)
		same(t, "routes", routes, []chat.Route{v})
		is(t, "routes", err, nil)
		_, err = tx.Routes().Get(second.Peer, second.Device)
		is(t, "deleted route", err, chat.ErrNotFound)
		found, err := tx.Invitations().ByMailbox(m.ID)
		same(t, "invitation", found, i)
		is(t, "invitation", err, nil)
		_, err = tx.Invitations().ByMailbox(fill[chat.MailboxID](8))
		is(t, "no invitation", err, chat.ErrNotFound)
		all, err := tx.Invitations().List()
		same(t, "invitations", all, []chat.Invitation{i})
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Invitations().Delete(i.ID); err != nil {
			return err
		}
		_, err := tx.Invitations().Get(i.ID)
		is(t, "deleted invitation", err, chat.ErrNotFound)
		return nil
	})
}

func queue(t *testing.T, s chat.Store) {
	item := chat.QueueItem{
		Peer: contact(1).ID, Device: fill[chat.DeviceID](1), Message: fill[chat.MessageID](1), Visible: true,
		Content: []byte("content"), Envelope: []byte("envelope"), EnvelopeID: fill[[16]byte](3),
		Session: fill[chat.SessionID](4), State: chat.QueueWaiting, Failure: "f", Attempts: 2, NotBefore: at(1),
		Created: at(2), Expires: at(3),
	}
	var added []chat.QueueItem
	update(t, s, func(tx chat.Tx) error {
		for n := range 3 {
			next := item
			next.Message = fill[chat.MessageID](n % 2)
			got, err := tx.Queue().Add(next)
			if err != nil {
				return err
			}
			next.ID = got.ID
			same(t, "Add", got, next)
			added = append(added, got)
		}
		return nil
	})
	if !(added[0].ID < added[1].ID && added[1].ID < added[2].ID) {
		t.Errorf("ids do not grow: %d %d %d", added[0].ID, added[1].ID, added[2].ID)
	}
	added[1].State, added[1].Envelope = chat.QueueFlushed, nil
	update(t, s, func(tx chat.Tx) error {
		is(t, "unknown Put", tx.Queue().Put(chat.QueueItem{ID: 999}), chat.ErrNotFound)
		is(t, "unknown Delete", tx.Queue().Delete(999), chat.ErrNotFound)
		return tx.Queue().Put(added[1])
	})
	view(t, s, func(tx chat.Tx) error {
		all, err := tx.Queue().List()
		same(t, "List", all, added)
		is(t, "List", err, nil)
		of, err := tx.Queue().ForMessage(fill[chat.MessageID](0))
		same(t, "ForMessage", of, []chat.QueueItem{added[0], added[2]})
		is(t, "ForMessage", err, nil)
		one, err := tx.Queue().Get(added[1].ID)
		same(t, "Get", one, added[1])
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Queue().Delete(added[2].ID); err != nil {
			return err
		}
		again, err := tx.Queue().Add(item)
		if again.ID <= added[2].ID {
			t.Errorf("id %d was given again", again.ID)
		}
		return err
	})
}

func consents(t *testing.T, s chat.Store) {
	record := func(n int, state chat.ConsentState) chat.Consent {
		return chat.Consent{
			ID: string(rune('a' + n)), Subject: contact(1).ID, Purpose: chat.ReadReceipts, Notice: "1", State: state,
			Method: "sheet", Time: at(n), Expires: at(n + 9),
		}
	}
	peers := record(5, chat.Given)
	peers.ByPeer = true
	own := chat.Consent{ID: "z", Purpose: chat.ReadReceipts, State: chat.Given}
	update(t, s, func(tx chat.Tx) error {
		for _, c := range []chat.Consent{record(1, chat.Given), own, record(2, chat.Withdrawn), peers} {
			if err := tx.Consents().Append(c); err != nil {
				return err
			}
		}
		return nil
	})
	is(t, "same id", s.Update(context.Background(), func(tx chat.Tx) error {
		return tx.Consents().Append(record(1, chat.Given))
	}), chat.ErrExists)
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Consents().Latest(contact(1).ID, chat.ReadReceipts, false)
		same(t, "Latest", got, record(2, chat.Withdrawn))
		is(t, "Latest", err, nil)
		got, err = tx.Consents().Latest(contact(1).ID, chat.ReadReceipts, true)
		same(t, "Latest of peer", got, peers)
		is(t, "Latest of peer", err, nil)
		_, err = tx.Consents().Latest(contact(1).ID, chat.TypingNotices, false)
		is(t, "no record", err, chat.ErrNotFound)
		all, err := tx.Consents().List()
		same(t, "List", all, []chat.Consent{record(1, chat.Given), own, record(2, chat.Withdrawn), peers})
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Consents().DeleteSubject(contact(1).ID); err != nil {
			return err
		}
		all, err := tx.Consents().List()
		same(t, "after DeleteSubject", all, []chat.Consent{own})
		return err
	})
}

func audit(t *testing.T, s chat.Store) {
	entry := func(n int) chat.AuditEntry {
		return chat.AuditEntry{
			Seq: uint64(n), Time: at(n), Action: "export.written", Subject: "00", Detail: "d",
			Prev: fill[[32]byte](n - 1), Hash: fill[[32]byte](n),
		}
	}
	update(t, s, func(tx chat.Tx) error {
		_, err := tx.Audit().Head()
		is(t, "empty", err, chat.ErrNotFound)
		for n := 1; n <= 4; n++ {
			if err := tx.Audit().Append(entry(n)); err != nil {
				return err
			}
		}
		is(t, "gap", tx.Audit().Append(entry(6)), chat.ErrExists)
		is(t, "again", tx.Audit().Append(entry(4)), chat.ErrExists)
		return nil
	})
	view(t, s, func(tx chat.Tx) error {
		head, err := tx.Audit().Head()
		same(t, "Head", head, entry(4))
		is(t, "Head", err, nil)
		some, err := tx.Audit().List(1, 2)
		same(t, "List", some, []chat.AuditEntry{entry(2), entry(3)})
		return err
	})
}

func events(t *testing.T, s chat.Store) {
	update(t, s, func(tx chat.Tx) error {
		for n := range 10_005 {
			e, err := tx.Events().Append("message", []byte{byte(n)}, at(n))
			if err != nil {
				return err
			}
			if e.Seq != uint64(n+1) {
				t.Fatalf("seq %d of event %d", e.Seq, n)
			}
		}
		return nil
	})
	update(t, s, func(tx chat.Tx) error {
		some, err := tx.Events().Since(0, 2)
		is(t, "Since", err, nil)
		same(t, "Since", some, []chat.Event{
			{Seq: 6, Time: at(5), Type: "message", Body: []byte{5}},
			{Seq: 7, Time: at(6), Type: "message", Body: []byte{6}},
		})
		if err := tx.Events().Forget(func(e chat.Event) bool { return e.Seq%2 == 1 }); err != nil {
			return err
		}
		last, err := tx.Events().Last()
		same(t, "Last", last, uint64(10_005))
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		some, err := tx.Events().Since(10_001, 9)
		is(t, "Since", err, nil)
		same(t, "kept", len(some), 2)
		e, err := tx.Events().Append("alert", nil, at(1))
		same(t, "seq goes on", e.Seq, uint64(10_006))
		return err
	})
}

func settings(t *testing.T, s chat.Store) {
	update(t, s, func(tx chat.Tx) error {
		for name, v := range map[string]string{"a": "1", "b": "", "c": "3"} {
			if err := tx.Settings().Put(name, []byte(v)); err != nil {
				return err
			}
		}
		return tx.Settings().Delete("c")
	})
	view(t, s, func(tx chat.Tx) error {
		all, err := tx.Settings().List()
		same(t, "List", len(all), 2)
		same(t, "a", string(all["a"]), "1")
		is(t, "List", err, nil)
		v, err := tx.Settings().Get("b")
		same(t, "b", len(v), 0)
		is(t, "b", err, nil)
		_, err = tx.Settings().Get("c")
		is(t, "c", err, chat.ErrNotFound)
		return nil
	})
}
