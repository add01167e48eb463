package sqlite

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"sotto/chat"
)

// benchMessages is how many rows a benchmark's history holds.
const benchMessages = 50_000

// fillHistory puts messages into one conversation, in units of work of 100, and returns how long that took.
func fillHistory(b *testing.B, s *Store, n int) time.Duration {
	b.Helper()
	text := "See you at the bridge at nine, bring the red umbrella and the two tickets for the evening."
	write(b, s, func(tx chat.Tx) error { return tx.Conversations().Put(chat.Conversation{ID: conv(1)}) })
	start := time.Now()
	for from := 0; from < n; from += 100 {
		write(b, s, func(tx chat.Tx) error {
			for i := from; i < min(from+100, n); i++ {
				m := chat.Message{
					Conversation: conv(1), Author: chat.ContactID{byte(i % 2)}, Direction: chat.In, Kind: chat.KindText,
					Seq: uint64(i/2 + 1), Sent: day, Received: day, State: chat.Delivered, Text: text,
				}
				rand.Read(m.ID[:]) //nolint:errcheck // never fails
				if _, err := tx.Messages().Put(m); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return time.Since(start)
}

// BenchmarkInsert inserts messages through the repository in units of work of 100; the anchor is Signal's SQLCipher
// addon, 99,000 messages a second without search.
func BenchmarkInsert(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := newProfile(b).create(b)
		b.StartTimer()
		took := fillHistory(b, s, benchMessages)
		b.ReportMetric(benchMessages/took.Seconds(), "messages/s")
		b.StopTimer()
		closeStore(b, s)
		b.StartTimer()
	}
}

// BenchmarkOpenAndFirstPage opens a history and reads 50 messages, without key derivation; the anchor is 1.8 ms.
func BenchmarkOpenAndFirstPage(b *testing.B) {
	p := newProfile(b)
	s := p.create(b)
	fillHistory(b, s, benchMessages)
	write(b, s, func(tx chat.Tx) error {
		for i := range 300 {
			var id chat.KeyID
			binary.BigEndian.PutUint64(id[:], uint64(i))
			if err := tx.Prekeys().Put(chat.Prekey{ID: id, Private: make([]byte, 96)}); err != nil {
				return err
			}
		}
		return nil
	})
	closeStore(b, s)
	for b.Loop() {
		s, err := p.tryOpen(nil)
		if err != nil {
			b.Fatal(err)
		}
		err = s.View(context.Background(), func(tx chat.Tx) error {
			page, err := tx.Messages().Page(conv(1), 0, 50)
			if len(page) != 50 {
				return fmt.Errorf("%d messages", len(page))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		closeStore(b, s)
	}
}

// BenchmarkDestroyConversation deletes a conversation of 5,000, the epoch turned and the log truncated; the anchor is
// 295 ms.
func BenchmarkDestroyConversation(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := newProfile(b).create(b)
		fillHistory(b, s, 5_000)
		b.StartTimer()
		err := s.Erase(context.Background(), func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(1)) })
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		closeStore(b, s)
		b.StartTimer()
	}
}

// BenchmarkStep commits one small unit of work, as every received message does.
func BenchmarkStep(b *testing.B) {
	s := newProfile(b).create(b)
	write(b, s, func(tx chat.Tx) error { return tx.Conversations().Put(chat.Conversation{ID: conv(1)}) })
	seq := uint64(0)
	for b.Loop() {
		seq++
		write(b, s, func(tx chat.Tx) error {
			if err := tx.Sessions().Put(chat.Session{ID: chat.SessionID{1}, State: make([]byte, 1500)}); err != nil {
				return err
			}
			m := chat.Message{Conversation: conv(1), Author: chat.ContactID{1}, Seq: seq, Text: "hello"}
			rand.Read(m.ID[:]) //nolint:errcheck // never fails
			_, err := tx.Messages().Put(m)
			return err
		})
	}
}
