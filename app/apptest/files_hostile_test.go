package apptest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/filecrypt"
	"sotto/transport/wire"
)

// fileLiar is a relay that gives out other bytes than were brought to it.
type fileLiar struct {
	messenger.Relay
	lie func(sealed []byte) []byte
	err error // instead of bytes
}

func (l *fileLiar) Fetch(ctx context.Context, key wire.ReadKey, offset, size int64, w io.Writer) (int64, error) {
	if l.err != nil {
		return 0, l.err
	}
	if l.lie == nil {
		return l.Relay.Fetch(ctx, key, offset, size, w)
	}
	var all bytes.Buffer
	if _, err := l.Relay.Fetch(ctx, key, 0, size, &all); err != nil {
		return 0, err
	}
	told := l.lie(all.Bytes())
	if offset > int64(len(told)) {
		return 0, wire.ErrMalformed
	}
	n, err := w.Write(told[offset:])
	return int64(n), err
}

const sealedChunk = filecrypt.ChunkSize + filecrypt.Overhead

func TestARelayThatLiesAboutAFileIsRefusedAndLeavesNothing(t *testing.T) {
	file := apptest.Bytes(7, 5*filecrypt.ChunkSize+99)
	foreign := apptest.Bytes(8, int(filecrypt.SealedSize(int64(len(file)))))
	var l fileLiar
	w := apptest.NewWorld(t)
	ada := w.Person("Ada", apptest.PersonOptions{})
	ben := w.Person("Ben", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay {
		l.Relay = r
		return &l
	}})
	w.Befriend(ada, ben)
	swap := func(b []byte, i, j int) []byte {
		out := bytes.Clone(b)
		copy(out[i*sealedChunk:], b[j*sealedChunk:(j+1)*sealedChunk])
		copy(out[j*sealedChunk:], b[i*sealedChunk:(i+1)*sealedChunk])
		return out
	}
	for _, c := range []struct {
		name string
		lie  func(b []byte) []byte
		err  error
		want string
	}{
		{"a byte altered", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, nil, messenger.FailureFileDamaged},
		{"the last byte altered", func(b []byte) []byte { b[len(b)-1] ^= 128; return b }, nil, messenger.FailureFileDamaged},
		{"cut short", func(b []byte) []byte { return b[:len(b)-sealedChunk] }, nil, messenger.FailureFileDamaged},
		{"nothing", func([]byte) []byte { return nil }, nil, messenger.FailureFileDamaged},
		{"longer", func(b []byte) []byte { return append(b, 0) }, nil, messenger.FailureFileDamaged},
		{"chunks exchanged", func(b []byte) []byte { return swap(b, 0, 2) }, nil, messenger.FailureFileDamaged},
		{"a chunk repeated", func(b []byte) []byte { copy(b[sealedChunk:], b[:sealedChunk]); return b }, nil, messenger.FailureFileDamaged},
		{"another blob", func([]byte) []byte { return foreign }, nil, messenger.FailureFileDamaged},
		{"a range that is none", nil, wire.ErrMalformed, messenger.FailureFileDamaged},
		{"not there", nil, wire.ErrNotFound, messenger.FailureFileGone},
		{"no files kept", nil, wire.ErrUnsupported, messenger.FailureFileRefused},
	} {
		l.lie, l.err = c.lie, c.err
		msg := ada.Give(ben, "figures.ods", file)
		offered(ben, msg.ID)
		if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
			t.Fatal(err)
		}
		if got := failed(ben, msg.ID); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if _, err := ben.Contents(msg.ID); !errors.Is(err, chat.ErrNotFetched) {
			t.Errorf("%s: opening it says %v", c.name, err)
		}
		if n := kept(t, ben); n != 0 {
			t.Errorf("%s: %d files are left", c.name, n)
		}
	}
	l.lie, l.err = nil, nil
	rows := ben.Thread(ada)
	fetched(t, ben, rows[0].ID, file) // the relay has not lost it: asked again it is fetched
}

// TestAMessageThatLiesAboutItsFileIsRefusedAndLeavesNothing: the bytes are honest, what is said of them is not.
func TestAMessageThatLiesAboutItsFileIsRefusedAndLeavesNothing(t *testing.T) {
	file := apptest.Bytes(9, 200_000)
	w, ada, ben := friends(t)
	for name, lie := range map[string]func(b *content.Attachment){
		"another hash":   func(b *content.Attachment) { b.Hash[3] ^= 1 },
		"another key":    func(b *content.Attachment) { b.Key[0] ^= 1 },
		"a shorter file": func(b *content.Attachment) { b.Size -= 10 },
		"a longer file":  func(b *content.Attachment) { b.Size += 100_000 },
		"half of it":     func(b *content.Attachment) { b.Size /= 2 },
		"a huge file":    func(b *content.Attachment) { b.Size = content.MaxFile },
		"nothing":        func(b *content.Attachment) { b.Size = 0 },
		"another blob":   func(b *content.Attachment) { b.ReadKey[0] ^= 1 },
	} {
		w.Relay.Down(true)
		msg := ada.Give(ben, "figures.ods", file)
		err := ada.Store.Update(t.Context(), func(tx chat.Tx) error {
			items, err := tx.Queue().ForMessage(msg.ID)
			if err != nil {
				return err
			}
			c, err := content.Decode(items[0].Content)
			if err != nil {
				return err
			}
			body, _ := c.Body.(content.Attachment)
			lie(&body)
			c.Body = body
			if items[0].Content, err = c.Encode(); err != nil {
				return err
			}
			return tx.Queue().Put(items[0])
		})
		if err != nil {
			t.Fatal(err)
		}
		w.Relay.Down(false)
		offered(ben, msg.ID)
		if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
			t.Fatal(err)
		}
		want := messenger.FailureFileDamaged
		if name == "another blob" {
			want = messenger.FailureFileGone
		}
		if got := failed(ben, msg.ID); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if n := kept(t, ben); n != 0 {
			t.Errorf("%s: %d files are left", name, n)
		}
	}
}
