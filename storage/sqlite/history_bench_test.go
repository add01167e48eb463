package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/chat"
)

// historyThreads is how many conversations share the messages of BenchmarkHistory, as in the anchor.
const historyThreads = 200

// historySize returns how many messages BenchmarkHistory inserts: BENCH_MESSAGES, else 50,000.
func historySize(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("BENCH_MESSAGES"))
	switch {
	case os.Getenv("BENCH_MESSAGES") == "":
		return benchMessages
	case err != nil || n < historyThreads:
		b.Fatalf("BENCH_MESSAGES: a number of at least %d", historyThreads)
	}
	return n
}

// sentences returns a source of texts of 4 to 19 words, drawn as the anchor draws them.
func sentences() func() string {
	r := rand.New(rand.NewPCG(1, 2))
	return func() string {
		words := make([]string, 4+r.IntN(16))
		for i := range words {
			words[i] = fmt.Sprintf("w%x", r.ExpFloat64()*1e6)[:7]
		}
		return strings.Join(words, " ")
	}
}

// BenchmarkHistory is the life of a long history, the workload of the SQLCipher anchor (docs/PERFORMANCE.md): messages
// are inserted in units of work of 100, each of one conversation ("threads") or each message of another than the one
// before ("mixed"), the history is opened at a page of 50, a conversation is deleted with the epoch turned, and the file is
// migrated from the schema before manifests.
func BenchmarkHistory(b *testing.B) {
	n := historySize(b)
	for name, thread := range map[string]func(i int) int{
		"threads": func(i int) int { return i / 100 % historyThreads },
		"mixed":   func(i int) int { return i % historyThreads },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				liveHistory(b, n, thread)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func liveHistory(b *testing.B, n int, thread func(i int) int) {
	p := newProfile(b)
	s := p.create(b)
	write(b, s, func(tx chat.Tx) error {
		for i := range historyThreads {
			if err := tx.Conversations().Put(chat.Conversation{ID: conv(byte(i))}); err != nil {
				return err
			}
		}
		return nil
	})
	text := sentences()
	var took time.Duration
	var seqs [historyThreads]uint64
	for from := 0; from < n; from += 100 {
		batch := make([]chat.Message, 0, 100)
		for i := from; i < min(from+100, n); i++ {
			c := thread(i)
			seqs[c]++
			batch = append(batch, chat.Message{
				ID: chat.NewMessageID(), Conversation: conv(byte(c)), Author: chat.ContactID{byte(seqs[c] % 2)},
				Direction: chat.In, Kind: chat.KindText, Seq: seqs[c], Sent: day, Received: day, State: chat.Delivered, Text: text(),
			})
		}
		start := time.Now()
		write(b, s, func(tx chat.Tx) error {
			for _, m := range batch {
				if _, err := tx.Messages().Put(m); err != nil {
					return err
				}
			}
			return nil
		})
		took += time.Since(start)
	}
	b.ReportMetric(float64(n)/took.Seconds(), "inserts/s")
	closeStore(b, s)
	if info, err := os.Stat(p.db); err == nil {
		b.ReportMetric(float64(info.Size())/1e6, "MB")
	}

	var opened []time.Duration
	for range 5 {
		start := time.Now()
		s = openAtPage(b, p, min(50, n/historyThreads))
		opened = append(opened, time.Since(start))
		closeStore(b, s)
	}
	slices.Sort(opened)
	b.ReportMetric(opened[len(opened)/2].Seconds()*1e3, "open-ms")

	s = openAtPage(b, p, 1)
	defer closeStore(b, s)
	start := time.Now()
	if err := s.Erase(context.Background(), func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(7)) }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(start).Seconds()*1e3, "delete-ms")
	b.ReportMetric(migrateFrom(b, s, 2).Seconds(), "migrate-s")
}

// migrateFrom takes a history back to an earlier schema and returns how long it takes to come up to the present one.
func migrateFrom(b *testing.B, s *Store, earlier int) time.Duration {
	if err := s.acquire(context.Background()); err != nil {
		b.Fatal(err)
	}
	defer s.release()
	if err := s.migrate(earlier); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := s.migrate(len(migrations)); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// openAtPage opens a history and reads the newest 50 messages of a conversation, of which there must be so many.
func openAtPage(b *testing.B, p profile, least int) *Store {
	s, err := p.tryOpen(nil)
	if err != nil {
		b.Fatal(err)
	}
	err = s.View(context.Background(), func(tx chat.Tx) error {
		page, err := tx.Messages().Page(conv(7), 0, 50)
		if len(page) < least {
			return fmt.Errorf("page of %d messages, want %d", len(page), least)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}
