//go:build unix

package export_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sotto/app/privacy/export"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/identity"
	"sotto/crypto/vault"
	"sotto/storage"
)

// howMany is how many messages BenchmarkExport writes: what the slow export of a known client was measured with, or what
// SOTTO_BENCH_MESSAGES names, a multiple of 200.
func howMany(b *testing.B) int {
	b.Helper()
	text := os.Getenv("SOTTO_BENCH_MESSAGES")
	if text == "" {
		return 16_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkExport writes two conversations of 8,000 messages each from an encrypted store. peak-MB is the most memory
// the process ever held, the making of the history included.
func BenchmarkExport(b *testing.B) {
	ctx, exported := context.Background(), howMany(b)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	store, _, err := storage.Create(ctx, b.TempDir(), storage.Options{
		Passphrase: "bench", Params: vault.Params{Memory: 64, Time: 1, Threads: 1},
		Limits: vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16},
	})
	must(err)
	defer func() { must(store.Close()) }()
	who, err := identity.New(clock)
	must(err)
	now := func() time.Time { return clock.Add(time.Hour) }
	must(store.Update(ctx, func(tx chat.Tx) error {
		return errors.Join(
			tx.Contacts().Put(chat.Contact{ID: ada, Name: "Ada", State: chat.ContactAccepted, Created: clock}),
			tx.Contacts().Put(chat.Contact{ID: bob, Name: "Bob", State: chat.ContactAccepted, Created: clock}),
			tx.Conversations().Put(conversation(ada)), tx.Conversations().Put(conversation(bob)),
		)
	}))
	for from := 0; from < exported; from += 100 {
		peer := []chat.ContactID{ada, bob}[from/100%2]
		must(store.Update(ctx, func(tx chat.Tx) error {
			for i := from; i < from+100; i++ {
				sent := clock.Add(time.Duration(i) * time.Second)
				_, err := tx.Messages().Put(chat.Message{
					ID: chat.NewMessageID(), Conversation: conversation(peer).ID, Author: peer, Device: chat.DeviceID{7}, Direction: chat.In,
					Kind: chat.KindText, Seq: uint64(i/200*100 + i%100 + 1), State: chat.Read, Sent: sent, Received: sent,
					Text: fmt.Sprintf("Message %d: see you at the bridge at nine, bring the red umbrella and the two tickets.", i),
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	x := &export.Exporter{Store: store, Audit: security.NewAudit(now), Identity: who, Name: func() string { return "Grace" }, Now: now}
	out := b.TempDir()
	for n := 0; b.Loop(); n++ {
		s, err := x.Write(ctx, export.Request{Out: filepath.Join(out, fmt.Sprint(n))})
		must(err)
		if s.Manifest.Counts.Messages != exported {
			b.Fatalf("exported %d messages", s.Manifest.Counts.Messages)
		}
	}
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	unit := int64(1 << 10) // of Maxrss, bytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	b.ReportMetric(float64(u.Maxrss*unit)/1e6, "peak-MB")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "export-s")
}
