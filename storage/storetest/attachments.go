package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"sotto/chat"
)

// withFile is the n-th message of a conversation, which has a file, and attachment what belongs to it.
func withFile(conv, n int) chat.Message {
	m := message(conv, n)
	m.Kind, m.Deleted = chat.KindAttachment, false
	m.File = chat.File{Name: "Grüße.tar.gz", Type: "application/gzip", Size: 12345, Width: 640, Height: 480}
	return m
}

func attachment(n int) chat.Attachment {
	return chat.Attachment{
		Message: fill[chat.MessageID](n), Key: bytes.Repeat([]byte{'k', byte(n)}, 16), Hash: fill[[32]byte](n), Sealed: 20_000 + int64(n),
		Blob: fill[chat.BlobID](n), Stored: true, State: chat.FileFailed, Failure: "file-gone", Relay: "relay.example:443",
		ReadKey: bytes.Repeat([]byte{'r', byte(n)}, 16), UploadKey: bytes.Repeat([]byte{'u', byte(n)}, 16), Attempts: 3,
		NotBefore: at(n + 1), Created: at(n),
	}
}

// putFiles puts messages with attachments at the end of a conversation.
func putFiles(t *testing.T, s chat.Store, conv int, numbers ...int) (all []chat.Message) {
	t.Helper()
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Conversations().Put(conversation(conv)); err != nil {
			return err
		}
		for _, n := range numbers {
			m, err := tx.Messages().Put(withFile(conv, n))
			if err != nil {
				return err
			}
			all = append(all, m)
			if err := tx.Attachments().Put(attachment(n)); err != nil {
				return err
			}
		}
		return nil
	})
	return all
}

// noFile expects that a message has no attachment.
func noFile(t *testing.T, what string, tx chat.Tx, n int) {
	t.Helper()
	_, err := tx.Attachments().Get(fill[chat.MessageID](n))
	is(t, what+": Get", err, chat.ErrNotFound)
	_, err = tx.Attachments().Preview(fill[chat.MessageID](n))
	is(t, what+": Preview", err, chat.ErrNotFound)
}

func attachmentsWhole(t *testing.T, s chat.Store) {
	update(t, s, func(tx chat.Tx) error {
		is(t, "without a message", tx.Attachments().Put(attachment(1)), chat.ErrNotFound)
		noFile(t, "before", tx, 1)
		return nil
	})
	want := putFiles(t, s, 1, 1, 2)
	bare := chat.Attachment{Message: fill[chat.MessageID](3), State: chat.FileOffered}
	update(t, s, func(tx chat.Tx) error {
		if _, err := tx.Messages().Put(withFile(1, 3)); err != nil {
			return err
		}
		return tx.Attachments().Put(bare)
	})
	view(t, s, func(tx chat.Tx) error {
		m, err := tx.Messages().Get(want[0].ID)
		same(t, "message", m, want[0])
		if err != nil {
			return err
		}
		for n, a := range map[int]chat.Attachment{1: attachment(1), 2: attachment(2), 3: bare} {
			got, err := tx.Attachments().Get(a.Message)
			if err != nil {
				return err
			}
			same(t, "attachment", got, attachmentOr(bare, n))
		}
		return nil
	})
	changed := attachment(1)
	changed.State, changed.Blob, changed.Stored, changed.Failure, changed.UploadKey = chat.FileOffered, chat.BlobID{}, false, "", nil
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Attachments().Put(changed); err != nil {
			return err
		}
		got, err := tx.Attachments().Get(changed.Message)
		same(t, "changed, in its unit of work", got, changed)
		return err
	})
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Attachments().Get(changed.Message)
		same(t, "changed", got, changed)
		return err
	})
	err := s.Update(context.Background(), func(tx chat.Tx) error {
		if err := tx.Attachments().Put(attachment(1)); err != nil {
			return err
		}
		return errors.Join(tx.Attachments().Delete(fill[chat.MessageID](2)), errStop)
	})
	is(t, "a failed unit of work", err, errStop)
	view(t, s, func(tx chat.Tx) error {
		one, err := tx.Attachments().Get(changed.Message)
		same(t, "after it", one, changed)
		two, err2 := tx.Attachments().Get(fill[chat.MessageID](2))
		same(t, "after it", two, attachment(2))
		if tx.Attachments().Put(changed) == nil || tx.Attachments().Delete(changed.Message) == nil ||
			tx.Attachments().PutPreview(changed.Message, []byte("x")) == nil {
			t.Error("an attachment was written inside View")
		}
		return errors.Join(err, err2)
	})
}

func attachmentOr(bare chat.Attachment, n int) chat.Attachment {
	if bare.Message == fill[chat.MessageID](n) {
		return bare
	}
	return attachment(n)
}

