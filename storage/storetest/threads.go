package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"sotto/chat"
)

func contact(n int) chat.Contact {
	return chat.Contact{
		ID: fill[chat.ContactID](n), Name: "Ada", ProfileName: "Ada L", Bot: true, State: chat.ContactAccepted,
		Verification: chat.Verified, Certificate: []byte("certificate"), DeviceList: []byte("list"), Created: at(n),
		Accepted: at(n + 1), FirstText: "hello", Removed: true,
	}
}

func conversation(n int) chat.Conversation {
	return chat.Conversation{
		ID: fill[chat.ConversationID](n), Kind: chat.Direct, Members: []chat.ContactID{contact(n).ID}, Created: at(n),
		NextSeq: 9, Unread: 3, ReadUpTo: 17, Draft: "draft", Last: at(n), Preview: "preview", PreviewOut: true,
		Pinned: true, Muted: true,
	}
}

func message(conv, n int) chat.Message {
	return chat.Message{
		ID: fill[chat.MessageID](n), Conversation: conversation(conv).ID, Author: contact(conv).ID,
		Device: fill[chat.DeviceID](conv), Direction: chat.In, Kind: chat.KindText, Seq: uint64(n), Sent: at(n),
		Received: at(n + 1), State: chat.Delivered, Text: "text", ReplyTo: fill[chat.MessageID](n + 1),
		ExpiresAfter: time.Hour, Edited: true, EditSeq: 4, Deleted: true,
		Reactions: []chat.Reaction{{From: contact(conv).ID, Emoji: "👍", Seq: 8}}, Notice: "verified",
		Raw: []byte("raw"), Missing: 2, Failure: "too-large", NoForward: true,
	}
}

func contacts(t *testing.T, s chat.Store) {
	plain := chat.Contact{ID: fill[chat.ContactID](9), Created: at(-5)}
	update(t, s, func(tx chat.Tx) error {
		for _, c := range []chat.Contact{contact(2), contact(1), plain} {
			if err := tx.Contacts().Put(c); err != nil {
				return err
			}
		}
		return nil
	})
	changed := contact(2)
	changed.Name, changed.Bot = "Grace", false
	update(t, s, func(tx chat.Tx) error { return tx.Contacts().Put(changed) })
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Contacts().Get(changed.ID)
		same(t, "Get", got, changed)
		if err != nil {
			return err
		}
		all, err := tx.Contacts().List()
		same(t, "List", all, []chat.Contact{plain, contact(1), changed})
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		is(t, "second delete", func() error {
			if err := tx.Contacts().Delete(plain.ID); err != nil {
				t.Error(err)
			}
			return tx.Contacts().Delete(plain.ID)
		}(), chat.ErrNotFound)
		return nil
	})
}

func conversations(t *testing.T, s chat.Store) {
	update(t, s, func(tx chat.Tx) error {
		for _, n := range []int{2, 3, 1} {
			if err := tx.Conversations().Put(conversation(n)); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, s, func(tx chat.Tx) error {
		c := conversation(1)
		c.Last = at(99)
		return tx.Conversations().Put(c)
	})
	view(t, s, func(tx chat.Tx) error {
		all, err := tx.Conversations().List()
		first := conversation(1)
		first.Last = at(99)
		same(t, "List", all, []chat.Conversation{first, conversation(3), conversation(2)})
		_, missing := tx.Conversations().Get(fill[chat.ConversationID](77))
		is(t, "Get", missing, chat.ErrNotFound)
		return err
	})
}

func messagesWhole(t *testing.T, s chat.Store) {
	update(t, s, func(tx chat.Tx) error {
		_, err := tx.Messages().Put(message(1, 1))
		is(t, "Put without conversation", err, chat.ErrNotFound)
		return tx.Conversations().Put(conversation(1))
	})
	want := message(1, 1)
	update(t, s, func(tx chat.Tx) error {
		local := want
		local.Sent = local.Sent.In(time.FixedZone("elsewhere", 3600))
		got, err := tx.Messages().Put(local)
		want.Position, want.Revision = got.Position, 1
		same(t, "Put", got, want)
		if got.Position <= 0 {
			t.Errorf("position %d", got.Position)
		}
		return err
	})
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Messages().Get(want.ID)
		same(t, "Get", got, want)
		return err
	})
	want.Text, want.Direction, want.Reactions, want.Raw = "changed", chat.Out, nil, nil
	want.Revision = 2
	update(t, s, func(tx chat.Tx) error {
		in := want
		in.Position, in.Revision = 0, 0
		got, err := tx.Messages().Put(in)
		same(t, "second Put", got, want)
		return err
	})
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Messages().Get(want.ID)
		same(t, "second Get", got, want)
		n, _ := tx.Messages().Count(want.Conversation)
		same(t, "Count", n, 1)
		_, missing := tx.Messages().Get(fill[chat.MessageID](50))
		is(t, "missing", missing, chat.ErrNotFound)
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Conversations().Put(conversation(2)); err != nil {
			return err
		}
		moved := want
		moved.Conversation = conversation(2).ID
		_, err := tx.Messages().Put(moved)
		is(t, "other conversation", err, chat.ErrMalformed)
		return nil
	})
}

