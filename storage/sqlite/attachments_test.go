package sqlite

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/chat"
)

// withFiles gives every message of a list an attachment with a file and a preview.
func withFiles(t testing.TB, s *Store, lists ...[]chat.MessageID) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		for _, id := range slices.Concat(lists...) {
			a := file(id[0], id[1])
			a.Message, a.Blob = id, chat.BlobID(id)
			if err := errors.Join(tx.Attachments().Put(a), tx.Attachments().PutPreview(id, bytes.Repeat(id[:], 300))); err != nil {
				return err
			}
		}
		return nil
	})
}

// fileKeys returns how many keys there are beside those of purposes and conversations.
func fileKeys(t *testing.T, s *Store) int64 {
	t.Helper()
	row, err := s.writer.row("SELECT (SELECT count(*) FROM keys) - (SELECT count(*) FROM conversations)")
	if err != nil {
		t.Fatal(err)
	}
	return integer(row[0]) - int64(len(s.keys.purposes))
}

func TestFilesOfMessagesThatEndWhileLockedGoWithoutAKey(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	minute, hour, never := endingMessages(t, s, 30)
	withFiles(t, s, minute, hour, never)
	var secrets [][]byte
	for _, sql := range []string{
		"SELECT body FROM attachments WHERE id <= 10", "SELECT body FROM previews WHERE id <= 10",
		"SELECT body FROM keys WHERE id IN (SELECT key FROM attachments WHERE id <= 10)",
	} {
		rows, err := s.writer.rows(sql)
		if err != nil || len(rows) != len(minute) {
			t.Fatal(len(rows), err)
		}
		for _, row := range rows {
			secrets = append(secrets, bytes.Clone(bytesOf(row[0])[:40]))
		}
	}
	var told []chat.BlobID
	s.OnRemoved(func(ids ...chat.BlobID) { told = append(told, ids...) })
	k := leave(t, s)
	if n, err := k.Remove(day.Add(time.Minute)); n != len(minute) || err != nil {
		t.Fatalf("%d went, %v", n, err)
	}
	for _, id := range minute {
		if !slices.Contains(told, chat.BlobID(id)) {
			t.Error("a file is not told of")
		}
	}
	if len(told) != len(minute) {
		t.Errorf("%d files told of, want %d", len(told), len(minute))
	}
	for name, b := range folderBytes(t, filepath.Dir(p.db)) {
		for _, secret := range secrets {
			if strings.Contains(b, string(secret)) {
				t.Fatalf("%s holds what belongs to an attachment that went", name)
			}
		}
	}
	t.Run("salvage does not miss them", func(t *testing.T) {
		_, w, err := salvagedAt(t, p, day.Add(2*time.Minute))
		if err != nil || !w.Whole() {
			t.Errorf("%+v, %v", w, err)
		}
	})
	for _, again := range []string{"opened", "opened again"} {
		s = p.open(t)
		if there, lost, _ := due(t, s, day.Add(2*time.Minute)); there != len(hour)+len(never) || lost != 0 {
			t.Errorf("%s: %d are there, %d lost", again, there, lost)
		}
		if n := fileKeys(t, s); n != int64(len(hour)+len(never)) {
			t.Errorf("%s: %d keys of files", again, n)
		}
		if examined, err := s.Examine(context.Background(), nil); err != nil || !examined.Sound() {
			t.Errorf("%s: %+v, %v", again, examined, err)
		}
		ids, err := s.BlobIDs(context.Background())
		if err != nil || len(ids) != len(hour)+len(never) {
			t.Errorf("%s: %d files, %v", again, len(ids), err)
		}
		closeStore(t, s)
	}
}

