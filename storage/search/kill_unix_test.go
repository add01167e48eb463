//go:build unix

package search

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"sotto/chat"
)

// The test binary starts itself again with this variable: the child lives on the history there until it is killed.
const childHistory = "SOTTO_TEST_SEARCH"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childHistory); dir != "" {
		restless(dir)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// childFailed ends the child, whose tests are the parent's.
type childFailed struct{ testing.TB }

func (childFailed) Helper() {}
func (childFailed) Fatal(args ...any) {
	fmt.Println(args...)
	os.Exit(3)
}

// restless writes, changes, removes and erases, with an index that saves all the time, and says when it began.
func restless(dir string) {
	t := childFailed{}
	h := &history{dir: dir}
	h.open(t)
	x := New(h.store, h.path(), Options{Changes: 3, Quiet: time.Millisecond, Batch: 4})
	x.Start()
	fmt.Println("ready")
	r := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for n := 0; ; n++ {
		m := message(r.IntN(200), fmt.Sprintf("word%d common", r.IntN(50)))
		m.Conversation = conv(byte(m.ID[1] % 3))
		switch r.IntN(8) {
		case 0:
			_ = h.store.Update(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(m.ID) })
		case 1:
			_ = h.store.Erase(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(m.ID) })
		case 2:
			if n%16 == 0 {
				_ = h.store.Erase(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(m.Conversation) })
			}
		default:
			h.put(t, m)
		}
	}
}

func TestKilledAtAnyMomentItFindsWhatIsThere(t *testing.T) {
	h := newHistory(t)
	first := message(0, "word0 common")
	first.Conversation = conv(0)
	h.put(t, first)
	h.close(t)
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childHistory+"="+h.dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("the child said %q, %v", line, err)
		}
		time.Sleep(time.Duration(1+r.IntN(120)) * time.Millisecond) // the moment of the kill, nothing waits for it
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGKILL {
			t.Fatalf("the child ended by itself: %v", err)
		}
		h.open(t)
		x := New(h.store, h.path(), never)
		for _, q := range []string{"common", "word1", "ord2"} {
			want := h.scan(t, q)
			got := texts(t, x, chat.Query{Text: q, Limit: 300})
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("round %d: %q finds %d messages, %d are there", round, q, len(got), len(want))
			}
		}
		if err := x.Close(ctx); err != nil {
			t.Fatal(err)
		}
		h.close(t)
	}
}

// scan reads every message and answers those that a query matches, as texts does, sorted.
func (h *history) scan(t *testing.T, query string) (out []string) {
	t.Helper()
	terms, _, err := parse(query)
	if err != nil {
		t.Fatal(err)
	}
	err = h.store.View(ctx, func(tx chat.Tx) error {
		all, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		f := &folder{}
		for _, c := range all {
			page, err := tx.Messages().PageAfter(c.ID, 0, 1000)
			if err != nil {
				return err
			}
			for _, m := range page {
				if ranges, _, ok := f.match(terms, m.Text, ""); ok {
					r := ranges[0]
					out = append(out, m.Text[:r[0]]+"["+m.Text[r[0]:r[1]]+"]"+m.Text[r[1]:])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