func appendMessages(t *testing.T, s chat.Store, conv, n int) []chat.Message {
	t.Helper()
	var out []chat.Message
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Conversations().Put(conversation(conv)); err != nil {
			return err
		}
		for i := range n {
			m, err := tx.Messages().Put(message(conv, conv*100+i+1))
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out
}

func ids(ms []chat.Message) []chat.MessageID {
	var out []chat.MessageID
	for _, m := range ms {
		out = append(out, m.ID)
	}
	return out
}

func paging(t *testing.T, s chat.Store) {
	all := appendMessages(t, s, 1, 10)
	appendMessages(t, s, 2, 3)
	conv := conversation(1).ID
	view(t, s, func(tx chat.Tx) error {
		for _, c := range []struct {
			name string
			got  func() ([]chat.Message, error)
			want []chat.Message
		}{
			{"newest", func() ([]chat.Message, error) { return tx.Messages().Page(conv, 0, 3) }, all[7:]},
			{"before", func() ([]chat.Message, error) { return tx.Messages().Page(conv, all[7].Position, 3) }, all[4:7]},
			{"first", func() ([]chat.Message, error) { return tx.Messages().Page(conv, all[2].Position, 9) }, all[:2]},
			{"after", func() ([]chat.Message, error) { return tx.Messages().PageAfter(conv, all[2].Position, 2) }, all[3:5]},
			{"last", func() ([]chat.Message, error) { return tx.Messages().PageAfter(conv, all[9].Position, 2) }, nil},
			{"all", func() ([]chat.Message, error) { return tx.Messages().PageAfter(conv, 0, 100) }, all},
			{"none", func() ([]chat.Message, error) { return tx.Messages().Page(conv, 0, 0) }, nil},
			{"elsewhere", func() ([]chat.Message, error) {
				return tx.Messages().Page(fill[chat.ConversationID](9), 0, 5)
			}, nil},
		} {
			got, err := c.got()
			if err != nil {
				return err
			}
			same(t, c.name, ids(got), ids(c.want))
		}
		n, err := tx.Messages().Count(conv)
		same(t, "Count", n, 10)
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Messages().Delete(all[9].ID); err != nil {
			return err
		}
		is(t, "second Delete", tx.Messages().Delete(all[9].ID), chat.ErrNotFound)
		page, err := tx.Messages().Page(conv, 0, 1)
		same(t, "after Delete", ids(page), ids(all[8:9]))
		return err
	})
}

func positions(t *testing.T, s chat.Store) {
	all := appendMessages(t, s, 1, 3)
	err := s.Update(context.Background(), func(tx chat.Tx) error {
		m := message(1, 900)
		m.Position = all[1].Position
		_, err := tx.Messages().Put(m)
		return err
	})
	is(t, "taken position", err, chat.ErrExists)
	err = s.Update(context.Background(), func(tx chat.Tx) error {
		m := all[0]
		m.Position = all[1].Position
		_, err := tx.Messages().Put(m)
		return err
	})
	is(t, "move onto another", err, chat.ErrExists)
	update(t, s, func(tx chat.Tx) error {
		m := all[0]
		m.Position = all[2].Position + 5
		if _, err := tx.Messages().Put(m); err != nil {
			return err
		}
		next, err := tx.Messages().Put(message(1, 901))
		if err == nil && next.Position <= m.Position {
			t.Errorf("appended at %d, not after %d", next.Position, m.Position)
		}
		return err
	})
	view(t, s, func(tx chat.Tx) error {
		page, err := tx.Messages().Page(conversation(1).ID, 0, 9)
		same(t, "order", ids(page), []chat.MessageID{all[1].ID, all[2].ID, all[0].ID, message(1, 901).ID})
		return err
	})
}

// between inserts many rows before the same neighbour, before the very first row, and after the same neighbour.
func between(t *testing.T, s chat.Store) {
	all := appendMessages(t, s, 1, 4)
	conv := conversation(1).ID
	want := ids(all)
	insert := func(n, index int) {
		update(t, s, func(tx chat.Tx) error {
			page, err := tx.Messages().PageAfter(conv, 0, 1000)
			if err != nil {
				return err
			}
			after := int64(0)
			if index > 0 {
				after = page[index-1].Position
			}
			m := message(1, n)
			if m.Position, err = tx.Messages().Between(conv, page[index].Position, after); err != nil {
				return err
			}
			_, err = tx.Messages().Put(m)
			return err
		})
		want = slices.Insert(want, index, fill[chat.MessageID](n))
	}
	for n := range 60 {
		insert(1000+n, 2)
		insert(2000+n, 0)
		insert(3000+n, len(want)-1)
	}
	view(t, s, func(tx chat.Tx) error {
		page, err := tx.Messages().PageAfter(conv, 0, 1000)
		same(t, "order", ids(page), want)
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		_, err := tx.Messages().Between(conv, 5, 5)
		is(t, "no room by definition", err, chat.ErrMalformed)
		return nil
	})
}

func seqs(t *testing.T, s chat.Store) {
	var placed []chat.Message
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Conversations().Put(conversation(1)); err != nil {
			return err
		}
		for i, seq := range []uint64{1, 2, 5, 0, 9} {
			for _, author := range []int{1, 2} {
				m := message(1, 10*i+author)
				m.Author, m.Seq = contact(author).ID, seq
				if author == 2 && seq > 0 {
					m.Seq += 100
				}
				m, err := tx.Messages().Put(m)
				if err != nil {
					return err
				}
				placed = append(placed, m)
			}
		}
		return nil
	})
	check := func(tx chat.Tx) error {
		conv, device := conversation(1).ID, fill[chat.DeviceID](1)
		for _, c := range []struct {
			author int
			seq    uint64
			want   int // index in placed, -1: none
		}{{1, 0, 0}, {1, 1, 2}, {1, 2, 4}, {1, 4, 4}, {1, 5, 8}, {1, 9, -1}, {2, 50, 1}, {2, 105, 9}, {3, 0, -1}} {
			got, err := tx.Messages().FirstAbove(conv, contact(c.author).ID, device, c.seq)
			if c.want < 0 {
				is(t, "FirstAbove", err, chat.ErrNotFound)
				continue
			}
			if err != nil {
				return err
			}
			same(t, "FirstAbove", got.ID, placed[c.want].ID)
		}
		for author, want := range map[int]uint64{1: 9, 2: 109, 3: 0} {
			last, err := tx.Messages().LastSeq(conv, contact(author).ID, device)
			if err != nil {
				return err
			}
			same(t, "LastSeq", last, want)
		}
		return nil
	}
	view(t, s, check)
	update(t, s, check)
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Messages().Delete(placed[8].ID); err != nil {
			return err
		}
		last, err := tx.Messages().LastSeq(conversation(1).ID, contact(1).ID, fill[chat.DeviceID](1))
		same(t, "LastSeq after Delete", last, uint64(9))
		return err
	})
}