// TestFilesThatGoWhileLockedGoOnlyWithTheirMessage: the list of what may be missing excuses nothing else.
func TestFilesThatGoWhileLockedGoOnlyWithTheirMessage(t *testing.T) {
	for _, c := range []struct {
		name, sql string
		sound     bool
	}{
		{"attachment and key of a message that is there", "DELETE FROM previews WHERE id = 1; DELETE FROM attachments WHERE id = 1; DELETE FROM keys WHERE id = %key;", false},
		{"attachment of one that is not", "DELETE FROM messages WHERE id = 1; DELETE FROM attachments WHERE id = 1;", false},
		{"key of one that is not", "DELETE FROM messages WHERE id = 1; DELETE FROM keys WHERE id = %key;", false},
		{"all of one without an end", "DELETE FROM messages WHERE id = 3; DELETE FROM attachments WHERE id = 3; DELETE FROM keys WHERE id = %key + 2;", false},
		{"all of one with an end", "DELETE FROM messages WHERE id = 1; DELETE FROM previews WHERE id = 1; DELETE FROM attachments WHERE id = 1; DELETE FROM keys WHERE id = %key;", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			minute, hour, never := endingMessages(t, s, 3)
			withFiles(t, s, minute, hour, never)
			row, err := s.writer.row("SELECT CAST(key AS TEXT) FROM attachments WHERE id = 1")
			if err != nil {
				t.Fatal(err)
			}
			leave(t, s)
			p.tamper(t, strings.ReplaceAll(c.sql, "%key", row[0].(string)))
			s, err = p.tryOpen(nil)
			if err == nil {
				closeStore(t, s)
			}
			if c.sound != (err == nil) || err != nil && !errors.Is(err, chat.ErrDamaged) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

func TestAPreviewThatIsNotThePresentOneIsNoticedWhenRead(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	p.tamper(t, "CREATE TABLE kept AS SELECT * FROM previews;")
	s = p.open(t)
	write(t, s, func(tx chat.Tx) error { return tx.Attachments().PutPreview(chat.MessageID{1, 3}, []byte("another")) })
	closeStore(t, s)
	original := fileBytes(t, p.db)
	for what, sql := range map[string]string{
		"dropped":       "DELETE FROM previews WHERE id = 1;",
		"put back":      "UPDATE previews SET body = (SELECT body FROM kept WHERE kept.id = previews.id) WHERE id = 1;",
		"swapped":       "UPDATE previews SET body = (SELECT body FROM kept WHERE kept.id = 2) WHERE id = 1;",
		"another key":   "UPDATE previews SET key = key + 1 WHERE id = 1;",
		"cut":           "UPDATE previews SET body = substr(body, 1, 60) WHERE id = 1;",
		"rows exchange": "UPDATE previews SET id = -1 WHERE id = 1; UPDATE previews SET id = 1 WHERE id = 2; UPDATE previews SET id = 2 WHERE id = -1;",
	} {
		t.Run(what, func(t *testing.T) {
			q := profileFrom(t, p, original)
			q.tamper(t, sql)
			s := q.open(t)
			err := s.View(context.Background(), func(tx chat.Tx) error {
				_, err := tx.Attachments().Preview(chat.MessageID{1, 3})
				return err
			})
			if !errors.Is(err, chat.ErrDamaged) || !strings.Contains(err.Error(), "previews") {
				t.Errorf("error %v", err)
			}
			examined, err := s.Examine(context.Background(), nil)
			if err != nil || !slices.Contains(examined.Tables, "previews") {
				t.Errorf("examined: %+v, %v", examined, err)
			}
		})
	}
}

// TestAttachmentsCannotBeExchangedMovedOrPutBack: all of this is done to the closed file, and noticed at opening.
func TestAttachmentsCannotBeExchangedMovedOrPutBack(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	p.tamper(t, "CREATE TABLE kept AS SELECT * FROM attachments; CREATE TABLE kept_keys AS SELECT * FROM keys;")
	s = p.open(t)
	write(t, s, func(tx chat.Tx) error {
		changed := file(1, 3)
		changed.State = chat.FileFetching
		return errors.Join(tx.Attachments().Put(changed), tx.Attachments().Delete(chat.MessageID{2, 3}))
	})
	write(t, s, func(tx chat.Tx) error {
		_, err := tx.Messages().Put(fileMessage(2, 4))
		return errors.Join(err, tx.Attachments().Put(file(2, 4)))
	})
	closeStore(t, s)
	original := fileBytes(t, p.db)
	exchange := func(column string) string {
		return `CREATE TEMP TABLE two AS SELECT id, ` + column + ` AS v FROM attachments;
			DROP INDEX attachments_message; DROP INDEX attachments_key; DROP INDEX attachments_blob;
			UPDATE attachments SET ` + column + ` = (SELECT v FROM two WHERE two.id <> attachments.id);`
	}
	for what, sql := range map[string]string{
		"messages exchanged":    exchange("message"),
		"files exchanged":       exchange("blob"),
		"keys exchanged":        exchange("key"),
		"bodies exchanged":      exchange("body"),
		"no longer on its way":  "UPDATE attachments SET moving = 0 WHERE id = 1;",
		"its file taken":        "UPDATE attachments SET blob = NULL WHERE id = 1;",
		"an older body":         "UPDATE attachments SET moving = 0, body = (SELECT body FROM kept WHERE id = 1) WHERE id = 1;",
		"a destroyed one again": "INSERT INTO attachments SELECT * FROM kept WHERE id = 2; INSERT INTO keys SELECT * FROM kept_keys WHERE id NOT IN (SELECT id FROM keys);",
		"a row without its key": "INSERT INTO attachments SELECT * FROM kept WHERE id = 2;",
	} {
		t.Run(what, func(t *testing.T) { noticed(t, profileFrom(t, p, original), "", sql) })
	}
	closeStore(t, profileFrom(t, p, original).open(t))
}

// TestTheKeyOfAFileIsInNoFileAfterItsEnd removes an attachment in every way, without asking for a purge, and looks for
// its bytes. Where nothing is removed, all of them must be found.
func TestTheKeyOfAFileIsInNoFileAfterItsEnd(t *testing.T) {
	ctx := context.Background()
	id := chat.MessageID{1, 3}
	for name, remove := range map[string]func(*Store) error{
		"nothing": func(*Store) error { return nil },
		"attachment": func(s *Store) error {
			return s.Update(ctx, func(tx chat.Tx) error { return tx.Attachments().Delete(id) })
		},
		"message": func(s *Store) error {
			return s.Update(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(id) })
		},
		"tombstone": func(s *Store) error {
			return s.Update(ctx, func(tx chat.Tx) error {
				_, err := tx.Messages().Put(chat.Message{ID: id, Conversation: conv(1), Author: chat.ContactID{1}, Deleted: true})
				return err
			})
		},
		"conversation": func(s *Store) error {
			return s.Update(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(1)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			populate(t, s)
			parts := map[string]string{}
			for what, sql := range map[string]string{
				"attachment": "SELECT body FROM attachments WHERE id = 1", "preview": "SELECT body FROM previews WHERE id = 1",
				"key": "SELECT k.body FROM keys k JOIN attachments a ON a.key = k.id WHERE a.id = 1",
			} {
				row, err := s.writer.row(sql)
				if err != nil || row == nil {
					t.Fatal(what, err)
				}
				parts[what] = string(bytesOf(row[0])[:40])
			}
			keys := fileKeys(t, s)
			if err := remove(s); err != nil {
				t.Fatal(err)
			}
			want := name == "nothing"
			if left := fileKeys(t, s); want != (left == keys) {
				t.Errorf("%d keys of files, before %d", left, keys)
			}
			for what, found := range residue(t, p, parts) {
				if found != want {
					t.Errorf("%s found: %t, want %t", what, found, want)
				}
			}
			closeStore(t, s)
			closeStore(t, p.open(t))
		})
	}
}

func TestAnEpochTurnsWithItsFilesAndTheyOpenAfterIt(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	if err := s.Erase(context.Background(), func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(1)) }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		view(t, s, func(tx chat.Tx) error {
			a, err := tx.Attachments().Get(chat.MessageID{2, 3})
			if err != nil || !bytes.Equal(a.Key, file(2, 3).Key) {
				t.Errorf("%+v, %v", a, err)
			}
			picture, err := tx.Attachments().Preview(chat.MessageID{2, 3})
			if string(picture) != "picture" {
				t.Errorf("%q", picture)
			}
			return err
		})
		closeStore(t, s)
		s = p.open(t)
	}
}

