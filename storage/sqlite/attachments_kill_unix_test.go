//go:build unix

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sotto/chat"
)

// fileNumber is the message of the n-th file that a child puts.
func fileNumber(n int) chat.MessageID { return chat.MessageID{1, byte(n), byte(n >> 8), 1} }

// putAndRemoveFiles puts files, changes them and removes every third, from a number on, and dies on the way. It writes down
// what was committed, one line for each.
func putAndRemoveFiles(p profile, from, after string) {
	first, err := strconv.Atoi(from)
	micros, err2 := strconv.Atoi(after)
	if err != nil || err2 != nil {
		os.Exit(2)
	}
	s, err := p.tryOpen(nil)
	if err != nil {
		os.Exit(3)
	}
	time.AfterFunc(time.Duration(micros)*time.Microsecond, func() {
		syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // it does not return
	})
	commit := func(what string, n int, f func(chat.Tx) error) {
		if err := s.Update(context.Background(), f); err != nil {
			os.Exit(4)
		}
		fmt.Println(what, n)
	}
	for n := first; n < first+200; n++ {
		id := fileNumber(n)
		a := file(1, byte(n))
		a.Message, a.Blob, a.State = id, chat.BlobID(id), chat.FileFetching
		commit("put", n, func(tx chat.Tx) error {
			m := fileMessage(1, 0)
			m.ID, m.Seq = id, uint64(n)
			_, err := tx.Messages().Put(m)
			return errors.Join(err, tx.Attachments().Put(a), tx.Attachments().PutPreview(id, bytes.Repeat(id[:], 500)))
		})
		commit("here", n, func(tx chat.Tx) error {
			a.State = chat.FileHere
			return tx.Attachments().Put(a)
		})
		if n%3 == 0 {
			commit("gone", n, func(tx chat.Tx) error { return tx.Messages().Delete(id) })
		}
	}
}

// TestKilledWritesOfFilesAreWholeOrNotThere kills whoever puts and removes files at seeded moments, again and again on one
// history, and compares it with what had been committed.
func TestKilledWritesOfFilesAreWholeOrNotThere(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 8
	}
	p := newProfile(t)
	s := p.create(t)
	write(t, s, func(tx chat.Tx) error {
		return tx.Conversations().Put(chat.Conversation{ID: conv(1), Kind: chat.Direct})
	})
	closeStore(t, s)
	random := rand.New(rand.NewPCG(11, 5))
	committed := map[int]string{}
	next, killed := 0, 0
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childProfile+"="+filepath.Dir(p.db),
			childPoint+"="+filesFrom+strconv.Itoa(next)+killedAfter+strconv.Itoa(random.IntN(25_000)))
		out, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
			killed++
		} else if ws.ExitStatus() != 0 {
			t.Fatalf("the child ended with %d", ws.ExitStatus())
		}
		for line := range strings.Lines(string(out)) {
			what, number, _ := strings.Cut(strings.TrimSpace(line), " ")
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatalf("the child wrote %q", line)
			}
			committed[n], next = what, max(next, n+1)
		}
		s := p.open(t)
		next = comparedWith(t, s, committed, next)
		if t.Failed() {
			return
		}
		closeStore(t, s)
	}
	if killed < kills/2 {
		t.Errorf("only %d of %d were killed on the way", killed, kills)
	}
	t.Logf("killed on the way: %d of %d, %d files", killed, kills, next)
}

// comparedWith compares a history with what had been committed, takes over the one step that was committed and not told of,
// and returns the next number.
func comparedWith(t *testing.T, s *Store, committed map[int]string, next int) int {
	t.Helper()
	steps, untold := []string{"", "put", "here", "gone"}, 0
	present := int64(0)
	view(t, s, func(tx chat.Tx) error {
		for n := range next + 1 {
			now := "gone"
			a, err := tx.Attachments().Get(fileNumber(n))
			switch {
			case err == nil && a.State == chat.FileFetching:
				now = "put"
			case err == nil:
				now = "here"
			case !errors.Is(err, chat.ErrNotFound):
				return err
			case n == next || committed[n] == "":
				now = ""
			}
			if now != committed[n] {
				if at := func(s string) int {
					for i, v := range steps {
						if v == s {
							return i
						}
					}
					return -1
				}; at(now) != at(committed[n])+1 {
					t.Errorf("file %d is %q, committed was %q", n, now, committed[n])
				}
				untold++
				committed[n] = now
			}
			_, err = tx.Messages().Get(fileNumber(n))
			picture, err2 := tx.Attachments().Preview(fileNumber(n))
			if there := now == "put" || now == "here"; there {
				present++
				if err != nil || err2 != nil || len(picture) != 8000 {
					t.Errorf("file %d is not whole: %v, %v, %d bytes", n, err, err2, len(picture))
				}
			} else if !errors.Is(err, chat.ErrNotFound) || !errors.Is(err2, chat.ErrNotFound) {
				t.Errorf("of file %d something is left: %v, %v", n, err, err2)
			}
		}
		return nil
	})
	if untold > 1 {
		t.Errorf("%d steps were not told of", untold)
	}
	ids, err := s.BlobIDs(context.Background())
	if err != nil || int64(len(ids)) != present || fileKeys(t, s) != present {
		t.Errorf("%d files, %d keys, %d attachments, %v", len(ids), fileKeys(t, s), present, err)
	}
	if committed[next] != "" {
		next++
	}
	return next
}