// blobsOnce: a file belongs to one attachment; who lets go of it says so.
func blobsOnce(t *testing.T, s chat.Store) {
	putFiles(t, s, 1, 1, 2)
	taken := attachment(2)
	taken.Blob = attachment(1).Blob
	update(t, s, func(tx chat.Tx) error {
		is(t, "the file of another", tx.Attachments().Put(taken), chat.ErrExists)
		got, err := tx.Attachments().Get(taken.Message)
		same(t, "afterwards", got, attachment(2))
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		one := attachment(1)
		one.Blob = chat.BlobID{}
		return errors.Join(tx.Attachments().Put(one), tx.Attachments().Put(taken))
	})
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Attachments().Get(taken.Message)
		same(t, "a file that was let go of", got, taken)
		return err
	})
}

func gallery(t *testing.T, s chat.Store) {
	appendMessages(t, s, 1, 3)
	all := putFiles(t, s, 1, 1, 2, 3)
	appendMessages(t, s, 2, 1)
	putFiles(t, s, 2, 4)
	late := withFile(1, 5)
	update(t, s, func(tx chat.Tx) (err error) {
		if late.Position, err = tx.Messages().Between(late.Conversation, all[1].Position, all[0].Position); err != nil {
			return err
		}
		if late, err = tx.Messages().Put(late); err != nil {
			return err
		}
		if _, err := tx.Messages().Put(withFile(1, 6)); err != nil { // its attachment is gone, or not here yet
			return err
		}
		return tx.Attachments().Put(attachment(5))
	})
	shows := func(what string, before int64, limit int, want ...chat.Message) {
		t.Helper()
		view(t, s, func(tx chat.Tx) error {
			got, err := tx.Attachments().Page(conversation(1).ID, before, limit)
			same(t, what, got, want)
			return err
		})
	}
	shows("all", 0, 10, all[2], all[1], late, all[0])
	shows("the newest", 0, 1, all[2])
	shows("before", all[1].Position, 10, late, all[0])
	shows("the next", late.Position, 1, all[0])
	shows("before the first", all[0].Position, 10)
	shows("none", 0, 0)
	view(t, s, func(tx chat.Tx) error {
		page, err := tx.Attachments().Page(fill[chat.ConversationID](9), 0, 5)
		same(t, "elsewhere", page, []chat.Message(nil))
		return err
	})
	// Rows move apart to make room, and the gallery keeps their order.
	for n := range 40 {
		update(t, s, func(tx chat.Tx) error {
			first, err := tx.Messages().Get(all[0].ID)
			if err != nil {
				return err
			}
			second, err := tx.Messages().PageAfter(first.Conversation, first.Position, 1)
			if err != nil {
				return err
			}
			m := withFile(1, 100+n)
			if m.Position, err = tx.Messages().Between(m.Conversation, second[0].Position, first.Position); err != nil {
				return err
			}
			if _, err = tx.Messages().Put(m); err != nil {
				return err
			}
			return tx.Attachments().Put(attachment(100 + n))
		})
	}
	view(t, s, func(tx chat.Tx) error {
		page, err := tx.Attachments().Page(conversation(1).ID, 0, 100)
		if err != nil {
			return err
		}
		thread, err := tx.Messages().Page(conversation(1).ID, 0, 100)
		if err != nil {
			return err
		}
		thread = slices.DeleteFunc(thread, func(m chat.Message) bool { return m.File.IsZero() || m.ID == fill[chat.MessageID](6) })
		slices.Reverse(thread)
		same(t, "after rows moved", page, thread)
		return nil
	})
}