func TestAnAttachmentThatDoesNotOpenHoldsUpNothingElse(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	write(t, s, func(tx chat.Tx) error {
		for n := byte(1); n <= 2; n++ {
			a := file(n, 3)
			a.State, a.Stored = chat.FileFetching, false
			if err := tx.Attachments().Put(a); err != nil {
				return err
			}
		}
		return nil
	})
	for _, body := range []string{"zeroblob(200)", "x'02000000'"} {
		if _, err := s.writer.exec("UPDATE attachments SET body = " + body + " WHERE id = 1"); err != nil {
			t.Fatal(err)
		}
		err := s.View(context.Background(), func(tx chat.Tx) error {
			if _, err := tx.Attachments().Get(chat.MessageID{1, 3}); !errors.Is(err, chat.ErrDamaged) {
				t.Errorf("Get: %v", err)
			}
			moving, err := tx.Attachments().Moving()
			if err != nil || len(moving) != 1 || moving[0].Message != (chat.MessageID{2, 3}) {
				t.Errorf("on their way: %+v, %v", moving, err)
			}
			page, err := tx.Attachments().Page(conv(1), 0, 10)
			if err != nil || len(page) != 1 || page[0].ID != (chat.MessageID{1, 3}) {
				t.Errorf("files: %+v, %v", page, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write(t, s, func(tx chat.Tx) error { return tx.Messages().Delete(chat.MessageID{1, 3}) })
}

func TestFilesBesideADamagedMessageAreListed(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	write(t, s, func(tx chat.Tx) error {
		_, err := tx.Messages().Put(fileMessage(1, 4))
		return errors.Join(err, tx.Attachments().Put(file(1, 4)))
	})
	closeStore(t, s)
	p.tamper(t, "UPDATE messages SET body = zeroblob(200) WHERE id = 7;") // the newer of the two
	s = p.open(t)
	err := s.View(context.Background(), func(tx chat.Tx) error {
		page, err := tx.Attachments().Page(conv(1), 0, 1) // a page is full where there is enough
		if err != nil || len(page) != 1 || page[0].ID != (chat.MessageID{1, 3}) {
			t.Errorf("files: %+v, %v", page, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestExamineTellsOfAnAttachmentThatDoesNotOpen(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	// While the store is open: at opening it would be noticed before.
	if _, err := s.writer.exec("UPDATE attachments SET body = zeroblob(200) WHERE id = 2"); err != nil {
		t.Fatal(err)
	}
	examined, err := s.Examine(context.Background(), nil)
	if err != nil || !slices.Equal(examined.Tables, []string{"attachments"}) {
		t.Errorf("%+v, %v", examined, err)
	}
}
