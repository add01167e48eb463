package messenger

import (
	"errors"
	"slices"
	"testing"

	"sotto/chat"
	"sotto/transport/wire"
)

// start lets one side bring its generation forward, tries times in one run.
func (p *post) start(t testing.TB, i, tries int) (err error) {
	t.Helper()
	p.as(t, i, func(m *Messenger) {
		var mb chat.Mailbox
		p.change(t, i, func(tx chat.Tx) (err error) {
			mb, err = tx.Mailboxes().Get(p.boxes[i])
			return err
		})
		for range tries {
			err = m.advance(t.Context(), &desk{p: p}, mb)
		}
	})
	return err
}

func (p *post) rollbacks(t testing.TB, i int) int {
	t.Helper()
	return len(p.told(t, i, EventAlert, AlertRolledBack))
}

func TestI11NoLostAnswerLooksLikeARollback(t *testing.T) {
	p := established(t)
	for range 3 {
		if err := p.start(t, 0, 1); err != nil {
			t.Fatal(err)
		}
		p.lost = true
		if err := p.start(t, 0, 1); !errors.Is(err, chat.ErrOffline) {
			t.Fatalf("a lost answer: %v", err)
		}
	}
	p.lost = true
	if err := p.start(t, 0, 2); err != nil { // lost, and repeated in the same run
		t.Fatal(err)
	}
	if n := p.rollbacks(t, 0); n != 0 {
		t.Errorf("%d false alarms", n)
	}
	if s := p.sending(t, 0); !s.Archived.IsZero() {
		t.Error("the session was given up")
	}
}

func TestI11EveryUnexpectedCellIsARollback(t *testing.T) {
	for name, change := range map[string]func(p *post, earlier []byte){
		"a later start of this store":    func(p *post, _ []byte) { later(t, p) },
		"an earlier one":                 func(p *post, earlier []byte) { p.cells[0] = earlier },
		"none where there was one":       func(p *post, _ []byte) { p.cells[0] = nil },
		"something nobody here can read": func(p *post, _ []byte) { p.cells[0] = []byte("not ours") },
	} {
		t.Run(name, func(t *testing.T) {
			p := established(t)
			for range 2 {
				if err := p.start(t, 0, 1); err != nil {
					t.Fatal(err)
				}
			}
			earlier := slices.Clone(p.cells[0])
			if err := p.start(t, 0, 1); err != nil {
				t.Fatal(err)
			}
			old := p.sending(t, 0).ID
			change(p, earlier)
			if err := p.start(t, 0, 1); err != nil {
				t.Fatal(err)
			}
			if n := p.rollbacks(t, 0); n != 1 {
				t.Fatalf("%d alerts", n)
			}
			for _, s := range p.sessions(t, 0) {
				if s.Archived.IsZero() {
					t.Error("a session still sends")
				}
			}
			p.exchange(t)
			if p.sending(t, 0).ID == old || p.sending(t, 0).ID != p.sending(t, 1).ID {
				t.Error("no new session on both sides")
			}
			converged(t, p)
			if err := p.start(t, 0, 1); err != nil || p.rollbacks(t, 0) != 1 {
				t.Errorf("the next start: %v, %d alerts", err, p.rollbacks(t, 0))
			}
		})
	}
}

// later lets a copy of Ada's store start once.
func later(t *testing.T, p *post) {
	q := p.copied()
	if err := q.start(t, 0, 1); err != nil {
		t.Fatal(err)
	}
	p.cells = q.cells
}

// liar is a relay that shows another cell at every question.
type liar struct {
	*desk
	n byte
}

func (l *liar) advance(t *testing.T, m *Messenger, mb chat.Mailbox) error {
	l.n++
	l.p.cells[0] = []byte{l.n}
	return m.advance(t.Context(), l.desk, mb)
}

func TestI11ARelayThatLiesAtEveryQuestionIsBelievedOnceARun(t *testing.T) {
	p := established(t)
	if err := p.start(t, 0, 1); err != nil {
		t.Fatal(err)
	}
	var mb chat.Mailbox
	p.change(t, 0, func(tx chat.Tx) (err error) {
		mb, err = tx.Mailboxes().Get(p.boxes[0])
		return err
	})
	p.as(t, 0, func(m *Messenger) {
		l := &liar{desk: &desk{p: p}}
		for range 20 {
			if err := l.advance(t, m, mb); err != nil && !errors.Is(err, wire.ErrConflict) {
				t.Fatal(err)
			}
		}
	})
	if n := p.rollbacks(t, 0); n != 1 {
		t.Errorf("%d alerts", n)
	}
	p.exchange(t)
	converged(t, p)
}

func TestI11TwoCopiesThatRunNoticeEachOther(t *testing.T) {
	p := established(t)
	if err := p.start(t, 0, 1); err != nil {
		t.Fatal(err)
	}
	q := p.copied()
	if err := p.start(t, 0, 1); err != nil {
		t.Fatal(err)
	}
	q.cells = p.cells
	if err := q.start(t, 0, 1); err != nil {
		t.Fatal(err)
	}
	p.cells = q.cells
	if err := p.start(t, 0, 1); err != nil {
		t.Fatal(err)
	}
	if p.rollbacks(t, 0) != 1 || q.rollbacks(t, 0) != 1 {
		t.Errorf("%d and %d alerts", p.rollbacks(t, 0), q.rollbacks(t, 0))
	}
}
