package store

import (
	"context"
	"errors"
	"io"
	"time"

	"sotto/transport/wire"
)

// BlobFile names the bytes of one blob among Blobs: 16 random bytes, used once, that say nothing of its capabilities.
type BlobFile [16]byte

// Blob is what a relay knows of a blob: whose mailbox it belongs to and goes with, the hashes of its two capabilities, and
// how far its bytes have come.
type Blob struct {
	Name    wire.BlobName
	Upload  wire.UploadHash
	Mailbox wire.Mailbox
	Token   wire.TokenHash // that granted it
	File    BlobFile
	Size    int64
	Synced  int64 // bytes of the unfinished file that are on the disk
	// Committed blobs have all their bytes and Digest, their SHA-256.
	Committed bool
	Digest    [32]byte
	Ends      time.Time
}

// BlobLimits bound what may lie on a relay: sums of the sizes granted, and numbers. A mailbox opened by a grant
// holds one part in BlobShare of a mailbox's.
type BlobLimits struct {
	MailboxBytes, MailboxBlobs uint64
	TokenBytes, TokenBlobs     uint64
	Room                       uint64 // bytes that all unfinished blobs may still bring
}

// BlobShare is the part, one in so many, that a mailbox holds which was opened by a grant.
const BlobShare = 8

// BlobRows is what a Store keeps about blobs. Their bytes are in Blobs. A row comes before its file and goes before it:
// the file of a row that has gone is listed by GoneBlobs until ForgetBlobs.
type BlobRows interface {
	// GrantBlob adds a blob whose bytes are still to come; it ends after wire.UploadRetention. One with the same name,
	// upload, mailbox, token and size is left as it is, committed or not. Errors: those of Token; ErrUnauthorized (an
	// invitation mailbox takes no files), ErrConflict (one of the hashes is taken with other values), ErrQuota.
	GrantBlob(ctx context.Context, b Blob, l BlobLimits, now time.Time) error
	// Upload returns a blob by its upload hash, committed or not, or ErrNotFound.
	Upload(ctx context.Context, hash wire.UploadHash, now time.Time) (Blob, error)
	// Blob returns a blob by its name, committed or not, or ErrNotFound.
	Blob(ctx context.Context, name wire.BlobName, now time.Time) (Blob, error)
	// SyncBlob records how many bytes of an unfinished file are on the disk; ErrNotFound.
	SyncBlob(ctx context.Context, file BlobFile, synced int64) error
	// CommitBlob makes an unfinished blob a committed one, which ends after wire.BlobRetention; ErrNotFound.
	CommitBlob(ctx context.Context, file BlobFile, digest [32]byte, now time.Time) error
	// DropBlob removes the row of a file, if it is there.
	DropBlob(ctx context.Context, file BlobFile) error
	// BlobsAfter returns rows in the order of their files, ended or not: at most limit, those after a file.
	BlobsAfter(ctx context.Context, after BlobFile, limit int) ([]Blob, error)
	// GoneBlobs returns at most limit files whose rows have gone.
	GoneBlobs(ctx context.Context, limit int) ([]BlobFile, error)
	// ForgetBlobs forgets files of GoneBlobs, after they were removed.
	ForgetBlobs(ctx context.Context, files ...BlobFile) error
}

// ErrFull: the disk has no room left.
var ErrFull = errors.New("no room on the relay's disk")

// ErrUnknown: the system does not say.
var ErrUnknown = errors.New("not known")

// Blobs keeps the bytes of blobs. It is safe for concurrent use; one file is written by one at a time. Errors: ErrFull,
// those below, and failures of the storage.
type Blobs interface {
	// Part opens the unfinished file for writing at its end, and makes it where there is none.
	Part(BlobFile) (BlobPart, error)
	// Open opens a finished file, or wire.ErrNotFound.
	Open(BlobFile) (BlobReader, error)
	// Remove removes files, finished or not; one that is not there is removed.
	Remove(...BlobFile) error
	// List returns all files.
	List() ([]BlobInfo, error)
	// Free returns how many bytes there is room for, or ErrUnknown.
	Free() (uint64, error)
}

// BlobInfo is one file of Blobs.
type BlobInfo struct {
	File     BlobFile
	Size     int64
	Finished bool
}

// BlobPart is an unfinished file.
type BlobPart interface {
	io.Writer
	io.ReaderAt
	Size() int64
	// Truncate cuts the file to n bytes; writing goes on there.
	Truncate(n int64) error
	// Sync returns when what was written is on the disk. One may run beside Write.
	Sync() error
	// Finish makes the file durable under its final name, and closes it.
	Finish() error
	Close() error
}

// BlobReader reads a finished file.
type BlobReader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}
