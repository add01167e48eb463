package security_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/app/apptest/memstore"
	"sotto/app/security"
	"sotto/chat"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// tampered is a store whose audit table shows other entries than were appended.
type tampered struct {
	chat.Store
	entries []chat.AuditEntry
	head    chat.AuditEntry
}

func (s *tampered) View(ctx context.Context, f func(chat.Tx) error) error {
	return s.Store.View(ctx, func(tx chat.Tx) error { return f(tamperedTx{tx, s}) })
}

type tamperedTx struct {
	chat.Tx
	s *tampered
}

func (t tamperedTx) Audit() chat.Audit { return tamperedAudit{t.s} }

type tamperedAudit struct{ s *tampered }

func (tamperedAudit) Append(chat.AuditEntry) error { return errors.New("read only") }

func (a tamperedAudit) Head() (chat.AuditEntry, error) {
	if a.s.head.Seq == 0 {
		return chat.AuditEntry{}, chat.ErrNotFound
	}
	return a.s.head, nil
}

// List answers as a table does: rows in the order in which they lie, after the first one above the seq.
func (a tamperedAudit) List(after uint64, limit int) ([]chat.AuditEntry, error) {
	from := 0
	if after > 0 {
		from = len(a.s.entries)
		for i, e := range a.s.entries {
			if e.Seq == after {
				from = i + 1
			}
		}
	}
	return a.s.entries[from:min(from+limit, len(a.s.entries))], nil
}

