package search

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/chat"
	"sotto/storage/sqlite"
)

// benchSize returns how many messages the benchmarks search: BENCH_MESSAGES, else 50,000.
func benchSize(b *testing.B) int {
	if os.Getenv("BENCH_MESSAGES") == "" {
		return 50_000
	}
	n, err := strconv.Atoi(os.Getenv("BENCH_MESSAGES"))
	if err != nil || n < 2000 {
		b.Fatal("BENCH_MESSAGES: a number of at least 2,000")
	}
	return n
}

// corpus draws words and sentences as the anchor does: 50,000 words, log-uniform, 4 to 19 of them in a sentence.
type corpus struct {
	r     *rand.Rand
	words []string
}

func newCorpus(seed uint64) *corpus {
	c := &corpus{r: rand.New(rand.NewPCG(seed, 2))}
	for i := range 50_000 {
		c.words = append(c.words, "w"+strconv.FormatInt(int64(uint64(i)*2654435761%(1<<24)), 16))
	}
	return c
}

func (c *corpus) word() string {
	n := len(c.words)
	return c.words[min(n-1, int(math.Exp(c.r.Float64()*math.Log(float64(n)))-1))]
}

func (c *corpus) sentence() string {
	words := make([]string, 4+c.r.IntN(16))
	for i := range words {
		words[i] = c.word()
	}
	return strings.Join(words, " ")
}

// fill writes n messages in 200 conversations, one minute apart.
func (c *corpus) fill(b *testing.B, s *sqlite.Store, from, n int) {
	b.Helper()
	for i := from; i < from+n; i += 1000 {
		err := s.Update(context.Background(), func(tx chat.Tx) error {
			for j := i; j < min(i+1000, from+n); j++ {
				conv := chat.ConversationID{byte(j % 200), 1}
				if j < 200 {
					if err := tx.Conversations().Put(chat.Conversation{ID: conv}); err != nil {
						return err
					}
				}
				at := day.Add(time.Duration(j) * time.Minute)
				if _, err := tx.Messages().Put(chat.Message{
					ID: chat.NewMessageID(), Conversation: conv, Author: chat.ContactID{byte(j % 200), byte(j % 2)}, Direction: chat.In,
					Kind: chat.KindText, Seq: uint64(j + 1), Sent: at, Received: at, State: chat.Read, Text: c.sentence(),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch is the life of the index of a long history: built from nothing, searched, saved, opened 1,000 messages
// behind. Its texts and queries are those of the SQLCipher anchor; unlike there, the hits are read from the history,
// matched and marked.
func BenchmarkSearch(b *testing.B) {
	n := benchSize(b)
	for b.Loop() {
		live(b, n)
	}
	b.ReportMetric(0, "ns/op")
}

func live(b *testing.B, n int) {
	ctx := context.Background()
	h := newHistory(b)
	c := newCorpus(1)
	c.fill(b, h.store, 0, n)
	path := filepath.Join(h.dir, "search.sealed")

	began := time.Now()
	x := New(h.store, path, Options{Changes: 1 << 40}) // saved when it is told to
	if err := x.Wait(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "build-s")
	x.image.settle(true)
	b.ReportMetric(float64(x.image.size())/1e6, "index-MB")

	var lookups, took []float64
	for i := range 400 {
		q := c.word()
		if i%2 == 1 {
			q += " " + c.word()
		}
		w, err := want(chat.Query{Text: q})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		x.image.candidates(w, math.MaxUint64, 50)
		lookups = append(lookups, time.Since(began).Seconds()*1e3)
		began = time.Now()
		if _, err := x.Search(ctx, chat.Query{Text: q}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began).Seconds()*1e3)
	}
	report := func(name string, ms []float64) {
		slices.Sort(ms)
		b.ReportMetric(ms[len(ms)*95/100], name+"-p95-ms")
		b.ReportMetric(ms[len(ms)/2], name+"-p50-ms")
	}
	report("lookup", lookups)
	report("search", took)

	began = time.Now()
	if err := x.Save(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(began).Seconds()*1e3, "save-ms")
	if err := x.Close(ctx); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "snapshot-MB")

	c.fill(b, h.store, n, 1000)
	h.close(b)
	runtime.GC()
	began = time.Now()
	h.open(b)
	err = h.store.View(ctx, func(tx chat.Tx) error {
		page, err := tx.Messages().Page(chat.ConversationID{7, 1}, 0, 50)
		if len(page) == 0 {
			return fmt.Errorf("no first page: %w", err)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	x = New(h.store, path, Options{})
	if err := x.Wait(ctx); err != nil {
		b.Fatal(err)
	}
	if _, err := x.Search(ctx, chat.Query{Text: c.word()}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "usable-s")
	if err := x.Close(ctx); err != nil {
		b.Fatal(err)
	}
	h.close(b)
}