func movingFiles(t *testing.T, s chat.Store) {
	putFiles(t, s, 1, 1, 2, 3, 4)
	states := func(want map[int]chat.FileState) {
		t.Helper()
		update(t, s, func(tx chat.Tx) error {
			for _, n := range []int{4, 3, 2, 1} {
				a := attachment(n)
				if state, ok := want[n]; ok {
					a.State = state
					if err := tx.Attachments().Put(a); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	expect := func(what string, numbers ...int) {
		t.Helper()
		view(t, s, func(tx chat.Tx) error {
			list, err := tx.Attachments().Moving()
			var got []int
			for _, a := range list {
				got = append(got, slices.IndexFunc([]int{1, 2, 3, 4}, func(n int) bool { return a.Message == fill[chat.MessageID](n) })+1)
				want := attachment(got[len(got)-1])
				want.State = a.State
				same(t, what, a, want)
			}
			same(t, what, got, numbers)
			return err
		})
	}
	expect("none")
	states(map[int]chat.FileState{1: chat.FileSending, 2: chat.FileHere, 3: chat.FileFetching, 4: chat.FileOffered})
	expect("on their way", 1, 3)
	states(map[int]chat.FileState{1: chat.FileHere, 4: chat.FileFetching})
	expect("later", 3, 4)
	update(t, s, func(tx chat.Tx) error { return tx.Messages().Delete(fill[chat.MessageID](3)) })
	expect("deleted", 4)
}

func previews(t *testing.T, s chat.Store) {
	putFiles(t, s, 1, 1, 2)
	large := bytes.Repeat([]byte{0xAB}, chat.MaxPreview)
	update(t, s, func(tx chat.Tx) error {
		id := fill[chat.MessageID](1)
		_, err := tx.Attachments().Preview(id)
		is(t, "before", err, chat.ErrNotFound)
		is(t, "too large", tx.Attachments().PutPreview(id, append(large, 0)), chat.ErrTooLarge)
		is(t, "empty", tx.Attachments().PutPreview(id, nil), chat.ErrMalformed)
		is(t, "without an attachment", tx.Attachments().PutPreview(fill[chat.MessageID](9), large), chat.ErrNotFound)
		return errors.Join(tx.Attachments().PutPreview(id, []byte("first")), tx.Attachments().PutPreview(id, large),
			tx.Attachments().PutPreview(fill[chat.MessageID](2), []byte("second")))
	})
	update(t, s, func(tx chat.Tx) error { return tx.Attachments().Put(attachment(1)) })
	view(t, s, func(tx chat.Tx) error {
		for n, want := range map[int][]byte{1: large, 2: []byte("second")} {
			got, err := tx.Attachments().Preview(fill[chat.MessageID](n))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("preview %d has %d bytes, %v", n, len(got), err)
			}
		}
		return nil
	})
	update(t, s, func(tx chat.Tx) error {
		id := fill[chat.MessageID](1)
		if err := tx.Attachments().Delete(id); err != nil {
			return err
		}
		noFile(t, "deleted", tx, 1)
		is(t, "deleted twice", tx.Attachments().Delete(id), nil)
		is(t, "no such message", tx.Attachments().Delete(fill[chat.MessageID](9)), nil)
		if err := tx.Attachments().Put(attachment(1)); err != nil {
			return err
		}
		_, err := tx.Attachments().Preview(id)
		is(t, "of a new attachment", err, chat.ErrNotFound)
		return nil
	})
}

// filesGo: whatever takes a message takes its attachment, and says after the commit which file is to go.
func filesGo(t *testing.T, s chat.Store) {
	var told []chat.BlobID
	s.(interface {
		OnRemoved(f func(...chat.BlobID))
	}).OnRemoved(func(ids ...chat.BlobID) { told = append(told, ids...) })
	for _, c := range []struct {
		name   string
		remove func(tx chat.Tx, n int) error
		goes   bool
	}{
		{"the message is deleted", func(tx chat.Tx, n int) error { return tx.Messages().Delete(fill[chat.MessageID](n)) }, true},
		{"a tombstone takes its place", func(tx chat.Tx, n int) error {
			m, err := tx.Messages().Get(fill[chat.MessageID](n))
			if err != nil {
				return err
			}
			m.Deleted, m.Text, m.File = true, "", chat.File{}
			_, err = tx.Messages().Put(m)
			is(t, "put to a tombstone", tx.Attachments().Put(attachment(n)), chat.ErrNotFound)
			return err
		}, true},
		{"the attachment is deleted", func(tx chat.Tx, n int) error { return tx.Attachments().Delete(fill[chat.MessageID](n)) }, true},
		{"the conversation is destroyed", func(tx chat.Tx, _ int) error { return tx.Conversations().Destroy(conversation(1).ID) }, true},
		{"the file is another", func(tx chat.Tx, n int) error {
			a := attachment(n)
			a.Blob = fill[chat.BlobID](n + 1000)
			return tx.Attachments().Put(a)
		}, false},
	} {
		const n, other = 7, 8
		told = nil
		putFiles(t, s, 1, n)
		putFiles(t, s, 2, other)
		update(t, s, func(tx chat.Tx) error { return tx.Attachments().PutPreview(fill[chat.MessageID](n), []byte("picture")) })
		err := s.Purge(context.Background(), func(tx chat.Tx) error { return errors.Join(c.remove(tx, n), errStop) })
		is(t, c.name, err, errStop)
		if len(told) > 0 {
			t.Errorf("%s: a unit of work that failed told of %v", c.name, told)
		}
		err = s.Purge(context.Background(), func(tx chat.Tx) error {
			err := c.remove(tx, n)
			if len(told) > 0 {
				t.Errorf("%s: told before the commit", c.name)
			}
			return err
		})
		if err != nil {
			t.Fatal(c.name, err)
		}
		same(t, c.name+": files told", told, []chat.BlobID{attachment(n).Blob})
		view(t, s, func(tx chat.Tx) error {
			if c.goes {
				noFile(t, c.name, tx, n)
			}
			got, err := tx.Attachments().Get(fill[chat.MessageID](other))
			same(t, c.name+": the other", got, attachment(other))
			return err
		})
		told = nil
		if err := s.Erase(context.Background(), func(tx chat.Tx) error {
			for n := 1; n <= 2; n++ {
				if err := tx.Conversations().Destroy(conversation(n).ID); err != nil && !errors.Is(err, chat.ErrNotFound) {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(told, attachment(other).Blob) {
			t.Errorf("%s: the erasure told of %v", c.name, told)
		}
	}
}
