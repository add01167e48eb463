package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/chat"
)

var day = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func conv(n byte) chat.ConversationID { return chat.ConversationID{n} }

// populate puts two rows into every table and leaves the store closed.
func populate(t testing.TB, s *Store) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		var errs []error
		for n := byte(1); n <= 2; n++ {
			_, queued := tx.Queue().Add(chat.QueueItem{Message: chat.MessageID{n}, Content: []byte("queued")})
			_, rejected := tx.Replays().Reject([32]byte{n}, day)
			_, event := tx.Events().Append("message", []byte("event"), day)
			errs = append(errs,
				tx.Contacts().Put(chat.Contact{ID: chat.ContactID{n}, Name: "name"}),
				tx.Conversations().Put(chat.Conversation{ID: conv(n), Kind: chat.Direct}),
				tx.Sessions().Put(chat.Session{ID: chat.SessionID{n}, State: []byte("state")}),
				tx.Prekeys().Put(chat.Prekey{ID: chat.KeyID{n}, Private: []byte("private")}),
				tx.Replays().RecordInitial([32]byte{n}, day),
				tx.Mailboxes().Put(chat.Mailbox{ID: chat.MailboxID{n}}),
				tx.Routes().Put(chat.Route{Peer: chat.ContactID{n}}),
				tx.Invitations().Put(chat.Invitation{ID: string(n)}),
				tx.Consents().Append(chat.Consent{ID: string(n)}),
				tx.Settings().Put(string(n), []byte("old")),
				tx.Audit().Append(chat.AuditEntry{Seq: uint64(n)}),
				tx.Annotations().Put(chat.Annotation{ID: chat.MessageID{n}, Conversation: conv(1), Target: chat.MessageID{9}}),
				queued, rejected, event)
			for i := byte(1); i <= 2; i++ {
				_, err := tx.Messages().Put(chat.Message{
					ID: chat.MessageID{n, i}, Conversation: conv(n), Author: chat.ContactID{n}, Seq: uint64(i), Text: "hello",
				})
				errs = append(errs, err)
			}
			_, err := tx.Messages().Put(fileMessage(n, 3))
			errs = append(errs, err, tx.Attachments().Put(file(n, 3)), tx.Attachments().PutPreview(chat.MessageID{n, 3}, []byte("picture")))
		}
		return errors.Join(errs...)
	})
}

// fileMessage is the i-th message of a conversation, which has a file, and file its attachment.
func fileMessage(n, i byte) chat.Message {
	return chat.Message{
		ID: chat.MessageID{n, i}, Conversation: conv(n), Author: chat.ContactID{n}, Seq: uint64(i), Kind: chat.KindAttachment,
		Text: "caption", File: chat.File{Name: "letter.pdf", Type: "application/pdf", Size: 4321},
	}
}

func file(n, i byte) chat.Attachment {
	return chat.Attachment{
		Message: chat.MessageID{n, i}, Key: bytes.Repeat([]byte{'k', n, i}, 11)[:32], Hash: [32]byte{'h', n, i}, Sealed: 8192,
		Blob: chat.BlobID{'b', n, i}, Stored: true, State: chat.FileHere, Relay: "relay.example",
		ReadKey: bytes.Repeat([]byte{'r', n, i}, 11)[:32], UploadKey: bytes.Repeat([]byte{'u', n, i}, 11)[:32], Created: day,
	}
}