// lateness looks from the end of a conversation longer than a late message reaches.
func lateness(t *testing.T, s chat.Store) {
	const more = 10
	all := appendMessages(t, s, 1, chat.MaxLate+more)
	first := all[0]
	view(t, s, func(tx chat.Tx) error {
		for seq, want := range map[uint64]int{0: more, first.Seq + more: more + 1, all[len(all)-2].Seq: len(all) - 1} {
			got, err := tx.Messages().FirstAbove(first.Conversation, first.Author, first.Device, seq)
			if err != nil {
				return err
			}
			same(t, "FirstAbove", got.ID, all[want].ID)
		}
		return nil
	})
}

func rollbackThreads(t *testing.T, s chat.Store) {
	all := appendMessages(t, s, 1, 3)
	err := s.Update(context.Background(), func(tx chat.Tx) error {
		if _, err := tx.Messages().Put(message(1, 500)); err != nil {
			return err
		}
		if err := tx.Messages().Delete(all[0].ID); err != nil {
			return err
		}
		if err := tx.Conversations().Put(conversation(2)); err != nil {
			return err
		}
		if err := tx.Conversations().Destroy(conversation(1).ID); err != nil {
			return err
		}
		return errStop
	})
	is(t, "Update", err, errStop)
	update(t, s, func(tx chat.Tx) error {
		page, err := tx.Messages().Page(conversation(1).ID, 0, 9)
		same(t, "messages", page, all)
		is(t, "Page", err, nil)
		_, missing := tx.Conversations().Get(conversation(2).ID)
		is(t, "conversation", missing, chat.ErrNotFound)
		last, _ := tx.Messages().LastSeq(conversation(1).ID, all[0].Author, all[0].Device)
		same(t, "LastSeq", last, all[2].Seq)
		if err := tx.Conversations().Put(conversation(2)); err != nil {
			return err
		}
		_, again := tx.Messages().Put(message(2, 600))
		return again
	})
}

