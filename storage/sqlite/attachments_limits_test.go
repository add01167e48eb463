package sqlite

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sotto/chat"
)

func TestAFileThatFindsNoRoomLeavesNothing(t *testing.T) {
	s := newProfile(t).create(t)
	populate(t, s)
	var told []chat.BlobID
	s.OnRemoved(func(ids ...chat.BlobID) { told = append(told, ids...) })
	keys := fileKeys(t, s)
	if err := s.writer.script("PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	put := func(tx chat.Tx) error {
		if err := tx.Attachments().Delete(chat.MessageID{2, 3}); err != nil {
			return err
		}
		for i := byte(10); i < 20; i++ {
			_, err := tx.Messages().Put(fileMessage(1, i))
			err = errors.Join(err, tx.Attachments().Put(file(1, i)),
				tx.Attachments().PutPreview(chat.MessageID{1, i}, make([]byte, chat.MaxPreview)))
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.Update(context.Background(), put); !errors.Is(err, chat.ErrDiskFull) {
		t.Fatalf("error %v", err)
	}
	if left := fileKeys(t, s); left != keys || len(told) != 0 {
		t.Errorf("%d keys of files, before %d; told of %d files", left, keys, len(told))
	}
	if err := s.writer.script("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if err := s.View(context.Background(), everything); err != nil {
		t.Error(err)
	}
	write(t, s, put)
	if !slices.Equal(told, []chat.BlobID{file(2, 3).Blob}) {
		t.Errorf("told of %v", told)
	}
	if examined, err := s.Examine(context.Background(), nil); err != nil || !examined.Sound() {
		t.Errorf("%+v, %v", examined, err)
	}
}

func TestCompactKeepsFiles(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	write(t, s, func(tx chat.Tx) error { return tx.Attachments().Delete(chat.MessageID{1, 3}) })
	if err := s.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		view(t, s, func(tx chat.Tx) error {
			a, err := tx.Attachments().Get(chat.MessageID{2, 3})
			if err != nil || !bytes.Equal(a.Key, file(2, 3).Key) || a.Blob != file(2, 3).Blob {
				t.Errorf("%+v, %v", a, err)
			}
			return everything(tx)
		})
		closeStore(t, s)
		s = p.open(t)
	}
}

func TestADamagedMessageThatHasEndedTakesItsFile(t *testing.T) {
	for name, sql := range map[string]string{
		"damaged": "UPDATE messages SET body = zeroblob(200) WHERE id = 1",
		"dropped": "DELETE FROM messages WHERE id = 1",
	} {
		t.Run(name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			minute, hour, never := endingMessages(t, s, 3)
			withFiles(t, s, minute, hour, never)
			closeStore(t, s)
			p.tamper(t, sql)
			s = p.open(t)
			var told []chat.BlobID
			s.OnRemoved(func(ids ...chat.BlobID) { told = append(told, ids...) })
			there, lost, left := due(t, s, day.Add(time.Minute))
			if there != 2 || lost != 0 || left != 0 || fileKeys(t, s) != 2 || !slices.Equal(told, []chat.BlobID{chat.BlobID(minute[0])}) {
				t.Errorf("%d are there, %d lost, %d due, %d keys of files, told of %v", there, lost, left, fileKeys(t, s), told)
			}
		})
	}
}

func TestSalvageCountsAttachmentsAndPreviews(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	original := fileBytes(t, p.db)
	count := func(w *Wreck, name string) TableLoss {
		i := slices.IndexFunc(w.Tables, func(l TableLoss) bool { return l.Name == name })
		if i < 0 {
			t.Fatalf("%s is not counted", name)
		}
		return w.Tables[i]
	}
	for _, c := range []struct {
		name, sql             string
		attachments, previews TableLoss
		keys                  int // missing
	}{
		{"whole", "", TableLoss{"attachments", 2, 2, 0}, TableLoss{"previews", 2, 2, 0}, 0},
		{"a preview dropped", "DELETE FROM previews WHERE id = 1", TableLoss{"attachments", 2, 2, 0}, TableLoss{"previews", 2, 1, 0}, 0},
		{"a preview altered", "UPDATE previews SET body = zeroblob(200) WHERE id = 1", TableLoss{"attachments", 2, 2, 0}, TableLoss{"previews", 2, 1, 1}, 0},
		{"an attachment altered", "UPDATE attachments SET body = zeroblob(200) WHERE id = 1", TableLoss{"attachments", 2, 1, 1}, TableLoss{"previews", 1, 2, 0}, 0},
		{"an attachment dropped", "DELETE FROM attachments WHERE id = 1", TableLoss{"attachments", 2, 1, 0}, TableLoss{"previews", 1, 2, 0}, 0},
		{"its file is another", "UPDATE attachments SET blob = zeroblob(16) WHERE id = 1", TableLoss{"attachments", 2, 1, 1}, TableLoss{"previews", 1, 2, 0}, 0},
		{"a key dropped", "DELETE FROM keys WHERE id = (SELECT key FROM attachments WHERE id = 1)", TableLoss{"attachments", 2, 1, 1}, TableLoss{"previews", 1, 1, 1}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := profileFrom(t, p, original)
			if c.sql != "" {
				q.tamper(t, c.sql)
			}
			_, w, err := salvaged(t, q)
			if err != nil {
				t.Fatal(err)
			}
			if got := count(w, "attachments"); got != c.attachments {
				t.Errorf("%+v, want %+v", got, c.attachments)
			}
			if got := count(w, "previews"); got != c.previews {
				t.Errorf("%+v, want %+v", got, c.previews)
			}
			if keys := count(w, "keys"); keys.Expected-keys.Readable != c.keys {
				t.Errorf("%+v", keys)
			}
			if w.Whole() != (c.name == "whole") {
				t.Errorf("whole: %t", w.Whole())
			}
		})
	}
}
