package sqlite

import (
	"errors"
	"os"
	"testing"
	"time"

	"sotto/chat"
)

// A backup reads for minutes, in one unit of work. What ends meanwhile must not stop everything else until it is done.
func TestAReaderThatStaysLongHoldsUpNoRemoval(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	put := func(name string) error {
		return s.Update(t.Context(), func(tx chat.Tx) error { return tx.Settings().Put(name, []byte("x")) })
	}
	if err := put("a"); err != nil {
		t.Fatal(err)
	}
	reading, leave, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		left <- s.View(t.Context(), func(tx chat.Tx) error {
			_, err := tx.Settings().Get("a")
			close(reading)
			<-leave
			return err
		})
	}()
	<-reading
	done := make(chan error, 1)
	go func() {
		err := s.Purge(t.Context(), func(tx chat.Tx) error { return tx.Settings().Delete("a") })
		if err == nil {
			err = put("b")
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("a removal waited for the reader, and everything else for the removal")
	}
	close(leave)
	if err := <-left; err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(p.db + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("after the reader has gone the log holds %v, %v", info.Size(), err)
	}
}

// An erasure is not done before nothing of the past is left in the log: it stops who reads for long.
func TestAnErasureStopsAReaderThatStaysLong(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	reading, left := make(chan struct{}), make(chan error, 1)
	go func() {
		left <- s.View(t.Context(), func(tx chat.Tx) error {
			for first := true; t.Context().Err() == nil; first = false {
				if _, err := tx.Messages().Page(conv(2), 0, 10); err != nil {
					return err
				}
				if first {
					close(reading)
				}
			}
			return t.Context().Err()
		})
	}()
	<-reading
	epoch := s.currentVault().Epoch()
	if err := s.Erase(t.Context(), func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(1)) }); err != nil {
		t.Fatal(err)
	}
	if err := <-left; !errors.Is(err, chat.ErrDeletedMeanwhile) {
		t.Errorf("the reader ended with %v", err)
	}
	if s.currentVault().Epoch() == epoch || s.currentVault().Turning() {
		t.Error("the epoch did not turn")
	}
	// It can be started again, and who reads a moment is not disturbed.
	err := s.View(t.Context(), func(tx chat.Tx) error {
		page, err := tx.Messages().Page(conv(2), 0, 10)
		if err == nil && len(page) != 3 {
			t.Errorf("%d messages", len(page))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
