package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// salvaged reads the wreck at p into a new store.
func salvaged(t testing.TB, p profile) (*Store, *Wreck, error) {
	t.Helper()
	return salvagedAt(t, p, day)
}

func salvagedAt(t testing.TB, p profile, now time.Time) (*Store, *Wreck, error) {
	t.Helper()
	v, err := vault.Open(fileBytes(t, p.vault), cheapLimits, vault.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	into := newProfile(t).create(t)
	w, err := Salvage(context.Background(), p.db, v, into, now, nil)
	return into, w, err
}

// letters makes a closed history: conversations of messages, long and short, some edited, some deleted, one destroyed.
func letters(t testing.TB, threads, each int) (p profile, texts map[chat.MessageID]string, gone []chat.MessageID) {
	t.Helper()
	p = newProfile(t)
	s := p.create(t)
	texts = map[chat.MessageID]string{}
	id := func(n, i int) chat.MessageID { return chat.MessageID{1, byte(n), byte(i >> 8), byte(i)} }
	write(t, s, func(tx chat.Tx) error {
		for n := range threads + 1 {
			if err := tx.Contacts().Put(chat.Contact{ID: chat.ContactID{byte(n)}, Name: fmt.Sprint("person ", n)}); err != nil {
				return err
			}
			c := chat.Conversation{ID: conv(byte(n)), Kind: chat.Direct, Members: []chat.ContactID{{byte(n)}}}
			if err := tx.Conversations().Put(c); err != nil {
				return err
			}
			for i := range each {
				text := fmt.Sprintf("letter %d of %d", i, n)
				if i%50 == 7 {
					text += strings.Repeat(" and so on", 1200)
				}
				m := chat.Message{
					ID: id(n, i), Conversation: conv(byte(n)), Author: chat.ContactID{byte(n)}, Direction: chat.In,
					Kind: chat.KindText, Seq: uint64(i + 1), Sent: day, Received: day, State: chat.Delivered, Text: text,
				}
				if _, err := tx.Messages().Put(m); err != nil {
					return err
				}
				texts[m.ID] = text
			}
		}
		return tx.Settings().Put("who", []byte("it is"))
	})
	write(t, s, func(tx chat.Tx) error {
		for n := range threads {
			for i := 3; i < each; i += 20 {
				m, err := tx.Messages().Get(id(n, i))
				if err != nil {
					return err
				}
				m.Text = "changed " + m.Text
				if _, err := tx.Messages().Put(m); err != nil {
					return err
				}
				texts[m.ID] = m.Text
				if err := tx.Messages().Delete(id(n, i+1)); err != nil {
					return err
				}
				gone = append(gone, id(n, i+1))
				delete(texts, id(n, i+1))
			}
		}
		return nil
	})
	if err := s.Erase(t.Context(), func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(byte(threads))) }); err != nil {
		t.Fatal(err)
	}
	for i := range each {
		gone = append(gone, id(threads, i))
		delete(texts, id(threads, i))
	}
	closeStore(t, s)
	return p, texts, gone
}

