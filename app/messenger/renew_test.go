package messenger

import (
	"testing"
	"time"

	"sotto/crypto/ratchet"
)

func TestASessionWithoutAnExchangeForTwoHundredMessagesIsReplaced(t *testing.T) {
	p := established(t)
	first := p.sending(t, 0).ID
	p.write(t, 0, ratchet.OverdueAfterMessages-2)
	if p.sending(t, 0).ID != first {
		t.Fatal("replaced too early")
	}
	p.write(t, 0, 3)
	if p.sending(t, 0).ID == first {
		t.Error("not replaced")
	}
	p.sweep(t, 0)
	p.sweep(t, 0)
	if n := len(p.told(t, 0, EventSession, AlertOverdue)); n != 1 {
		t.Errorf("warned %d times", n)
	}
	p.exchange(t)
	converged(t, p)
	p.as(t, 0, func(m *Messenger) {
		if s, err := m.Security(t.Context(), p.ids[1]); err != nil || s.PQ != PQAuthenticated {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

func TestASessionWithoutAnExchangeForSevenDaysIsShownAndReplaced(t *testing.T) {
	p := established(t)
	first := p.sending(t, 0).ID
	state := func() (s SecurityState) {
		p.as(t, 0, func(m *Messenger) {
			var err error
			if s, err = m.Security(t.Context(), p.ids[1]); err != nil {
				t.Fatal(err)
			}
		})
		return s
	}
	if state().PQ != PQAuthenticated {
		t.Fatalf("after an exchange: %s", state().PQ)
	}
	p.now = p.now.Add(ratchet.OverdueAfter)
	if state().PQ != PQOverdue {
		t.Errorf("after seven days: %s", state().PQ)
	}
	p.sweep(t, 0)
	if n := len(p.told(t, 0, EventSession, AlertOverdue)); n != 1 {
		t.Errorf("warned %d times", n)
	}
	p.write(t, 0, 1)
	if p.sending(t, 0).ID == first || state().PQ != PQPending {
		t.Errorf("not replaced, %s", state().PQ)
	}
	p.exchange(t)
	converged(t, p)
	if state().PQ != PQAuthenticated {
		t.Errorf("after the first exchange: %s", state().PQ)
	}
}

// TestAnOverdueSessionGoesOnWhileItCannotBeReplaced: the contact was away so long that its bundle has ended.
func TestAnOverdueSessionGoesOnWhileItCannotBeReplaced(t *testing.T) {
	p := established(t)
	first := p.sending(t, 0).ID
	p.now = p.now.Add(20 * 24 * time.Hour)
	p.write(t, 0, 3)
	if p.sending(t, 0).ID != first {
		t.Fatal("replaced by nothing")
	}
	p.handAll(t, 1)
	if n := len(p.heard(t, 1)); n != 4 {
		t.Errorf("%d messages arrived", n)
	}
	p.publishAll(t)
	p.now = p.now.Add(renewEvery)
	p.write(t, 0, 1)
	if p.sending(t, 0).ID == first {
		t.Error("not replaced once it could be")
	}
	p.exchange(t)
	converged(t, p)
}

// TestAFirstMessageThatNobodyAnswersIsNotRepeatedWeekly: a new session cannot heal what only the peer can.
func TestAFirstMessageThatNobodyAnswersIsNotRepeatedWeekly(t *testing.T) {
	p := newPost(t)
	p.write(t, 0, 1)
	first := p.sending(t, 0).ID
	p.now = p.now.Add(8 * 24 * time.Hour)
	p.write(t, 0, 1)
	if p.sending(t, 0).ID != first {
		t.Error("begun once more after a week")
	}
	p.now = p.now.Add(7 * 24 * time.Hour)
	p.publishAll(t)
	p.write(t, 0, 1)
	if p.sending(t, 0).ID == first {
		t.Error("goes on with keys that may be gone")
	}
	converged(t, p)
}
