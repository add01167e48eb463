package messenger

import (
	"context"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/chat"
)

// A clock that was set back tells the time of a closed program all the same: by how much it went on.
func TestAClockSetBackCountsWhileNothingRuns(t *testing.T) {
	store := memstore.New()
	wall := time.Date(2030, 1, 10, 0, 0, 0, 0, time.UTC)
	begin := func(seen time.Time) *clock {
		t.Helper()
		var c *clock
		err := store.View(context.Background(), func(tx chat.Tx) (err error) {
			c, err = loadClock(tx, func() time.Time { return wall }, seen)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	end := func(c *clock) time.Time {
		t.Helper()
		if err := store.Update(context.Background(), c.seal); err != nil {
			t.Fatal(err)
		}
		return c.time()
	}
	first := end(begin(time.Time{}))
	wall = wall.Add(-5 * 24 * time.Hour)
	back := end(begin(time.Time{}))
	if !back.Equal(first) {
		t.Fatalf("at the setting back it is %v, after %v", back, first)
	}
	wall = wall.Add(3 * time.Hour)
	later := end(begin(time.Time{}))
	if got := later.Sub(back); got != 3*time.Hour {
		t.Errorf("three hours of a closed program count as %v", got)
	}
	wall = wall.Add(time.Hour)
	if got := end(begin(later.Add(time.Hour))).Sub(later); got != time.Hour {
		t.Errorf("an hour that was counted while locked counts as %v", got)
	}
	wall = wall.Add(-time.Hour)
	now := end(begin(time.Time{}))
	wall = wall.Add(4 * 24 * time.Hour)
	wall = wall.Add(-30 * 24 * time.Hour)
	if got := end(begin(time.Time{})); !got.Equal(now) {
		t.Errorf("set back again it is %v, was %v", got, now)
	}
}