// held reads every message of a store.
func held(t testing.TB, s *Store) map[chat.MessageID]string {
	t.Helper()
	out := map[chat.MessageID]string{}
	err := s.View(context.Background(), func(tx chat.Tx) error {
		all, err := tx.Conversations().List()
		for _, c := range all {
			page, err := tx.Messages().PageAfter(c.ID, 0, 1<<20)
			if err != nil {
				return err
			}
			for _, m := range page {
				out[m.ID] = m.Text
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// judge compares what was saved with what there was: nothing false, nothing deleted, and every loss is said.
func judge(t testing.TB, what string, s *Store, w *Wreck, texts map[chat.MessageID]string, gone []chat.MessageID) (lost int) {
	t.Helper()
	got := held(t, s)
	for id, text := range got {
		if want, ok := texts[id]; !ok || want != text {
			t.Errorf("%s: message %s is %.30q, want %.30q", what, id, text, want)
		}
	}
	for _, id := range gone {
		if _, ok := got[id]; ok {
			t.Errorf("%s: a deleted message came back", what)
		}
	}
	lost = len(texts) - len(got)
	said, exact := 0, len(w.Threads) > 0
	for _, th := range w.Threads {
		said += th.Lost
		exact = exact && th.Known
		places := 0
		for _, p := range th.Places {
			places += p.Count
		}
		if places != th.Lost {
			t.Errorf("%s: %d lost at places of %d", what, th.Lost, places)
		}
	}
	for _, tb := range w.Tables {
		exact = exact && (tb.Name != "threads" || tb.Expected == tb.Readable)
	}
	if said > lost || exact && said != lost {
		t.Errorf("%s: %d of %d messages are missing, said %d, exact %v", what, lost, len(texts), said, exact)
	}
	if lost > 0 && w.Whole() {
		t.Errorf("%s: %d messages are missing and nothing is said", what, lost)
	}
	return lost
}

func TestSalvageOfASoundHistoryLosesNothing(t *testing.T) {
	p, texts, gone := letters(t, 3, 200)
	before := folderBytes(t, filepath.Dir(p.db))
	s, w, err := salvaged(t, p)
	if err != nil {
		t.Fatal(err)
	}
	if lost := judge(t, "sound", s, w, texts, gone); lost != 0 || !w.Whole() {
		t.Errorf("%d lost; %+v", lost, w)
	}
	if !reflect.DeepEqual(folderBytes(t, filepath.Dir(p.db)), before) {
		t.Error("a file was written to")
	}
}

// TestSalvageReadsEveryOlderSchema compares with the listing of the golden histories.
func TestSalvageReadsEveryOlderSchema(t *testing.T) {
	for number := 1; number <= len(migrations); number++ {
		p, listing := golden(t, number)
		s, w, err := salvaged(t, p)
		if err != nil {
			t.Fatal(err)
		}
		got, want := takeInventory(t, s).(map[string]any), listing.(map[string]any)
		for _, name := range []string{"Contacts", "Conversations", "Consents", "Audit", "Settings"} {
			if !reflect.DeepEqual(got[name], want[name]) {
				t.Errorf("schema %d: %s differs:\n got %v\nwant %v", number, name, got[name], want[name])
			}
		}
		for n, page := range want["Messages"].(map[string]any) {
			if a, b := len(got["Messages"].(map[string]any)[n].([]any)), len(page.([]any)); a != b {
				t.Errorf("schema %d: %d messages of %d", number, a, b)
			}
		}
		for _, tb := range w.Tables {
			if tb.Damaged > 0 || tb.Expected > tb.Readable {
				t.Errorf("schema %d: %+v", number, tb)
			}
		}
	}
}

func TestSalvageReadsTheWriteAheadLog(t *testing.T) {
	p, texts, gone := letters(t, 2, 120)
	s := p.open(t)
	write(t, s, func(tx chat.Tx) error {
		m := chat.Message{ID: chat.MessageID{9}, Conversation: conv(1), Author: chat.ContactID{1}, Direction: chat.In, Seq: 900, Text: "late"}
		_, err := tx.Messages().Put(m)
		texts[m.ID] = m.Text
		return err
	})
	// As a killed process leaves it: the log is not copied into the database.
	copied := profileFrom(t, p, fileBytes(t, p.db))
	log := fileBytes(t, p.db+"-wal")
	put := func(b []byte) {
		if err := os.WriteFile(copied.db+"-wal", b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(log)
	into, w, err := salvaged(t, copied)
	if err != nil {
		t.Fatal(err)
	}
	if judge(t, "log", into, w, texts, gone) != 0 || w.Frames == 0 || !w.Whole() {
		t.Errorf("%d frames; %+v", w.Frames, w)
	}
	for name, spoil := range map[string]func(b []byte){
		"header":      func(b []byte) { clear(b[:32]) },
		"first frame": func(b []byte) { b[32+24+2000] ^= 1 },
		"frame head":  func(b []byte) { b[32+3] ^= 1 },
		"last frame":  func(b []byte) { b[len(b)-1000] ^= 1 },
		"all":         func(b []byte) { clear(b) },
	} {
		bad := bytes.Clone(log)
		spoil(bad)
		put(bad)
		into, w, err := salvaged(t, copied)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := held(t, into)
		if len(got) < len(texts)-1 {
			t.Errorf("%s: %d of %d", name, len(got), len(texts))
		}
		// Without its last frame a commit cannot be told from one that a crash interrupted, and was never acknowledged.
		if name != "header" && name != "last frame" && w.Whole() {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

// TestABrokenLogIsNotTakenForATornOne: SQLite stops at the first frame that fails its checksum. That is right for the last
// commit, which a crash may have torn, and wrong for one before, which was acknowledged.
func TestABrokenLogIsNotTakenForATornOne(t *testing.T) {
	p, texts, _ := letters(t, 1, 30)
	s := p.open(t)
	var ends []int
	for i := range byte(4) {
		write(t, s, func(tx chat.Tx) error {
			m := chat.Message{ID: chat.MessageID{9, i}, Conversation: conv(0), Author: chat.ContactID{1}, Direction: chat.In, Seq: 900 + uint64(i), Text: "late"}
			_, err := tx.Messages().Put(m)
			texts[m.ID] = m.Text
			return err
		})
		ends = append(ends, len(fileBytes(t, p.db+"-wal")))
	}
	db, log := fileBytes(t, p.db), fileBytes(t, p.db+"-wal")
	for what, c := range map[string]struct {
		at     int
		broken bool
	}{
		"first commit": {ends[0] - 100, true}, "second commit": {ends[1] - 100, true},
		"third commit": {ends[2] - 100, false}, // it may be one with the last
		"last commit":  {ends[3] - 100, false},
	} {
		bad := bytes.Clone(log)
		bad[c.at] ^= 1
		q := profileFrom(t, p, db)
		if err := os.WriteFile(q.db+"-wal", bad, 0o600); err != nil {
			t.Fatal(err)
		}
		before := folderBytes(t, filepath.Dir(q.db))
		opened, err := q.tryOpen(nil)
		if err == nil {
			closeStore(t, opened)
		}
		if c.broken != errors.Is(err, chat.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
		if !c.broken {
			continue
		}
		if !reflect.DeepEqual(folderBytes(t, filepath.Dir(q.db)), before) {
			t.Errorf("%s: a file was written to", what)
		}
		into, w, err := salvaged(t, q)
		if got := held(t, into); err != nil || len(got) < len(texts)-1 || w.StrayFrames != 1 {
			t.Errorf("%s: %d of %d messages saved, %v", what, len(got), len(texts), err)
		}
	}
}

// TestSalvageOfEveryDamagedPage spoils each page in turn, whole and in parts: what is left is what was there, and what is
// missing is said.
func TestSalvageOfEveryDamagedPage(t *testing.T) {
	p, texts, gone := letters(t, 2, 150)
	original := fileBytes(t, p.db)
	r := rand.New(rand.NewPCG(4, 11))
	kinds, losing, worst := map[byte]int{}, 0, 0
	for at := 0; at < len(original); at += wreckPage {
		kinds[original[max(at, at+100*btoi(at == 0))]]++
		bad := bytes.Clone(original)
		switch page := bad[at : at+wreckPage]; (at / wreckPage) % 4 {
		case 0:
			clear(page)
		case 1:
			for i := range page {
				page[i] = byte(r.Uint32())
			}
		case 2:
			clear(page[:12])
		case 3:
			for range 8 {
				page[r.IntN(len(page))] ^= byte(1 + r.IntN(255))
			}
		}
		s, w, err := salvaged(t, profileFrom(t, p, bad))
		if err != nil {
			if !errors.Is(err, chat.ErrDamaged) {
				t.Errorf("page at %d: %v", at, err)
			}
			continue
		}
		lost := judge(t, fmt.Sprint("page at ", at), s, w, texts, gone)
		losing += btoi(lost > 0)
		worst = max(worst, lost)
		closeStore(t, s)
	}
	if kinds[tableLeaf] < 10 || kinds[indexLeaf] < 1 || kinds[tableInterior] < 1 || losing == 0 {
		t.Errorf("kinds of pages %v, %d lost something", kinds, losing)
	}
	t.Logf("%d pages, %d of them cost messages, at most %d", len(original)/wreckPage, losing, worst)
}

func TestSalvageNeedsNeitherHeaderNorSchemaNorTree(t *testing.T) {
	p, texts, gone := letters(t, 2, 150)
	original := fileBytes(t, p.db)
	bad := bytes.Clone(original)
	clear(bad[:wreckPage])
	for at := wreckPage; at < len(bad); at += wreckPage {
		if bad[at] == tableInterior || bad[at] == indexInterior || bad[at] == indexLeaf {
			clear(bad[at : at+wreckPage])
		}
	}
	q := profileFrom(t, p, bad)
	if _, err := q.tryOpen(nil); !errors.Is(err, chat.ErrDamaged) {
		t.Fatalf("it opens: %v", err)
	}
	s, w, err := salvaged(t, q)
	if err != nil {
		t.Fatal(err)
	}
	if lost := judge(t, "leaves only", s, w, texts, gone); lost != 0 {
		t.Errorf("%d messages are lost", lost)
	}
}

func TestSalvageOfACutFileSaysWhatIsMissing(t *testing.T) {
	p, texts, gone := letters(t, 2, 150)
	original := fileBytes(t, p.db)
	for _, part := range []int{9, 7, 5, 3, 1} {
		s, w, err := salvaged(t, profileFrom(t, p, original[:len(original)*part/10]))
		if err != nil {
			if !errors.Is(err, chat.ErrDamaged) {
				t.Errorf("%d tenths: %v", part, err)
			}
			continue
		}
		if judge(t, fmt.Sprint(part, " tenths"), s, w, texts, gone); w.Unreadable == 0 || w.Whole() {
			t.Errorf("%d tenths: %+v", part, w)
		}
	}
}

func TestSalvageOfDroppedTables(t *testing.T) {
	p, texts, gone := letters(t, 2, 150)
	original := fileBytes(t, p.db)
	for _, tb := range wreckTables {
		q := profileFrom(t, p, original)
		q.tamper(t, "PRAGMA secure_delete = ON; DROP TABLE "+tb.name+";")
		s, w, err := salvaged(t, q)
		if tb == keysTable {
			if !errors.Is(err, chat.ErrDamaged) {
				t.Errorf("without keys: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tb.name, err)
		}
		lost := judge(t, "without "+tb.name, s, w, texts, gone)
		if want := tb == messages; want != (lost == len(texts)) || !want && lost != 0 {
			t.Errorf("without %s %d of %d are lost", tb.name, lost, len(texts))
		}
		if tb == conversations {
			for _, th := range w.Threads {
				if !th.Rebuilt {
					t.Error("a conversation whose row is missing is not said to be made anew")
				}
			}
		}
		closeStore(t, s)
	}
}

// TestSalvageLeavesOutWhatHasEnded: what was to be gone is not saved, and what was removed without a key is not missed.
func TestSalvageLeavesOutWhatHasEnded(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	write(t, s, func(tx chat.Tx) error {
		if err := tx.Conversations().Put(chat.Conversation{ID: conv(1), Kind: chat.Direct}); err != nil {
			return err
		}
		for i := range byte(30) {
			m := chat.Message{ID: chat.MessageID{1, i}, Conversation: conv(1), Author: chat.ContactID{1}, Seq: uint64(i + 1), Text: "short-lived"}
			if i%3 == 0 {
				m.Expires = day.Add(time.Duration(int(i)-15) * time.Minute)
			}
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		return nil
	})
	closeStore(t, s)
	p.tamper(t, "DELETE FROM messages WHERE id = 1;") // ended 15 minutes ago
	into, w, err := salvaged(t, p)
	if err != nil {
		t.Fatal(err)
	}
	got := held(t, into)
	if _, there := got[chat.MessageID{1, 12}]; there || len(got) != 24 {
		t.Errorf("%d messages", len(got))
	}
	if len(w.Threads) != 1 || w.Threads[0].Lost != 0 || w.Threads[0].Readable != 24 || !w.Whole() {
		t.Errorf("%+v", w)
	}
}

// TestARowWhoseHeaderIsShorterThanItsLengthIsNone: a length of three bytes that says two, as noise may have it.
func TestARowWhoseHeaderIsShorterThanItsLengthIsNone(t *testing.T) {
	for _, head := range []string{"\x80\x80\x02", "\x80\x80\x80\x80\x02"} {
		page := make([]byte, wreckPage)
		copy(page[8:], "\x0a\x01"+head)
		if c, ok := (&image{pages: 9}).cell(page, 8); ok {
			t.Errorf("%q is taken for %+v", head, c)
		}
	}
}
