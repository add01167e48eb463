package sqlite

import (
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
