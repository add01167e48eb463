package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// GrantBlob implements store.BlobRows.
func (s *Store) GrantBlob(ctx context.Context, b store.Blob, l store.BlobLimits, now time.Time) error {
	return s.write(ctx, func() error {
		box, err := s.box(b.Mailbox, now)
		if err != nil {
			return err
		}
		if err := s.token(box, b.Token, now); err != nil {
			return err
		}
		if box.kind == wire.InvitationMailbox {
			return wire.ErrUnauthorized
		}
		held, err := s.granted(box.id, b, now)
		if held || err != nil {
			return err
		}
		if err := s.roomForBlob(box, b, l, now); err != nil {
			return err
		}
		// What has ended and was not swept yet is in the way of its own names only.
		if err := s.dropBlobs("name=? OR upload=?", b.Name[:], b.Upload[:]); err != nil {
			return err
		}
		return s.exec("INSERT INTO blob(file, name, upload, mailbox, token, size, ends) VALUES(?,?,?,?,?,?,?)",
			b.File[:], b.Name[:], b.Upload[:], box.id, b.Token[:], b.Size, now.Add(wire.UploadRetention).UnixMilli())
	})
}

// granted reports whether the blob stands already; ErrConflict if its name or upload hash stands for another.
func (s *Store) granted(box int64, b store.Blob, now time.Time) (bool, error) {
	rows, err := s.conn.QueryContext(context.Background(),
		"SELECT mailbox, token, name, upload, size FROM blob WHERE (name=? OR upload=?) AND ends>?",
		b.Name[:], b.Upload[:], now.UnixMilli())
	if err != nil {
		return false, err
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		var mailbox, size int64
		var token, name, upload []byte
		if err := rows.Scan(&mailbox, &token, &name, &upload, &size); err != nil {
			return false, err
		}
		if mailbox != box || size != b.Size || !bytes.Equal(token, b.Token[:]) ||
			!bytes.Equal(name, b.Name[:]) || !bytes.Equal(upload, b.Upload[:]) {
			return false, wire.ErrConflict
		}
		found = true
	}
	return found, rows.Err()
}

func (s *Store) roomForBlob(box *box, b store.Blob, l store.BlobLimits, now time.Time) error {
	var granted bool
	var boxBytes, boxBlobs, tokenBytes, tokenBlobs, promised uint64
	if err := s.conn.QueryRowContext(context.Background(), `SELECT granted,
		(SELECT ifnull(sum(size), 0) FROM blob WHERE mailbox=?1 AND ends>?3),
		(SELECT count(*) FROM blob WHERE mailbox=?1 AND ends>?3),
		(SELECT ifnull(sum(size), 0) FROM blob WHERE mailbox=?1 AND token=?2 AND ends>?3),
		(SELECT count(*) FROM blob WHERE mailbox=?1 AND token=?2 AND ends>?3),
		(SELECT ifnull(sum(size-synced), 0) FROM blob WHERE digest IS NULL AND ends>?3)
		FROM mailbox WHERE id=?1`, box.id, b.Token[:], now.UnixMilli()).
		Scan(&granted, &boxBytes, &boxBlobs, &tokenBytes, &tokenBlobs, &promised); err != nil {
		return err
	}
	if granted {
		l.MailboxBytes, l.MailboxBlobs = l.MailboxBytes/store.BlobShare, l.MailboxBlobs/store.BlobShare
	}
	size := uint64(b.Size)
	if boxBytes+size > l.MailboxBytes || boxBlobs+1 > l.MailboxBlobs || tokenBytes+size > l.TokenBytes ||
		tokenBlobs+1 > l.TokenBlobs || promised+size > l.Room {
		return wire.ErrQuota
	}
	return nil
}

// dropBlobs removes rows; their files are gone then.
func (s *Store) dropBlobs(where string, args ...any) error {
	if err := s.exec("INSERT OR IGNORE INTO gone(file) SELECT file FROM blob WHERE "+where, args...); err != nil {
		return err
	}
	return s.exec("DELETE FROM blob WHERE "+where, args...)
}

const blobColumns = `SELECT b.file, b.name, b.upload, m.address, b.token, b.size, b.synced, b.ends, b.digest
	FROM blob b JOIN mailbox m ON m.id=b.mailbox `

