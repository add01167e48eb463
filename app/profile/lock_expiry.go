package profile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"sotto/app/messenger"
	"sotto/storage/sqlite"
)

// lockedExpiry removes messages that end while the profile is locked. It has their row ids and ends, and no key.
type lockedExpiry struct {
	time     messenger.Timekeeper
	rows     *sqlite.Keyless
	snapshot string // of the search index: it holds words of what goes

	end   context.CancelFunc
	group sync.WaitGroup
}

const (
	// lockedLook bounds the sleep: a computer that was suspended did not count on.
	lockedLook = time.Minute
	// lockedRetry follows a refusal of the disk.
	lockedRetry = 30 * time.Second
)

// leave prepares the store for the time without keys; nil when it refuses, and then all goes at unlock.
func (p *Profile) leave(ctx context.Context) *lockedExpiry {
	keeper, err := p.Messenger.Leave(ctx)
	if err = errors.Join(err, p.Messenger.Close()); err != nil {
		return nil
	}
	rows, err := p.store.Leave(ctx)
	if err != nil {
		return nil
	}
	return &lockedExpiry{time: keeper, rows: rows, snapshot: p.folder.path(searchName)}
}

func (e *lockedExpiry) start() {
	if e == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.end = cancel
	e.group.Go(func() { e.run(ctx) })
}

// stop ends it and returns the time that it saw; zero when there is nothing that saw any.
func (e *lockedExpiry) stop() time.Time {
	if e == nil {
		return time.Time{}
	}
	e.end()
	e.group.Wait()
	return e.time.Now()
}

func (e *lockedExpiry) run(ctx context.Context) {
	for {
		next := e.rows.Next()
		if next.IsZero() {
			return
		}
		now := e.time.Now()
		wait := min(next.Sub(now), lockedLook)
		if wait <= 0 {
			if wait = 0; e.remove(now) != nil {
				wait = lockedRetry
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// remove lets the search index be built anew before anything of it goes.
func (e *lockedExpiry) remove(now time.Time) error {
	for _, name := range []string{e.snapshot, e.snapshot + ".new"} { // where its last renaming was cut off, it is the second
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	_, err := e.rows.Remove(now)
	return err
}
