package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"sotto/chat"
)

// Run runs the suite; open returns an empty store that is closed when its test ends.
func Run(t *testing.T, open func(*testing.T) chat.Store) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, chat.Store)
	}{
		{"FailedUpdateLeavesNothing", failedUpdate},
		{"PanickingUpdateLeavesNothing", panickingUpdate},
		{"ViewRefusesWrites", viewRefusesWrites},
		{"UnitOfWorkIsOverAfterItsFunction", unitIsOver},
		{"CancelledContextStartsNothing", cancelled},
		{"ContactsComeBackWhole", contacts},
		{"ConversationsComeBackNewestFirst", conversations},
		{"MessagesComeBackWhole", messagesWhole},
		{"MessagesPageByPosition", paging},
		{"MessagePositionsAreTakenOnce", positions},
		{"BetweenAlwaysFindsRoom", between},
		{"LastSeqAndFirstAboveFollowOneAuthor", seqs},
		{"ALateMessageReachesBackSoFar", lateness},
		{"RollbackRestoresThreads", rollbackThreads},
		{"DestroyLeavesOnlyOtherConversations", destroy},
		{"DeadlinesFindWhatEnds", deadlines},
		{"PurgeCommitsLikeUpdate", purging},
		{"AnnotationsWaitForTheirTarget", annotations},
		{"AttachmentsComeBackWhole", attachmentsWhole},
		{"AFileBelongsToOneAttachment", blobsOnce},
		{"FilesPageByPosition", gallery},
		{"FilesOnTheirWayAreListed", movingFiles},
		{"PreviewsStandBesideTheirAttachment", previews},
		{"WhatTakesAMessageTakesItsFile", filesGo},
		{"SessionsComeBackNewestFirst", sessions},
		{"PrekeysAreDueByErase", prekeys},
		{"ReplaysExpireAndRejectionsAreBounded", replays},
		{"MailboxesRoutesInvitationsComeBackWhole", relays},
		{"QueueKeepsOrder", queue},
		{"ConsentsAreAppendOnly", consents},
		{"AuditIsContiguous", audit},
		{"EventsAreBoundedAndForgettable", events},
		{"SettingsComeBack", settings},
	} {
		t.Run(c.name, func(t *testing.T) { c.f(t, open(t)) })
	}
}

var base = time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC)

func at(minutes int) time.Time { return base.Add(time.Duration(minutes) * time.Minute) }

// fill makes an id from a number.
func fill[T ~[32]byte | ~[16]byte | ~[8]byte](n int) T {
	var id T
	v := reflect.ValueOf(&id).Elem()
	for i := range v.Len() {
		v.Index(i).SetUint(uint64(n*7+i) & 0xff)
	}
	v.Index(0).SetUint(uint64(n & 0xff))
	v.Index(1).SetUint(uint64(n >> 8 & 0xff))
	return id
}

func update(t *testing.T, s chat.Store, f func(chat.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, s chat.Store, f func(chat.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), f); err != nil {
		t.Fatalf("View: %v", err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
	}
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

var errStop = errors.New("stop")

func failedUpdate(t *testing.T, s chat.Store) {
	update(t, s, func(tx chat.Tx) error { return tx.Settings().Put("kept", []byte("old")) })
	err := s.Update(context.Background(), func(tx chat.Tx) error {
		return errors.Join(tx.Settings().Put("kept", []byte("new")), tx.Settings().Put("gone", []byte("x")),
			tx.Contacts().Put(contact(1)), errStop)
	})
	is(t, "Update", err, errStop)
	view(t, s, func(tx chat.Tx) error {
		v, err := tx.Settings().Get("kept")
		same(t, "kept", string(v), "old")
		_, missing := tx.Settings().Get("gone")
		is(t, "gone", missing, chat.ErrNotFound)
		_, missing = tx.Contacts().Get(contact(1).ID)
		is(t, "contact", missing, chat.ErrNotFound)
		return err
	})
}

func panickingUpdate(t *testing.T, s chat.Store) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.Update(context.Background(), func(tx chat.Tx) error { //nolint:errcheck // it panics
			if err := tx.Settings().Put("gone", []byte("x")); err != nil {
				return err
			}
			panic("stop")
		})
	}()
	update(t, s, func(tx chat.Tx) error {
		_, err := tx.Settings().Get("gone")
		is(t, "gone", err, chat.ErrNotFound)
		return nil
	})
}

func viewRefusesWrites(t *testing.T, s chat.Store) {
	update(t, s, func(tx chat.Tx) error { return tx.Conversations().Put(conversation(1)) })
	view(t, s, func(tx chat.Tx) error {
		for name, err := range map[string]error{
			"contact":      tx.Contacts().Put(contact(1)),
			"conversation": tx.Conversations().Put(conversation(2)),
			"destroy":      tx.Conversations().Destroy(conversation(1).ID),
			"setting":      tx.Settings().Put("a", nil),
			"annotation":   tx.Annotations().Put(chat.Annotation{Conversation: conversation(1).ID}),
			"audit":        tx.Audit().Append(chat.AuditEntry{Seq: 1}),
		} {
			if err == nil {
				t.Errorf("%s was written inside View", name)
			}
		}
		if _, err := tx.Messages().Put(message(1, 1)); err == nil {
			t.Error("message was written inside View")
		}
		return nil
	})
}

func unitIsOver(t *testing.T, s chat.Store) {
	var kept chat.Tx
	update(t, s, func(tx chat.Tx) error { kept = tx; return nil })
	if err := kept.Settings().Put("late", nil); err == nil {
		t.Error("a write after the unit of work was accepted")
	}
	view(t, s, func(tx chat.Tx) error { kept = tx; return nil })
	if _, err := kept.Contacts().List(); err == nil {
		t.Error("a read after the unit of work was accepted")
	}
}

func cancelled(t *testing.T, s chat.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ran := func(chat.Tx) error { t.Error("the unit of work ran"); return nil }
	// Either way out is taken when both are open, so ask often.
	for range 8 {
		is(t, "View", s.View(ctx, ran), context.Canceled)
		is(t, "Update", s.Update(ctx, ran), context.Canceled)
		is(t, "Erase", s.Erase(ctx, ran), context.Canceled)
	}
}
