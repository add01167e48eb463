package messenger

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sotto/chat"
)

// Codes of what is wrong with a stored file.
const (
	FaultMissing    = "missing"    // it is not in the folder of files
	FaultShort      = "short"      // bytes at its end are gone
	FaultAltered    = "altered"    // it is there and is not what was stored
	FaultUnreadable = "unreadable" // the disk did not give it; it stays as it is
)

// FileFindings is what reading every stored file found.
type FileFindings struct {
	Files  int            // read
	Bytes  int64          // of those, sealed
	Faults map[string]int // files by the code of what is wrong with them
}

// Sound reports whether nothing is wrong.
func (f FileFindings) Sound() bool { return len(f.Faults) == 0 }

// storedFile is one that is to be read.
type storedFile struct {
	chat.Attachment
	size int64 // of the content
}

// CheckFiles reads every file that is stored, whole, and compares it with the hash and the key in its row. One that is
// missing, short or altered is no longer said to be here: its state is FileFailed with FailureFileDamaged, what is left of
// its bytes is removed, and a received one can be fetched again where the relay still has it. progress, which may be nil, is
// told bytes. What was deleted or changed meanwhile is left out. Errors: chat.ErrLocked, that of ctx.
func (m *Messenger) CheckFiles(ctx context.Context, progress func(done, total int64)) (FileFindings, error) {
	found := FileFindings{Faults: map[string]int{}}
	if m.blobs == nil {
		return found, nil
	}
	list, total, err := m.storedFiles(ctx)
	if err != nil {
		return found, fmt.Errorf("check files: %w", err)
	}
	for _, f := range list {
		done := found.Bytes
		tell := func(n int) {
			if done += int64(n); progress != nil {
				progress(min(done, found.Bytes+f.Sealed), total)
			}
		}
		code, err := m.faultOf(f, readsUntil{ctx, tell})
		if err == nil && code != "" {
			code, err = m.noteFault(ctx, f, code)
		}
		if err != nil {
			return found, fmt.Errorf("check files: %w", err)
		}
		tell(int(found.Bytes + f.Sealed - done)) // what was not read, too
		found.Files++
		found.Bytes += f.Sealed
		if code != "" {
			found.Faults[code]++
		}
	}
	return found, nil
}

// storedFiles returns the files that are said to be here whole, and their length together. Rows that do not open are left
// out: the check of the tables tells of them.
func (m *Messenger) storedFiles(ctx context.Context) (list []storedFile, total int64, err error) {
	var conversations []chat.Conversation
	err = m.view(ctx, func(tx chat.Tx) error {
		conversations, err = tx.Conversations().List()
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	const page = 200
	for _, c := range conversations {
		for before, more := int64(0), true; more; {
			err := m.view(ctx, func(tx chat.Tx) error {
				messages, err := tx.Attachments().Page(c.ID, before, page)
				if err != nil {
					return ignoreDamage(err)
				}
				more = len(messages) == page
				for _, msg := range messages {
					before = msg.Position
					a, err := tx.Attachments().Get(msg.ID)
					if err != nil {
						if err := ignoreDamage(err); err != nil {
							return err
						}
						continue
					}
					if a.Stored {
						list, total = append(list, storedFile{a, msg.File.Size}), total+a.Sealed
					}
				}
				return nil
			})
			if err != nil {
				return nil, 0, err
			}
		}
	}
	return list, total, nil
}

// faultOf reads a file and returns the code of what is wrong with it, none when nothing is.
func (m *Messenger) faultOf(f storedFile, reads readsUntil) (string, error) {
	blob, err := m.blobs.Open(f.Blob)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return FaultMissing, nil
	case errors.Is(err, chat.ErrLocked):
		return "", err
	case err != nil:
		return FaultUnreadable, nil
	}
	defer blob.Close() //nolint:errcheck // only read
	switch {
	case blob.Size() < f.Sealed:
		return FaultShort, nil
	case blob.Size() > f.Sealed:
		return FaultAltered, nil
	}
	err = verifyFile(reads.from(blob), f.Attachment, f.size)
	switch {
	case reads.ctx.Err() != nil:
		return "", reads.ctx.Err()
	case errors.Is(err, errDamaged):
		return FaultAltered, nil
	case err != nil:
		return FaultUnreadable, nil
	}
	return "", nil
}

// noteFault sets a file aside that is not what its row says, and returns no code when the row says something else by now.
func (m *Messenger) noteFault(ctx context.Context, f storedFile, code string) (string, error) {
	present := false
	err := m.update(ctx, func(u *unit) error {
		present = false
		msg, a, err := u.fileOf(f.Message)
		if err != nil {
			return ignoreDamage(err)
		}
		if !a.Stored || a.Blob != f.Blob {
			return nil
		}
		present = true
		if code == FaultUnreadable {
			return nil
		}
		sending := a.State == chat.FileSending
		a.Blob, a.Stored = chat.BlobID{}, false
		if sending {
			return u.setFileAside(msg, a, FailureFileDamaged)
		}
		return u.stopFile(msg, a, FailureFileDamaged)
	})
	if err != nil || !present {
		return "", err
	}
	return code, nil
}

// readsUntil lets reading end with a context, and counts what was read.
type readsUntil struct {
	ctx   context.Context //nolint:containedctx // io.ReaderAt takes none, and a file can be long
	count func(n int)
}

func (r readsUntil) from(src io.ReaderAt) io.ReaderAt { return stoppable{r, src} }

type stoppable struct {
	readsUntil
	src io.ReaderAt
}

func (s stoppable) ReadAt(b []byte, at int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.src.ReadAt(b, at)
	s.count(n)
	return n, err
}
