package sqlite

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"sotto/chat"
)

// longHistory is a closed history whose first conversation has segments.
func longHistory(t *testing.T) profile {
	t.Helper()
	p := newProfile(t)
	s := p.create(t)
	fillGolden(t, s)
	closeStore(t, s)
	return p
}

func readAll(t *testing.T, s *Store) ([]chat.Message, error) {
	t.Helper()
	var page []chat.Message
	err := s.View(context.Background(), func(tx chat.Tx) (err error) {
		if page, err = tx.Messages().Page(conv(1), 0, 1000); err != nil {
			return err
		}
		if _, err = tx.Annotations().ForTarget(conv(1), chat.MessageID{1}); err != nil {
			return err
		}
		return everything(tx)
	})
	return page, err
}

func TestMissingMessagesShowAsAGap(t *testing.T) {
	for what, sql := range map[string]string{
		"recent dropped":    "DELETE FROM messages WHERE id IN (140, 141, 142);",
		"old dropped":       "DELETE FROM messages WHERE id IN (20, 21, 22);",
		"given another id":  "UPDATE messages SET id = id + 1000 WHERE id IN (20, 21, 22);",
		"dropped and added": "CREATE TEMP TABLE kept AS SELECT * FROM messages WHERE id IN (20, 21, 22); DELETE FROM messages WHERE id IN (20, 21, 22); INSERT INTO messages SELECT id + 2000, conversation, position, tag, body FROM kept;",
	} {
		t.Run(what, func(t *testing.T) {
			p := longHistory(t)
			p.tamper(t, sql)
			page, err := readAll(t, p.open(t))
			if err != nil {
				t.Fatal(err)
			}
			lost, missing := 0, 0
			for _, m := range page {
				if m.Notice == chat.NoticeLost {
					lost++
					missing += m.Missing
					if m.ID.IsZero() || m.Received.IsZero() {
						t.Error("a gap without id or day")
					}
				}
			}
			if lost != 3 || missing != 3 {
				t.Errorf("%d rows lost, %d said to be missing", lost, missing)
			}
		})
	}
}

func TestRowsPutBackOrTakenFromTablesAreNoticed(t *testing.T) {
	p := longHistory(t)
	keep := ""
	for _, name := range []string{"messages", "annotations", "segments", "rejections", "events", "audit", "threads"} {
		keep += "CREATE TABLE kept_" + name + " AS SELECT * FROM " + name + ";"
	}
	p.tamper(t, keep)
	s := p.open(t)
	write(t, s, func(tx chat.Tx) error {
		m := goldenMessage(1, 7)
		m.Text = "newest"
		_, put := tx.Messages().Put(m)
		a := filled[chat.Annotation](4)
		a.ID, a.Conversation, a.Target, a.Text = chat.MessageID{100, 4}, conv(1), chat.MessageID{1, 2}, "newest"
		_, again := tx.Replays().Reject([32]byte{1}, day)
		_, event := tx.Events().Append("new", nil, day)
		return errors.Join(put, again, event, tx.Annotations().Put(a), tx.Audit().Append(chat.AuditEntry{Seq: goldenPeople + 1}))
	})
	closeStore(t, s)
	fresh := fileBytes(t, p.db)
	back := func(name string) string {
		return "UPDATE " + name + " SET body = (SELECT body FROM kept_" + name + " k WHERE k.id = " + name +
			".id) WHERE id IN (SELECT id FROM kept_" + name + ");"
	}
	for what, sql := range map[string]string{
		"messages: put back":              back("messages"),
		"annotations: put back":           back("annotations"),
		"annotations: dropped":            "DELETE FROM annotations WHERE id = (SELECT max(id) FROM annotations);",
		"segments: put back":              back("segments"),
		"segments: put back with message": back("segments") + back("messages"),
		"segments: dropped":               "DELETE FROM segments;",
		"threads: put back with all":      back("threads") + back("segments") + back("messages"),
		"rejections: put back":            back("rejections"),
		"rejections: dropped":             "DELETE FROM rejections WHERE id = 1;",
		"events: dropped":                 "DELETE FROM events WHERE id = 1;",
		"audit: older dropped":            "DELETE FROM audit WHERE id = 1;",
		"messages: other conversation":    "UPDATE messages SET conversation = 2 WHERE id = 30;",
		"messages: other position":        "UPDATE messages SET position = position + 1 WHERE id = 30;",
		"segments: other conversation":    "UPDATE segments SET conversation = 2;",
	} {
		t.Run(what, func(t *testing.T) {
			q := profileFrom(t, p, fresh)
			q.tamper(t, sql)
			s, err := q.tryOpen(nil)
			if err == nil {
				_, err = readAll(t, s)
				closeStore(t, s)
			}
			table, _, _ := strings.Cut(what, ":")
			if !errors.Is(err, chat.ErrDamaged) || !strings.Contains(err.Error(), table) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestMixedCopiesOfAHistoryAreNoticed(t *testing.T) {
	p := longHistory(t)
	older := fileBytes(t, p.db)
	s := p.open(t)
	write(t, s, func(tx chat.Tx) error { return tx.Settings().Put("setting 1", []byte("changed")) })
	log := fileBytes(t, p.db+"-wal")
	write(t, s, func(tx chat.Tx) error { _, err := tx.Messages().Put(goldenMessage(1, 200)); return err })
	closeStore(t, s)

	other := longHistory(t)
	for what, q := range map[string]profile{
		"vault of another":  profileFrom(t, other, older),
		"log of another":    profileFrom(t, other, fileBytes(t, other.db)),
		"rows from another": profileFrom(t, p, older),
	} {
		t.Run(what, func(t *testing.T) {
			switch what {
			case "log of another":
				if err := os.WriteFile(q.db+"-wal", log, 0o600); err != nil {
					t.Fatal(err)
				}
			case "rows from another":
				q.tamper(t, "ATTACH '"+other.db+"' AS o; DELETE FROM messages; INSERT INTO messages SELECT * FROM o.messages;")
			}
			s, err := q.tryOpen(nil)
			if err == nil {
				_, err = readAll(t, s)
				closeStore(t, s)
			}
			if !errors.Is(err, chat.ErrDamaged) {
				t.Errorf("error %v", err)
			}
		})
	}
}
