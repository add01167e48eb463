package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

func (s *Store) GrantBlob(_ context.Context, b store.Blob, l store.BlobLimits, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	box, err := s.find(b.Mailbox, now)
	if err != nil {
		return err
	}
	if _, err := box.token(b.Token, now); err != nil {
		return err
	}
	if box.Kind == wire.InvitationMailbox {
		return wire.ErrUnauthorized
	}
	for _, other := range s.blobs {
		if (other.Name != b.Name && other.Upload != b.Upload) || store.Ended(other.Ends, now) {
			continue
		}
		if other.Name != b.Name || other.Upload != b.Upload || other.Mailbox != b.Mailbox || other.Token != b.Token || other.Size != b.Size {
			return wire.ErrConflict
		}
		return nil
	}
	if !s.roomForBlob(box, b, l, now) {
		return wire.ErrQuota
	}
	s.dropBlobs(func(o store.Blob) bool { return o.Name == b.Name || o.Upload == b.Upload })
	b.Synced, b.Committed, b.Digest = 0, false, [32]byte{}
	b.Ends = wire.Time(wire.UnixMilli(now.Add(wire.UploadRetention)))
	s.blobs[b.File] = b
	return nil
}

// roomForBlob judges the limits; s.mu is held.
func (s *Store) roomForBlob(box *box, b store.Blob, l store.BlobLimits, now time.Time) bool {
	if box.Granted {
		l.MailboxBytes, l.MailboxBlobs = l.MailboxBytes/store.BlobShare, l.MailboxBlobs/store.BlobShare
	}
	size := uint64(b.Size)
	boxBytes, tokenBytes, promised := size, size, size
	boxBlobs, tokenBlobs := uint64(1), uint64(1)
	for _, o := range s.blobs {
		if store.Ended(o.Ends, now) {
			continue
		}
		if !o.Committed {
			promised += uint64(o.Size - o.Synced)
		}
		if o.Mailbox != b.Mailbox {
			continue
		}
		boxBytes, boxBlobs = boxBytes+uint64(o.Size), boxBlobs+1
		if o.Token == b.Token {
			tokenBytes, tokenBlobs = tokenBytes+uint64(o.Size), tokenBlobs+1
		}
	}
	return boxBytes <= l.MailboxBytes && boxBlobs <= l.MailboxBlobs && tokenBytes <= l.TokenBytes &&
		tokenBlobs <= l.TokenBlobs && promised <= l.Room
}

// dropBlobs removes rows and notes their files; s.mu is held.
func (s *Store) dropBlobs(which func(store.Blob) bool) {
	for file, b := range s.blobs {
		if which(b) {
			delete(s.blobs, file)
			s.gone[file] = true
		}
	}
}

func (s *Store) Upload(_ context.Context, hash wire.UploadHash, now time.Time) (store.Blob, error) {
	return s.findBlob(func(b store.Blob) bool { return b.Upload == hash }, now)
}

func (s *Store) Blob(_ context.Context, name wire.BlobName, now time.Time) (store.Blob, error) {
	return s.findBlob(func(b store.Blob) bool { return b.Name == name }, now)
}

func (s *Store) findBlob(which func(store.Blob) bool, now time.Time) (store.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.blobs {
		if !which(b) || store.Ended(b.Ends, now) {
			continue
		}
		if _, err := s.find(b.Mailbox, now); err == nil {
			return b, nil
		}
	}
	return store.Blob{}, wire.ErrNotFound
}

func (s *Store) SyncBlob(_ context.Context, file store.BlobFile, synced int64) error {
	return s.changeBlob(file, func(b *store.Blob) { b.Synced = synced })
}

func (s *Store) CommitBlob(_ context.Context, file store.BlobFile, digest [32]byte, now time.Time) error {
	return s.changeBlob(file, func(b *store.Blob) {
		b.Synced, b.Committed, b.Digest = b.Size, true, digest
		b.Ends = wire.Time(wire.UnixMilli(now.Add(wire.BlobRetention)))
	})
}

// changeBlob changes a row that is not committed.
func (s *Store) changeBlob(file store.BlobFile, change func(*store.Blob)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[file]
	if !ok || b.Committed {
		return wire.ErrNotFound
	}
	change(&b)
	s.blobs[file] = b
	return nil
}

func (s *Store) DropBlob(_ context.Context, file store.BlobFile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropBlobs(func(b store.Blob) bool { return b.File == file })
	return nil
}

func (s *Store) BlobsAfter(_ context.Context, after store.BlobFile, limit int) ([]store.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []store.Blob
	for file, b := range s.blobs {
		if bytes.Compare(file[:], after[:]) > 0 {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b store.Blob) int { return bytes.Compare(a.File[:], b.File[:]) })
	return out[:min(limit, len(out))], nil
}

func (s *Store) GoneBlobs(_ context.Context, limit int) ([]store.BlobFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []store.BlobFile
	for file := range s.gone {
		if len(out) < limit {
			out = append(out, file)
		}
	}
	return out, nil
}

func (s *Store) ForgetBlobs(_ context.Context, files ...store.BlobFile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		delete(s.gone, f)
	}
	return nil
}
