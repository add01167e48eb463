package privacy_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/app/privacy"
	"sotto/app/privacy/files"
	"sotto/app/security"
	"sotto/chat"
	"sotto/chat/content"
)

// picture stores a message with a file that is here.
func (w *world) picture(peer, author chat.ContactID, body string) chat.Message {
	w.t.Helper()
	m := w.message(peer, author, "look at this")
	a, err := files.Seal(w.t.Context(), w.blobs, strings.NewReader(body), int64(len(body)), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	a.Message, a.Created = m.ID, w.clock
	w.update(func(tx chat.Tx) error {
		m.Kind, m.File = chat.KindAttachment, chat.File{Name: "plan.png", Type: "image/png", Size: int64(len(body))}
		if m, err = tx.Messages().Put(m); err != nil {
			return err
		}
		return errors.Join(tx.Attachments().Put(a), tx.Attachments().PutPreview(m.ID, []byte("small")))
	})
	return m
}

// away stores a message with a file that was only offered.
func (w *world) away(peer chat.ContactID) chat.Message {
	w.t.Helper()
	m := w.picture(peer, peer, "offered")
	w.update(func(tx chat.Tx) error {
		a, err := tx.Attachments().Get(m.ID)
		a.State, a.Stored, a.Blob = chat.FileOffered, false, chat.BlobID{}
		return errors.Join(err, tx.Attachments().Put(a))
	})
	return m
}

// lastAudit is the detail of the newest entry of that act.
func (w *world) lastAudit(action string) (detail string) {
	w.t.Helper()
	w.view(func(tx chat.Tx) error {
		entries, err := tx.Audit().List(0, 1000)
		for _, e := range entries {
			if e.Action == action {
				detail = e.Detail
			}
		}
		return err
	})
	return detail
}

// fileless fails unless nothing of the file of a message is left.
func (w *world) fileless(id chat.MessageID) {
	w.t.Helper()
	w.view(func(tx chat.Tx) error {
		if m, err := tx.Messages().Get(id); err == nil && !m.File.IsZero() {
			w.t.Errorf("the tombstone still says %q", m.File.Name)
		}
		if _, err := tx.Attachments().Get(id); !errors.Is(err, chat.ErrNotFound) {
			w.t.Errorf("the key is left: %v", err)
		}
		if _, err := tx.Attachments().Preview(id); !errors.Is(err, chat.ErrNotFound) {
			w.t.Errorf("the small picture is left: %v", err)
		}
		return nil
	})
}

func TestEveryWayToDeleteTakesTheFilesWithIt(t *testing.T) {
	for _, row := range []struct {
		name   string
		act    func(*world, chat.Message) error
		audit  string
		detail string
		left   int // files of the three that are here
	}{
		{"nothing", func(*world, chat.Message) error { return nil }, "", "", 3},
		{"the message", func(w *world, m chat.Message) error {
			_, err := w.eraser.DeleteMessages(w.t.Context(), m.ID)
			return err
		}, "message.deleted", "with its file", 2},
		{"the conversation", func(w *world, m chat.Message) error {
			_, err := w.eraser.DeleteConversation(w.t.Context(), m.Conversation, false)
			return err
		}, "conversation.deleted", "4 messages, 2 files", 1},
		{"the author's wish", func(w *world, m chat.Message) error {
			return w.ask(chat.MessageID{9}, m.ID)
		}, "erasure.honoured", "1 messages, 1 erased, 1 files", 2},
		{"a request that is honoured", func(w *world, m chat.Message) error {
			if err := w.ask(chat.MessageID{9}); err != nil {
				return err
			}
			_, err := w.eraser.Answer(w.t.Context(), chat.MessageID{9}, content.Honoured)
			return err
		}, "erasure.honoured", "conversation, 4 erased, 2 files", 1},
		{"a request that is honoured in part", func(w *world, m chat.Message) error {
			if err := w.ask(chat.MessageID{9}); err != nil {
				return err
			}
			_, err := w.eraser.Answer(w.t.Context(), chat.MessageID{9}, content.Partial)
			return err
		}, "erasure.partial", "conversation, 2 erased, 1 files", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			m := w.picture(ada, ada, "of ada")
			w.picture(ada, me, "of me")
			w.away(ada)
			w.message(ada, me, "only words")
			w.picture(bob, bob, "of bob")
			if err := row.act(w, m); err != nil {
				t.Fatal(err)
			}
			if got := len(w.blobs.List()); got != row.left {
				t.Errorf("%d files are left, want %d", got, row.left)
			}
			if row.audit == "" {
				return
			}
			w.fileless(m.ID)
			if got := w.lastAudit(row.audit); got != row.detail {
				t.Errorf("the audit log says %q, want %q", got, row.detail)
			}
		})
	}
}

// ask lets Ada ask for messages, or for the whole conversation.
func (w *world) ask(id chat.MessageID, targets ...chat.MessageID) error {
	return w.store.Update(w.t.Context(), func(tx chat.Tx) error {
		return w.eraser.Incoming(tx, ada, content.Content{
			ID: id, Conv: conversation(ada), Body: content.Erasure{Outcome: content.Requested, Request: id, Targets: targets},
		})
	})
}

func TestWhoDeletesLetsGoOfTheFilesElsewhere(t *testing.T) {
	w := newWorld(t)
	one, two, three := w.away(ada), w.picture(ada, ada, "fetched"), w.away(ada)
	if _, err := w.eraser.DeleteMessages(t.Context(), one.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.eraser.DeleteConversation(t.Context(), one.Conversation, false); err != nil {
		t.Fatal(err)
	}
	if want := []chat.MessageID{one.ID, three.ID, two.ID}; !slices.Equal(w.out.let, want) || w.out.flushed != 2 {
		t.Errorf("let go %v and flushed %d times, want %v", w.out.let, w.out.flushed, want)
	}
}

func TestReportsOfErasureCountFiles(t *testing.T) {
	w := newWorld(t)
	w.picture(ada, ada, "12345")
	w.picture(ada, me, "1234567")
	w.away(ada)
	w.picture(bob, bob, "1")
	report, err := w.eraser.DeleteContact(t.Context(), ada, removes{w})
	if err != nil || report.Files != 2 || report.FileBytes != 12 {
		t.Errorf("a contact: %+v, %v", report, err)
	}
	report, err = w.eraser.Everything(t.Context(), noRelays{}, func(context.Context) error { return nil })
	if err != nil || report.Files != 1 || report.FileBytes != 1 {
		t.Errorf("everything: %+v, %v", report, err)
	}
}

type removes struct{ w *world }

func (r removes) Remove(ctx context.Context, id chat.ContactID) error {
	return r.w.store.Erase(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(conversation(id)) })
}

type noRelays struct{}

func (noRelays) DeleteMailboxes(context.Context) ([]privacy.Unreached, error) { return nil, nil }

func TestAPreviewOfARuleCountsFiles(t *testing.T) {
	w := newWorld(t)
	now := w.clock
	w.clock = now.Add(-30 * aDay)
	w.picture(ada, ada, "123")
	w.away(ada)
	w.message(ada, ada, "words")
	w.clock = now
	w.picture(ada, ada, "12345")
	clock := func() time.Time { return w.clock }
	got, err := privacy.NewRetention(w.store, security.NewAudit(clock), clock).Preview(t.Context(), privacy.RuleChange{Keep: 7 * aDay})
	if want := (privacy.Kept{Messages: 3, Conversations: 1, Files: 1, FileBytes: 3}); err != nil || got != want {
		t.Errorf("would remove %+v, want %+v, %v", got, want, err)
	}
}
