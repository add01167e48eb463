package messenger

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/chat"
	"sotto/transport/wire"
)

// sluggish are relays of which some answer a removal only just in time, and which count what they are asked for.
type sluggish struct {
	post
	mu    sync.Mutex
	slow  map[string]time.Duration // by relay
	gone  map[string]int           // blobs removed
	at    map[string]int           // asked now
	most  int                      // relays asked at a time
	twice bool                     // a relay was asked for two at a time
}

type sluggishRelay struct {
	*desk
	s    *sluggish
	name string
}

func (s *sluggish) Open(a wire.Address, _ func(wire.Event)) (Relay, error) {
	return &sluggishRelay{&desk{p: &s.post, done: make(chan struct{}), pushes: make(chan wire.Push)}, s, a.String()}, nil
}

func (r *sluggishRelay) DeleteBlob(ctx context.Context, _ wire.ReadKey) error {
	s := r.s
	s.mu.Lock()
	s.at[r.name]++
	busy := 0
	for _, n := range s.at {
		busy += min(n, 1)
		s.twice = s.twice || n > 1
	}
	s.most = max(s.most, busy)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.at[r.name]--
		s.mu.Unlock()
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.slow[r.name]):
	}
	s.mu.Lock()
	s.gone[r.name]++
	s.mu.Unlock()
	return nil
}

// seen calls f with the counts to itself.
func (s *sluggish) seen(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func relayNumber(i int) string { return fmt.Sprintf("sotto-relay://127.0.0.1:%d#plain", 5000+i) }

// removing lets a messenger remove blobs, n of each of so many relays, under a clock that the test moves.
func removing(t *testing.T, relays, n int, slow map[string]time.Duration, f func(*sluggish, *Messenger)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &sluggish{slow: slow, gone: map[string]int{}, at: map[string]int{}}
		store := memstore.New()
		if _, err := Create(t.Context(), store, Profile{Name: "Ada", Relay: postRelay}, time.Now()); err != nil {
			t.Fatal(err)
		}
		m, err := Open(context.Background(), Options{Store: store, Relays: s, Gate: nobody{}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		m.group.Go(m.transfers.run)
		err = m.update(t.Context(), func(u *unit) error {
			for i := range relays * n {
				key := wire.ReadKey{byte(i), byte(i >> 8), 1}
				if err := u.removeBlob(relayNumber(i%relays), key[:]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f(s, m)
	})
}

// doomedLeft counts the blobs that are still to be removed.
func doomedLeft(t *testing.T, m *Messenger) (n int) {
	t.Helper()
	err := m.view(t.Context(), func(tx chat.Tx) error {
		var list []doomed
		_, err := getJSON(tx, settingBlobs, &list)
		n = len(list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestARelayThatAnswersJustInTimeHoldsUpNoRemovalElsewhere(t *testing.T) {
	const each = 30
	slow := map[string]time.Duration{relayNumber(0): removeWait - time.Second}
	removing(t, 3, each, slow, func(s *sluggish, m *Messenger) {
		time.Sleep(time.Second)
		synctest.Wait()
		s.seen(func() {
			if s.gone[relayNumber(1)] != each || s.gone[relayNumber(2)] != each {
				t.Errorf("after a second %v are removed", s.gone)
			}
		})
		if n := doomedLeft(t, m); n != each {
			t.Errorf("%d are still to be removed", n)
		}
		time.Sleep(each * removeWait)
		synctest.Wait()
		if n := doomedLeft(t, m); n != 0 {
			t.Errorf("%d are left", n)
		}
		s.seen(func() {
			if n := s.gone[relayNumber(0)]; n != each || s.twice {
				t.Errorf("%d were removed in time; two at a time: %v", n, s.twice)
			}
		})
	})
}

func TestSoManyRelaysAreAskedToRemoveAtATimeAndAllHaveTheirTurn(t *testing.T) {
	const relays, each = maxRemovals + 5, removalTurn + 5
	slow := map[string]time.Duration{}
	for i := range relays - 1 {
		slow[relayNumber(i)] = removeWait - time.Second
	}
	removing(t, relays, each, slow, func(s *sluggish, m *Messenger) {
		time.Sleep((removalTurn + 1) * removeWait) // the last is behind those that dawdle, for one turn
		synctest.Wait()
		s.seen(func() {
			if s.gone[relayNumber(relays-1)] == 0 {
				t.Error("a relay had no turn")
			}
			if s.most != maxRemovals || s.twice {
				t.Errorf("%d relays were asked at a time; one for two: %v", s.most, s.twice)
			}
		})
		time.Sleep(4 * each * removeWait)
		synctest.Wait()
		if n := doomedLeft(t, m); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestARelayThatDoesNotAnswerIsAskedLaterAndClosingEndsTheAsking(t *testing.T) {
	slow := map[string]time.Duration{relayNumber(0): time.Hour}
	removing(t, 2, 2, slow, func(s *sluggish, m *Messenger) {
		time.Sleep(removeWait + time.Second)
		synctest.Wait()
		s.seen(func() {
			if s.at[relayNumber(0)] != 0 || m.transfers.working() {
				t.Error("it is still asked")
			}
		})
		time.Sleep(removeRetry)
		synctest.Wait()
		s.seen(func() {
			if s.at[relayNumber(0)] != 1 || s.at[relayNumber(1)] != 0 {
				t.Errorf("asked now: %v", s.at)
			}
		})
		if n := doomedLeft(t, m); n != 2 {
			t.Errorf("%d are left", n)
		}
		began := time.Now()
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		s.seen(func() {
			if took := time.Since(began); took != 0 || s.at[relayNumber(0)] != 0 {
				t.Errorf("closed after %v", took)
			}
		})
	})
}
