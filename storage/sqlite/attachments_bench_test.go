package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"sotto/chat"
)

// benchFiles is how many attachments a benchmark's history holds, a preview beside each of the first hundred.
const benchFiles = 10_000

func fillFiles(b *testing.B, s *Store) {
	b.Helper()
	write(b, s, func(tx chat.Tx) error { return tx.Conversations().Put(chat.Conversation{ID: conv(1)}) })
	for from := 0; from < benchFiles; from += 100 {
		write(b, s, func(tx chat.Tx) error {
			for i := from; i < from+100; i++ {
				m, a := fileMessage(1, 0), file(1, 1)
				binary.BigEndian.PutUint32(m.ID[:], uint32(i+1))
				m.Seq, a.Message, a.Blob = uint64(i+1), m.ID, chat.BlobID(m.ID)
				if i%1000 == 0 {
					a.State = chat.FileFetching
				}
				if _, err := tx.Messages().Put(m); err != nil {
					return err
				}
				if err := tx.Attachments().Put(a); err != nil {
					return err
				}
				if i < 100 {
					if err := tx.Attachments().PutPreview(m.ID, make([]byte, 20_000)); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}

// BenchmarkFiles measures what takes longer with every attachment, on a history that holds 10,000 of them.
func BenchmarkFiles(b *testing.B) {
	p := newProfile(b)
	s := p.create(b)
	fillFiles(b, s)
	closeStore(b, s)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			opened, err := p.tryOpen(nil)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			closeStore(b, opened)
			b.StartTimer()
		}
	})
	s = p.open(b)
	read := func(name string, want int, f func(chat.Tx) (int, error)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := s.View(context.Background(), func(tx chat.Tx) error {
					n, err := f(tx)
					if n != want {
						return fmt.Errorf("%d, %w", n, err)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	read("moving", 10, func(tx chat.Tx) (int, error) {
		list, err := tx.Attachments().Moving()
		return len(list), err
	})
	read("page of 50", 50, func(tx chat.Tx) (int, error) {
		page, err := tx.Attachments().Page(conv(1), 5000*step, 50)
		return len(page), err
	})
	b.Run("ids of all files", func(b *testing.B) {
		for b.Loop() {
			if ids, err := s.BlobIDs(context.Background()); err != nil || len(ids) != benchFiles {
				b.Fatal(len(ids), err)
			}
		}
	})
	b.Run("turn the epoch", func(b *testing.B) {
		for b.Loop() {
			if err := s.Erase(context.Background(), func(chat.Tx) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDestroyFiles deletes a conversation of 10,000 messages with files, the epoch turned and the log truncated.
func BenchmarkDestroyFiles(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := newProfile(b).create(b)
		fillFiles(b, s)
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

// BenchmarkPutFile commits one message with its attachment, as each received one does.
func BenchmarkPutFile(b *testing.B) {
	s := newProfile(b).create(b)
	fillFiles(b, s)
	n := uint32(1 << 30)
	for b.Loop() {
		write(b, s, func(tx chat.Tx) error {
			n++
			m, a := fileMessage(1, 0), file(1, 1)
			binary.BigEndian.PutUint32(m.ID[:], n)
			a.Message, a.Blob = m.ID, chat.BlobID(m.ID)
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
			return tx.Attachments().Put(a)
		})
	}
}