func write(t testing.TB, s *Store, f func(chat.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// tamper runs SQL on the database of a closed store, as someone with write access would.
func (p profile) tamper(t testing.TB, sql string) {
	t.Helper()
	c, err := dial(p.db, "PRAGMA foreign_keys = OFF;")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.script(sql); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func TestTamperedSmallTableIsNoticedAtOpening(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	original := fileBytes(t, p.db)
	closeStore(t, p.open(t)) // untouched it opens

	swap := func(table string) string {
		return `CREATE TEMP TABLE two AS SELECT id, body FROM ` + table + ` ORDER BY id DESC LIMIT 2;
			UPDATE ` + table + ` SET body = (SELECT body FROM two WHERE two.id <> ` + table + `.id)
			WHERE id IN (SELECT id FROM two);`
	}
	for _, tb := range covered {
		name := tb.name
		for what, sql := range map[string]string{
			"drop":     "DELETE FROM " + name + " WHERE id = (SELECT max(id) FROM " + name + ");",
			"drop all": "DELETE FROM " + name + ";",
			"swap":     swap(name),
			"renumber": "UPDATE " + name + " SET id = id + 1000 WHERE id = (SELECT max(id) FROM " + name + ");",
			"cut":      "UPDATE " + name + " SET body = x'01' WHERE id = (SELECT max(id) FROM " + name + ");",
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				noticed(t, profileFrom(t, p, original), name, sql)
			})
		}
		if tb == attachments {
			for _, column := range tb.clear {
				t.Run(name+"/other "+column, func(t *testing.T) {
					noticed(t, profileFrom(t, p, original), name, "UPDATE attachments SET "+column+" = 99 WHERE id = 1;")
				})
			}
		}
		if tb == keysTable || tb == threads || tb == attachments {
			continue
		}
		t.Run(name+"/re-point", func(t *testing.T) {
			noticed(t, profileFrom(t, p, original), name,
				"UPDATE "+name+" SET tag = x'00112233445566778899aabbccddeeff' WHERE id = 1;")
		})
	}
	for what, sql := range map[string]string{
		"truncated":  "DELETE FROM audit WHERE id = 2;",
		"emptied":    "DELETE FROM audit;",
		"head moved": "UPDATE audit SET id = 3 WHERE id = 2;",
	} {
		t.Run("audit/"+what, func(t *testing.T) { noticed(t, profileFrom(t, p, original), "audit", sql) })
	}
	for what, sql := range map[string]string{
		"epoch":   "UPDATE state SET epoch = epoch + 1;",
		"pending": "UPDATE state SET pending = 1;",
		"body":    "UPDATE state SET body = zeroblob(500);",
		"dropped": "DELETE FROM state;",
	} {
		t.Run("state/"+what, func(t *testing.T) { noticed(t, profileFrom(t, p, original), "", sql) })
	}
}

func fileBytes(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// profileFrom makes a profile with p's vault and these bytes as its database.
func profileFrom(t testing.TB, p profile, db []byte) profile {
	t.Helper()
	out := newProfile(t)
	if err := errors.Join(os.WriteFile(out.db, db, 0o600), os.WriteFile(out.vault, fileBytes(t, p.vault), 0o600)); err != nil {
		t.Fatal(err)
	}
	return out
}

func noticed(t *testing.T, p profile, table, sql string) {
	t.Helper()
	p.tamper(t, sql)
	s, err := p.tryOpen(nil)
	if err == nil {
		closeStore(t, s)
		t.Fatal("not noticed")
	}
	if !errors.Is(err, chat.ErrDamaged) {
		t.Fatalf("error %v", err)
	}
	// A damaged key table may be noticed first by what it cannot open.
	if table != "keys" && table != "conversations" && !strings.Contains(err.Error(), table) {
		t.Errorf("%q does not name the table %s", err, table)
	}
}

func TestReplayedRowIsNoticedAtOpening(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	p.tamper(t, "CREATE TABLE kept AS SELECT * FROM settings; CREATE TABLE kept_state AS SELECT * FROM state;")
	s = p.open(t)
	write(t, s, func(tx chat.Tx) error { return tx.Settings().Put("\x01", []byte("new")) })
	closeStore(t, s)
	fresh := fileBytes(t, p.db)
	noticed(t, profileFrom(t, p, fresh), "settings",
		"UPDATE settings SET body = (SELECT body FROM kept WHERE kept.id = settings.id);")
	// The cover alone does not go back either.
	noticed(t, profileFrom(t, p, fresh), "settings",
		"UPDATE state SET body = (SELECT body FROM kept_state);")
}

// TestADamagedMessageIsANoticeInItsPlaceAndTheOthersAreShown is docs/STORAGE.md, section 5, for a row that is there and is
// not what was written.
func TestADamagedMessageIsANoticeInItsPlaceAndTheOthersAreShown(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	original := fileBytes(t, p.db)
	for what, c := range map[string]struct {
		sql     string
		damaged []chat.MessageID
	}{
		"bodies swapped": {`CREATE TEMP TABLE two AS SELECT id, body FROM messages WHERE id <= 2;
			UPDATE messages SET body = (SELECT body FROM two WHERE two.id <> messages.id) WHERE id <= 2;`, []chat.MessageID{{1, 1}, {1, 2}}},
		"other conversation": {"UPDATE messages SET conversation = 2, position = 1 WHERE id = 1;", []chat.MessageID{{1, 1}}},
		"other position":     {"UPDATE messages SET position = position + 1 WHERE id = 2;", []chat.MessageID{{1, 2}}},
		"other tag":          {"UPDATE messages SET tag = x'00' WHERE id = 1;", []chat.MessageID{{1, 1}}},
		"other format":       {"UPDATE messages SET body = x'02000000' WHERE id = 3;", []chat.MessageID{{1, 3}}},
		"noise":              {"UPDATE messages SET body = randomblob(length(body)) WHERE id = 2;", []chat.MessageID{{1, 2}}},
		"last of another":    {"UPDATE messages SET body = zeroblob(9) WHERE id = 6;", []chat.MessageID{{2, 3}}},
	} {
		t.Run(what, func(t *testing.T) {
			q := profileFrom(t, p, original)
			before := shownIn(t, profileFrom(t, p, original).open(t))
			q.tamper(t, c.sql)
			s := q.open(t)
			after := shownIn(t, s)
			if len(after) != len(before) {
				t.Fatalf("%d rows are shown, not %d", len(after), len(before))
			}
			missing := 0
			for i, was := range before {
				m := after[i]
				if !slices.Contains(c.damaged, was.ID) {
					if !reflect.DeepEqual(m, was) {
						t.Errorf("%v is shown as %+v", was.ID, m)
					}
					continue
				}
				missing += m.Missing
				if !m.StandsIn() || m.Notice != chat.NoticeDamaged || m.Position != was.Position || m.Conversation != was.Conversation ||
					m.Text != "" || !m.Author.IsZero() {
					t.Errorf("%v is shown as %+v", was.ID, m)
				}
				err := s.View(context.Background(), func(tx chat.Tx) error {
					_, err := tx.Messages().Get(m.ID)
					return err
				})
				if !errors.Is(err, chat.ErrNotFound) {
					t.Errorf("the notice is found: %v", err)
				}
			}
			if missing != len(c.damaged) {
				t.Errorf("%d said to be damaged, not %d", missing, len(c.damaged))
			}
			examined, err := s.Examine(context.Background(), nil)
			if err != nil || examined.Damaged != len(c.damaged) || examined.Missing != 0 {
				t.Errorf("examined: %+v, %v", examined, err)
			}
			rows, err := s.Rows(context.Background(), []int64{1, 2, 3, 4, 5, 6})
			if err != nil || len(rows) != len(before)-len(c.damaged) {
				t.Errorf("search is given %d rows, %v", len(rows), err)
			}
		})
	}
}

// shownIn returns what the pages of both conversations show, each read from either end and row by row as well.
func shownIn(t *testing.T, s *Store) (all []chat.Message) {
	t.Helper()
	err := s.View(context.Background(), func(tx chat.Tx) error {
		for n := byte(1); n <= 2; n++ {
			page, err := tx.Messages().Page(conv(n), 0, 100)
			if err != nil {
				return err
			}
			forward, err := tx.Messages().PageAfter(conv(n), 0, 100)
			if err != nil {
				return err
			}
			if !reflect.DeepEqual(page, forward) {
				t.Errorf("another page from the other end: %+v, %+v", page, forward)
			}
			for after := int64(0); len(forward) > 0; forward = forward[1:] {
				one, err := tx.Messages().PageAfter(conv(n), after, 1)
				if err != nil || len(one) != 1 || one[0].ID != forward[0].ID {
					t.Errorf("alone: %+v, %v", one, err)
				}
				after = forward[0].Position
			}
			all = append(all, page...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMessagesAreStoredAndMovedBesideADamagedOne(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	p.tamper(t, "UPDATE messages SET body = randomblob(length(body)) WHERE id IN (2, 3);")
	s = p.open(t)
	for i := byte(10); i < 60; i++ { // each finds its place right after the first, until there is no more room
		write(t, s, func(tx chat.Tx) error {
			page, err := tx.Messages().PageAfter(conv(1), 0, 2)
			if err != nil {
				return err
			}
			at, err := tx.Messages().Between(conv(1), page[1].Position, page[0].Position)
			if err != nil {
				return err
			}
			_, err = tx.Messages().Put(chat.Message{ID: chat.MessageID{1, i}, Conversation: conv(1), Position: at, Text: "late"})
			return err
		})
	}
	page := shownIn(t, s)[:53]
	if page[0].ID != (chat.MessageID{1, 1}) || page[1].ID != (chat.MessageID{1, 59}) || page[50].ID != (chat.MessageID{1, 10}) {
		t.Errorf("the order is %v, %v ... %v", page[0].ID, page[1].ID, page[50].ID)
	}
	if !page[51].StandsIn() || !page[52].StandsIn() || page[51].Missing != 2 {
		t.Errorf("at the end: %+v, %+v", page[51], page[52])
	}
	if err := s.Erase(context.Background(), func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(1)) }); err != nil {
		t.Errorf("the conversation cannot be deleted: %v", err)
	}
}

// everything reads all that a profile shows.
func everything(tx chat.Tx) error {
	var errs []error
	note := func(_ any, err error) { errs = append(errs, err) }
	note(tx.Contacts().List())
	note(tx.Conversations().List())
	for n := byte(1); n <= 2; n++ {
		page, err := tx.Messages().Page(conv(n), 0, 1000)
		if slices.ContainsFunc(page, func(m chat.Message) bool { return m.Notice == chat.NoticeDamaged }) {
			err = damaged(messages.name)
		}
		note(page, err)
		note(tx.Annotations().ForTarget(conv(n), chat.MessageID{9}))
		note(tx.Attachments().Page(conv(n), 0, 1000))
		for _, read := range []func(chat.MessageID) error{
			func(id chat.MessageID) error { _, err := tx.Attachments().Get(id); return err },
			func(id chat.MessageID) error { _, err := tx.Attachments().Preview(id); return err },
		} {
			if err := read(chat.MessageID{n, 3}); err != chat.ErrNotFound {
				errs = append(errs, err)
			}
		}
	}
	note(tx.Mailboxes().List())
	note(tx.Invitations().List())
	note(tx.Queue().List())
	note(tx.Consents().List())
	note(tx.Audit().List(0, 100))
	note(tx.Events().Since(0, 100))
	note(tx.Settings().List())
	note(tx.Replays().Rejections())
	return errors.Join(errs...)
}

func TestDamagedPageIsAnErrorAndNeverOtherContent(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	closeStore(t, s)
	original := fileBytes(t, p.db)
	const page = 4096
	errorsSeen := 0
	for offset := 0; offset < len(original); offset += page {
		for _, filler := range []byte{0x00, 0xff, 0x5a} {
			bad := bytes.Clone(original)
			for i := max(offset, 100); i < offset+page; i++ {
				bad[i] = filler
			}
			q := profileFrom(t, p, bad)
			s, err := q.tryOpen(nil)
			if err == nil {
				err = s.View(context.Background(), everything)
				s.Close() //nolint:errcheck // the file is damaged
			}
			if err == nil {
				continue // an index page that nothing here asks
			}
			errorsSeen++
			if !errors.Is(err, chat.ErrDamaged) && !errors.Is(err, chat.ErrNewerFormat) {
				t.Errorf("page at %d filled with %#x: %v", offset, filler, err)
			}
		}
	}
	if errorsSeen < len(original)/page {
		t.Errorf("%d errors for %d pages", errorsSeen, len(original)/page)
	}
}

func TestNewerSchemaIsLeftUntouched(t *testing.T) {
	p := newProfile(t)
	closeStore(t, p.create(t))
	p.tamper(t, "PRAGMA user_version = 99")
	before := fileBytes(t, p.db)
	if _, err := p.tryOpen(nil); !errors.Is(err, chat.ErrNewerFormat) {
		t.Errorf("error %v", err)
	}
	if !bytes.Equal(fileBytes(t, p.db), before) {
		t.Error("the file was written to")
	}
	if v := binary.BigEndian.Uint32(before[60:]); v != 99 {
		t.Errorf("header holds version %d", v)
	}
}

func TestMigrationsHaveAWayBack(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	schema := func() string {
		rows, err := s.writer.rows("SELECT name || '|' || ifnull(CAST(sql AS TEXT), '') FROM sqlite_master ORDER BY name")
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, r := range rows {
			text, _ := r[0].(string)
			if !strings.HasPrefix(text, "sqlite_") {
				all = append(all, text)
			}
		}
		return strings.Join(all, "\n")
	}
	want := schema()
	for v := len(migrations) - 1; v >= 0; v-- {
		if err := s.migrate(v); err != nil {
			t.Fatal(err)
		}
		if got, err := version(s.writer); err != nil || got != v {
			t.Fatalf("version %d, %v", got, err)
		}
	}
	if left := schema(); left != "" {
		t.Errorf("left behind: %s", left)
	}
	s.loaded = false // nothing is left of the state
	if err := s.migrate(len(migrations)); err != nil {
		t.Fatal(err)
	}
	if got := schema(); got != want || want == "" {
		t.Errorf("schema after the way back and forth:\n%s", got)
	}
}