// Upload implements store.BlobRows.
func (s *Store) Upload(ctx context.Context, hash wire.UploadHash, now time.Time) (store.Blob, error) {
	return s.findBlob(ctx, "b.upload=?1", hash[:], now)
}

// Blob implements store.BlobRows.
func (s *Store) Blob(ctx context.Context, name wire.BlobName, now time.Time) (store.Blob, error) {
	return s.findBlob(ctx, "b.name=?1", name[:], now)
}

func (s *Store) findBlob(ctx context.Context, which string, hash []byte, now time.Time) (store.Blob, error) {
	b, err := scanBlob(s.readers.QueryRowContext(ctx,
		blobColumns+"WHERE "+which+" AND b.ends>?2 AND (m.expires=0 OR m.expires>?2)", hash, now.UnixMilli()))
	if errors.Is(err, sql.ErrNoRows) {
		return store.Blob{}, wire.ErrNotFound
	}
	return b, err
}

func scanBlob(row interface{ Scan(...any) error }) (b store.Blob, err error) {
	var file, name, upload, mailbox, token, digest []byte
	var ends uint64
	if err := row.Scan(&file, &name, &upload, &mailbox, &token, &b.Size, &b.Synced, &ends, &digest); err != nil {
		return store.Blob{}, err
	}
	b.File, b.Name, b.Upload = store.BlobFile(file), wire.BlobName(name), wire.UploadHash(upload)
	b.Mailbox, b.Token, b.Ends = wire.Mailbox(mailbox), wire.TokenHash(token), wire.Time(ends)
	if digest != nil {
		b.Committed, b.Digest = true, [32]byte(digest)
	}
	return b, nil
}

// SyncBlob implements store.BlobRows.
func (s *Store) SyncBlob(ctx context.Context, file store.BlobFile, synced int64) error {
	return s.changeBlob(ctx, "UPDATE blob SET synced=? WHERE file=? AND digest IS NULL", synced, file[:])
}

// CommitBlob implements store.BlobRows.
func (s *Store) CommitBlob(ctx context.Context, file store.BlobFile, digest [32]byte, now time.Time) error {
	return s.changeBlob(ctx, "UPDATE blob SET synced=size, digest=?, ends=? WHERE file=? AND digest IS NULL",
		digest[:], now.Add(wire.BlobRetention).UnixMilli(), file[:])
}

// changeBlob changes one row: ErrNotFound if there is none.
func (s *Store) changeBlob(ctx context.Context, query string, args ...any) error {
	return s.write(ctx, func() error {
		result, err := s.conn.ExecContext(context.Background(), query, args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return wire.ErrNotFound
	})
}

// DropBlob implements store.BlobRows.
func (s *Store) DropBlob(ctx context.Context, file store.BlobFile) error {
	return s.write(ctx, func() error { return s.dropBlobs("file=?", file[:]) })
}

// BlobsAfter implements store.BlobRows.
func (s *Store) BlobsAfter(ctx context.Context, after store.BlobFile, limit int) ([]store.Blob, error) {
	rows, err := s.readers.QueryContext(ctx, blobColumns+"WHERE b.file>? ORDER BY b.file LIMIT ?", after[:], limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []store.Blob
	for rows.Next() {
		b, err := scanBlob(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// GoneBlobs implements store.BlobRows.
func (s *Store) GoneBlobs(ctx context.Context, limit int) ([]store.BlobFile, error) {
	rows, err := s.readers.QueryContext(ctx, "SELECT file FROM gone LIMIT ?", limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []store.BlobFile
	for rows.Next() {
		var file []byte
		if err := rows.Scan(&file); err != nil {
			return nil, err
		}
		out = append(out, store.BlobFile(file))
	}
	return out, rows.Err()
}

// ForgetBlobs implements store.BlobRows.
func (s *Store) ForgetBlobs(ctx context.Context, files ...store.BlobFile) error {
	return s.write(ctx, func() error {
		for _, f := range files {
			if err := s.exec("DELETE FROM gone WHERE file=?", f[:]); err != nil {
				return err
			}
		}
		return nil
	})
}