// recorded returns a store with n honest entries.
func recorded(t *testing.T, n int) *tampered {
	t.Helper()
	store := memstore.New()
	audit := security.NewAudit(func() time.Time { return start })
	s := &tampered{Store: store}
	err := store.Update(t.Context(), func(tx chat.Tx) error {
		for i := range n {
			if err := audit.Record(tx, "message.deleted", fmt.Sprintf("%04x", i), "detail"); err != nil {
				return err
			}
		}
		var err error
		if s.entries, err = tx.Audit().List(0, n+1); err != nil {
			return err
		}
		if s.head, err = tx.Audit().Head(); n == 0 && errors.Is(err, chat.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *tampered) verify(t *testing.T, copied *security.Head) (security.Head, error) {
	t.Helper()
	var head security.Head
	err := s.View(t.Context(), func(tx chat.Tx) (err error) {
		if copied != nil {
			head, err = security.VerifyCopy(tx, *copied)
		} else {
			head, err = security.Verify(tx)
		}
		return err
	})
	return head, err
}

func TestAnHonestAuditLogVerifies(t *testing.T) {
	for _, n := range []int{0, 1, 3, 1203} {
		s := recorded(t, n)
		head, err := s.verify(t, nil)
		if err != nil || head.Seq != uint64(n) {
			t.Errorf("%d entries: head %v, %v", n, head, err)
		}
	}
}

func TestAlteringRemovingAndSwappingAuditEntriesIsFound(t *testing.T) {
	rehash := func(e *chat.AuditEntry) { e.Hash = security.HashEntry(*e) }
	cases := []struct {
		name   string
		tamper func(*tampered)
		seq    uint64
		fault  security.Fault
	}{
		{"detail altered", func(s *tampered) { s.entries[4].Detail = "other" }, 5, security.FaultAltered},
		{"time altered", func(s *tampered) { s.entries[4].Time = start.Add(time.Hour) }, 5, security.FaultAltered},
		{"subject altered", func(s *tampered) { s.entries[0].Subject = "" }, 1, security.FaultAltered},
		{"altered with a fresh hash", func(s *tampered) { s.entries[4].Detail = "other"; rehash(&s.entries[4]) }, 5, security.FaultAltered},
		{"last one altered with a fresh hash", func(s *tampered) { s.entries[9].Detail = "other"; rehash(&s.entries[9]) }, 11, security.FaultHead},
		{"first one not the beginning", func(s *tampered) { s.entries[0].Prev[0] = 1; rehash(&s.entries[0]) }, 1, security.FaultAltered},
		{"removed", func(s *tampered) { s.entries = append(s.entries[:4:4], s.entries[5:]...) }, 5, security.FaultRemoved},
		{"first removed", func(s *tampered) { s.entries = s.entries[1:] }, 1, security.FaultRemoved},
		{"last removed", func(s *tampered) { s.entries = s.entries[:9] }, 10, security.FaultHead},
		{"removed and renumbered", func(s *tampered) {
			s.entries = append(s.entries[:4:4], s.entries[5:]...)
			for i := range s.entries {
				s.entries[i].Seq = uint64(i + 1)
			}
		}, 5, security.FaultAltered},
		{"swapped", func(s *tampered) { s.entries[4], s.entries[5] = s.entries[5], s.entries[4] }, 5, security.FaultRemoved},
		{"swapped and renumbered", func(s *tampered) {
			s.entries[4], s.entries[5] = s.entries[5], s.entries[4]
			s.entries[4].Seq, s.entries[5].Seq = 5, 6
		}, 5, security.FaultAltered},
		{"doubled", func(s *tampered) { s.entries = append(s.entries[:5:5], s.entries[4:]...) }, 5, security.FaultReordered},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := recorded(t, 10)
			c.tamper(s)
			_, err := s.verify(t, nil)
			var found *security.AuditError
			if !errors.As(err, &found) || !errors.Is(err, chat.ErrDamaged) {
				t.Fatalf("Verify = %v", err)
			}
			if found.Seq != c.seq || found.Fault != c.fault {
				t.Errorf("found entry %d %s, want %d %s", found.Seq, found.Fault, c.seq, c.fault)
			}
		})
	}
}

func TestACutOrRewrittenLogShowsAgainstACopyOfItsHead(t *testing.T) {
	s := recorded(t, 10)
	copied, err := s.verify(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recorded(t, 10).verify(t, &copied); err != nil {
		t.Errorf("the same log: %v", err)
	}
	if head, err := recorded(t, 12).verify(t, &copied); err != nil || head.Seq != 12 {
		t.Errorf("a log that went on: %v, %v", head, err)
	}
	var found *security.AuditError
	if _, err := recorded(t, 7).verify(t, &copied); !errors.As(err, &found) || found.Fault != security.FaultCopy || found.Seq != 8 {
		t.Errorf("a log cut back to 7: %v", err)
	}
	rewritten := recorded(t, 10)
	var prev [32]byte
	for i := range rewritten.entries {
		e := &rewritten.entries[i]
		e.Prev, e.Detail = prev, "innocent"
		e.Hash = security.HashEntry(*e)
		prev = e.Hash
	}
	rewritten.head = rewritten.entries[9]
	if _, err := rewritten.verify(t, nil); err != nil {
		t.Fatalf("the test's rewriting is not whole: %v", err)
	}
	if _, err := rewritten.verify(t, &copied); !errors.As(err, &found) || found.Fault != security.FaultCopy || found.Seq != 10 {
		t.Errorf("a rewritten log: %v", err)
	}
}

func TestTheHeadCanBePrintedAndTypedBack(t *testing.T) {
	s := recorded(t, 10)
	head, err := s.verify(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{head.String(), strings.ToLower(head.String()), strings.ReplaceAll(head.String(), " ", "")} {
		if got, err := security.ParseHead(form); err != nil || got != head {
			t.Errorf("ParseHead(%q) = %v, %v", form, got, err)
		}
	}
	for _, bad := range []string{"", "10", "10:", "x: " + head.String(), head.String() + "A", head.String()[:20], "-1:" + head.String()[3:]} {
		if _, err := security.ParseHead(bad); !errors.Is(err, chat.ErrMalformed) {
			t.Errorf("ParseHead(%q) = %v", bad, err)
		}
	}
}

func TestTheAuditLogTakesNoFreeText(t *testing.T) {
	audit := security.NewAudit(func() time.Time { return start })
	store := memstore.New()
	for _, c := range [][3]string{
		{"", "", ""},
		{"Message Deleted", "", ""},
		{"message.deleted", "Ada", ""},
		{"message.deleted", "", "two\nlines"},
		{"message.deleted", "", strings.Repeat("x", 257)},
		{"message.deleted", strings.Repeat("a", 129), ""},
		{"message.deleted", "", "\xff"},
	} {
		err := store.Update(t.Context(), func(tx chat.Tx) error { return audit.Record(tx, c[0], c[1], c[2]) })
		if !errors.Is(err, chat.ErrMalformed) {
			t.Errorf("Record(%q) = %v", c, err)
		}
	}
}

func TestAnExportedAuditLogVerifiesWithoutAProfile(t *testing.T) {
	s := recorded(t, 600)
	head, err := s.verify(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := s.View(t.Context(), func(tx chat.Tx) error {
		got, err := security.Export(tx, &buf)
		if got != head {
			t.Errorf("Export answers head %v, want %v", got, head)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got, err := security.VerifyExport(bytes.NewReader(buf.Bytes())); err != nil || got != head {
		t.Fatalf("VerifyExport = %v, %v", got, err)
	}
	lines := strings.SplitAfter(buf.String(), "\n")
	dropped := strings.Join(append(lines[:100:100], lines[101:]...), "")
	altered := strings.Replace(buf.String(), "0063", "0064", 1)
	var found *security.AuditError
	if _, err := security.VerifyExport(strings.NewReader(dropped)); !errors.As(err, &found) || found.Seq != 101 {
		t.Errorf("a dropped line: %v", err)
	}
	if _, err := security.VerifyExport(strings.NewReader(altered)); !errors.As(err, &found) || found.Seq != 100 {
		t.Errorf("an altered line: %v", err)
	}
	if _, err := security.VerifyExport(strings.NewReader(lines[0] + "{}\n")); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("a line that is none: %v", err)
	}
}

func FuzzVerifyExport(f *testing.F) {
	f.Add([]byte(`{"v":1,"seq":1,"time":"2026-03-01T12:00:00.123Z","action":"a","prev":"00","hash":"00"}`))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = security.VerifyExport(bytes.NewReader(b)) })
	})
}

func FuzzParseHead(f *testing.F) {
	f.Add("10: ABCD EFGH IJKL MNOP QRST UVWX YZ23 4567")
	f.Fuzz(func(t *testing.T, s string) {
		alloc.Check(t, len(s), func() { _, _ = security.ParseHead(s) })
		head, err := security.ParseHead(s)
		if err != nil {
			return
		}
		if again, err := security.ParseHead(head.String()); err != nil || again != head {
			t.Errorf("%q reads as %v, which does not read back", s, head)
		}
	})
}