func destroy(t *testing.T, s chat.Store) {
	gone, kept := appendMessages(t, s, 1, 5), appendMessages(t, s, 2, 2)
	update(t, s, func(tx chat.Tx) error {
		return tx.Annotations().Put(chat.Annotation{
			ID: fill[chat.MessageID](70), Conversation: conversation(1).ID, Target: gone[0].ID, Kind: chat.AnnotateEdit,
		})
	})
	if err := s.Erase(context.Background(), func(tx chat.Tx) error {
		return tx.Conversations().Destroy(conversation(1).ID)
	}); err != nil {
		t.Fatal(err)
	}
	check := func(tx chat.Tx) error {
		_, err := tx.Conversations().Get(conversation(1).ID)
		is(t, "conversation", err, chat.ErrNotFound)
		for _, m := range gone {
			_, err := tx.Messages().Get(m.ID)
			is(t, "message", err, chat.ErrNotFound)
		}
		as, err := tx.Annotations().ForTarget(conversation(1).ID, gone[0].ID)
		if err != nil || len(as) != 0 {
			t.Errorf("annotations %v, %v", as, err)
		}
		last, err := tx.Messages().LastSeq(conversation(1).ID, gone[0].Author, gone[0].Device)
		same(t, "LastSeq", last, uint64(0))
		is(t, "LastSeq", err, nil)
		page, err := tx.Messages().Page(conversation(2).ID, 0, 9)
		same(t, "the other conversation", page, kept)
		return err
	}
	view(t, s, check)
	appendMessages(t, s, 1, 1) // the same id may begin anew
	update(t, s, func(tx chat.Tx) error {
		is(t, "unknown", tx.Conversations().Destroy(fill[chat.ConversationID](9)), chat.ErrNotFound)
		return nil
	})
}
