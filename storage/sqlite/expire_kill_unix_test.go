//go:build unix

package sqlite

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sotto/chat"
)

// killedAfter stands between what the child does and after how many microseconds it dies.
const killedAfter = " for µs "

// filesFrom stands before the number of the first file that the child puts.
const filesFrom = "files from "

// batches of the child: small, so that there are many of them.
const expiringBatch = 20

// expireAndDie removes what has ended by an hour after the day, with the keys or without, and dies on the way.
func expireAndDie(p profile, how, after string) {
	micros, err := strconv.Atoi(after)
	if err != nil {
		os.Exit(2)
	}
	s, err := p.tryOpen(nil)
	if err != nil {
		os.Exit(3)
	}
	die := func() {
		time.AfterFunc(time.Duration(micros)*time.Microsecond, func() {
			syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // it does not return
		})
	}
	now := day.Add(time.Hour)
	if how == "keyless" {
		k, err := s.Leave(context.Background())
		if err != nil || s.Close() != nil {
			os.Exit(4)
		}
		die()
		for i := range k.rows { // the end of the next batch, as the time goes on
			k.rows[i].at = day.Add(time.Duration(i/expiringBatch) * time.Second)
		}
		for !k.Next().IsZero() {
			if _, err := k.Remove(k.Next()); err != nil {
				os.Exit(5)
			}
		}
		return
	}
	die()
	for n := 1; n > 0; {
		err := s.Purge(context.Background(), func(tx chat.Tx) error {
			list, err := tx.Deadlines().Due(now, expiringBatch)
			if err != nil {
				return err
			}
			n = len(list)
			for _, m := range list {
				if err := tx.Annotations().DeleteForTarget(m.Conversation, m.ID); err != nil {
					return err
				}
				if err := tx.Messages().Delete(m.ID); err != nil && err != chat.ErrNotFound {
					return err
				}
			}
			return nil
		})
		if err != nil {
			os.Exit(6)
		}
	}
}

// TestKilledExpiryLosesNothingElseAndBringsNothingBack kills the removal at seeded moments, again and again on one history
// until everything that has an end is gone.
func TestKilledExpiryLosesNothingElseAndBringsNothingBack(t *testing.T) {
	kills := 100
	if testing.Short() {
		kills = 12
	}
	for _, how := range []string{"keyed", "keyless"} {
		t.Run(how, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, uint64(len(how))))
			var p profile
			var never []chat.MessageID
			ended, killed := 0, 0
			for n := 0; n < kills/2; n++ {
				if ended == 0 {
					p = newProfile(t)
					s := p.create(t)
					var minute, hour []chat.MessageID
					minute, hour, never = endingMessages(t, s, 300)
					withFiles(t, s, minute, hour, never)
					closeStore(t, s)
					ended = 200
				}
				state := run(t, filepath.Dir(p.db), how+killedAfter+strconv.Itoa(random.IntN(30_000)))
				ws := state.Sys().(syscall.WaitStatus)
				if ws.Signaled() {
					killed++
				} else if ws.ExitStatus() != 0 {
					t.Fatalf("the child ended with %d", ws.ExitStatus())
				}
				s := p.open(t)
				if info, err := os.Stat(p.db + "-wal"); err == nil && info.Size() != 0 {
					t.Errorf("the write-ahead log holds %d bytes", info.Size())
				}
				write(t, s, func(tx chat.Tx) error { // takes out of the books what went without a key
					_, err := tx.Deadlines().Due(day.Add(time.Hour), 0)
					return err
				})
				there := 0
				view(t, s, func(tx chat.Tx) error {
					for _, id := range never {
						if _, err := tx.Messages().Get(id); err != nil {
							return err
						}
					}
					page, err := tx.Messages().Page(conv(1), 0, 1000)
					for _, m := range page {
						if m.Notice == chat.NoticeLost {
							t.Error("a message is missed")
						}
					}
					there = len(page) - len(never)
					if _, err := tx.Annotations().List(conv(1), chat.MessageID{}, 1000); err != nil {
						return err
					}
					return err
				})
				if n := fileKeys(t, s); n != int64(there+len(never)) {
					t.Errorf("%d keys of files for %d messages", n, there+len(never))
				}
				if there > ended {
					t.Errorf("%d of those that ended are there, after %d", there, ended)
				}
				ended = there
				closeStore(t, s)
			}
			if killed < kills/4 {
				t.Errorf("only %d of %d were killed on the way", killed, kills/2)
			}
			t.Logf("killed on the way: %d of %d", killed, kills/2)
		})
	}
}
