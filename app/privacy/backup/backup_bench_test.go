//go:build unix

package backup_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sotto/app/privacy/backup"
	"sotto/app/privacy/files"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage"
)

// messages is how many a benchmark backs up; SOTTO_BENCH_MESSAGES names another number.
func messages(b *testing.B) int {
	b.Helper()
	if text := os.Getenv("SOTTO_BENCH_MESSAGES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 100_000
}

var (
	costs  = vault.Params{Memory: 64, Time: 1, Threads: 1} // of the stores; the backup's own is the standard one
	limits = vault.Limits{MinMemory: 64, MaxMemory: 4 << 20, MinTime: 1, MaxTime: 16}
)

func openStore(b *testing.B) *storage.Store {
	b.Helper()
	store, _, err := storage.Create(context.Background(), b.TempDir(), storage.Options{Passphrase: "bench", Params: costs, Limits: limits})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	return store
}

func grownStore(b *testing.B, n int) *storage.Store {
	b.Helper()
	store := openStore(b)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for c := range 200 {
		err := store.Update(context.Background(), func(tx chat.Tx) error {
			conv := chat.Conversation{ID: chat.ConversationID{byte(c), 1}, Kind: chat.Group, Created: start, NextSeq: 1}
			errs := []error{tx.Conversations().Put(conv)}
			for i := range n / 200 {
				sent := start.Add(time.Duration(i) * time.Minute)
				_, err := tx.Messages().Put(chat.Message{
					ID: chat.NewMessageID(), Conversation: conv.ID, Author: chat.ContactID{1}, Device: chat.DeviceID{7}, Direction: chat.In,
					Kind: chat.KindText, Seq: uint64(i + 1), State: chat.Read, Sent: sent, Received: sent,
					Text: fmt.Sprintf("Message %d: see you at the bridge at nine, bring the red umbrella and the two tickets.", i),
				})
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return store
}

func writer(store chat.Store) *backup.Writer {
	return &backup.Writer{
		Store: store, Audit: security.NewAudit(time.Now), Now: time.Now, Limits: limits,
		Self:     func() (chat.ContactID, string) { return chat.ContactID{1}, "Ada" },
		Omit:     func(chat.Tx, chat.ContactID) (bool, error) { return false, nil },
		Settings: func(chat.Tx) (map[string][]byte, error) { return nil, nil },
	}
}

// spent is how much time of the processor this process took, both cores counted.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the most memory this process ever held, in MB.
func peak() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Maxrss) / 1024
}

// BenchmarkBackup writes a backup and reads it back; MB/s are of the file, its passphrase's cost included.
func BenchmarkBackup(b *testing.B) {
	store := grownStore(b, messages(b))
	dir, size, before := b.TempDir(), int64(0), spent()
	for i := 0; b.Loop(); i++ {
		s, err := writer(store).Write(context.Background(), backup.Request{Out: filepath.Join(dir, strconv.Itoa(i)), Passphrase: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		size = s.Size
	}
	b.SetBytes(size)
	b.ReportMetric(float64(messages(b))*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(size)/1e6, "file-MB")
	b.ReportMetric((spent()-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(peak(), "peak-MB")
}

// BenchmarkRestore brings a backup into an empty encrypted store.
func BenchmarkRestore(b *testing.B) {
	file := filepath.Join(b.TempDir(), "b")
	s, err := writer(grownStore(b, messages(b))).Write(context.Background(), backup.Request{Out: file, Passphrase: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(s.Size)
	before := spent()
	for b.Loop() {
		in, err := os.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		_, err = backup.Restore(context.Background(), openStore(b), in, "bench", backup.Reading{Limits: limits})
		if err := errors.Join(err, in.Close()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(messages(b))*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric((spent()-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(peak(), "peak-MB")
}

// BenchmarkFile backs up one file of 100 MiB, reads it back, and restores it.
func BenchmarkFile(b *testing.B) {
	ctx, store := context.Background(), openStore(b)
	a, err := files.Seal(ctx, store.Blobs(), io.LimitReader(rand.Reader, chat.MaxFile), chat.MaxFile, nil)
	if err != nil {
		b.Fatal(err)
	}
	a.Message = chat.MessageID{1}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err = store.Update(ctx, func(tx chat.Tx) error {
		conv := chat.Conversation{ID: chat.ConversationID{1}, Kind: chat.Group, Created: start, NextSeq: 1}
		if err := tx.Conversations().Put(conv); err != nil {
			return err
		}
		_, err := tx.Messages().Put(chat.Message{
			ID: a.Message, Conversation: conv.ID, Author: chat.ContactID{1}, Direction: chat.In, Kind: chat.KindAttachment, Seq: 1, State: chat.Read,
			Sent: start, Received: start, File: chat.File{Name: "large", Size: chat.MaxFile},
		})
		return errors.Join(err, tx.Attachments().Put(a))
	})
	if err != nil {
		b.Fatal(err)
	}
	w := writer(store)
	w.Blobs = store.Blobs()
	dir := b.TempDir()
	b.Run("backup", func(b *testing.B) {
		b.SetBytes(chat.MaxFile)
		for i := 0; b.Loop(); i++ {
			out := filepath.Join(dir, strconv.Itoa(i))
			if s, err := w.Write(ctx, backup.Request{Out: out, Passphrase: "bench"}); err != nil || s.Files != 1 {
				b.Fatal(s.Files, err)
			}
			if i > 0 {
				if err := os.Remove(out); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(peak(), "peak-MB")
	})
	b.Run("restore", func(b *testing.B) {
		b.SetBytes(chat.MaxFile)
		for b.Loop() {
			in, err := os.Open(filepath.Join(dir, "0"))
			if err != nil {
				b.Fatal(err)
			}
			to := openStore(b)
			s, err := backup.Restore(ctx, to, in, "bench", backup.Reading{Limits: limits, Blobs: to.Blobs()})
			if err := errors.Join(err, in.Close()); err != nil || s.Files != 1 {
				b.Fatal(s.Files, err)
			}
		}
		b.ReportMetric(peak(), "peak-MB")
	})
}
