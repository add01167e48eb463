package profile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sotto/app/media"
	"sotto/app/platform"
	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
)

// Acts on files in the audit log. Their subject is the contact; name, size and place stay out of it.
const (
	actOpened = "file.opened"
	actSaved  = "file.saved"
)

// Progress is told how many of how many bytes are done; nil: nobody asks.
type Progress func(done, total int64)

// SaveFile writes the message's file to path, where there must be nothing yet: it is written beside, made durable, and
// then gets its name. It is recorded in the audit log. Errors: chat.ErrExists, files.ErrInside for a place in the folder of
// the profile, and those of [Profile.OpenCopy]; after one, or the end of ctx, nothing is left.
func (p *Profile) SaveFile(ctx context.Context, id chat.MessageID, path string, progress Progress) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("save a file: %w", chat.ErrExists)
	}
	return p.saveFile(ctx, id, path, progress, disk.RenameNew)
}

// ReplaceFile is SaveFile to a path where a file may be, which is then replaced.
func (p *Profile) ReplaceFile(ctx context.Context, id chat.MessageID, path string, progress Progress) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("save a file: %w", chat.ErrExists)
	}
	return p.saveFile(ctx, id, path, progress, disk.Rename)
}

func (p *Profile) saveFile(ctx context.Context, id chat.MessageID, path string, progress Progress, rename func(from, to string) error) error {
	if err := files.Inside(p.folder.dir, path); err != nil {
		return fmt.Errorf("save a file: %w", err)
	}
	r, m, err := p.Messenger.OpenFile(ctx, id)
	if err != nil {
		return fmt.Errorf("save a file: %w", err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	disk.Sweep(filepath.Dir(path), savingPattern, p.options.Now(), savingAge)
	temp, err := os.CreateTemp(filepath.Dir(path), savingPattern) // 0600
	if err != nil {
		return fmt.Errorf("save a file: %w", disk.Error(err))
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // what was renamed is no longer there
	err = pour(ctx, temp, r, m.File.Size, progress)
	if err == nil {
		err = disk.Error(temp.Sync())
	}
	if err := errors.Join(err, disk.Error(temp.Close())); err != nil {
		return fmt.Errorf("save a file: %w", err)
	}
	p.markForeign(m, temp.Name())
	if err := p.recordFile(ctx, actSaved, m); err != nil { // before it has its name: nothing is saved that is not recorded
		return fmt.Errorf("save a file: %w", err)
	}
	if err := rename(temp.Name(), path); errors.Is(err, os.ErrExist) {
		return fmt.Errorf("save a file: %w", chat.ErrExists)
	} else if err != nil {
		return fmt.Errorf("save a file: %w", err)
	}
	return nil
}

// WriteFile writes the message's file to w, and records that in the audit log first. Errors: those of
// [Profile.OpenCopy]; what was written before one stays written.
func (p *Profile) WriteFile(ctx context.Context, id chat.MessageID, w io.Writer, progress Progress) error {
	r, m, err := p.Messenger.OpenFile(ctx, id)
	if err != nil {
		return fmt.Errorf("write a file out: %w", err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	if err := p.recordFile(ctx, actSaved, m); err != nil {
		return fmt.Errorf("write a file out: %w", err)
	}
	if err := pour(ctx, w, r, m.File.Size, progress); err != nil {
		return fmt.Errorf("write a file out: %w", err)
	}
	return nil
}

// Files that are being saved have names of this pattern. One is left only when the process is killed, and goes when it has not
// been written to for savingAge.
const (
	savingPattern = ".sotto-saving-*"
	savingAge     = time.Hour
)

// pour copies a file of a known size, in parts, until ctx ends. A reader that ends early is a damaged file.
func pour(ctx context.Context, w io.Writer, r io.Reader, total int64, progress Progress) error {
	part := make([]byte, 256<<10)
	for done := int64(0); done < total; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, part[:min(total-done, int64(len(part)))])
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return chat.ErrFileDamaged
			}
			return err
		}
		if _, err := w.Write(part[:n]); err != nil {
			return disk.Error(err)
		}
		done += int64(n)
		if progress != nil {
			progress(done, total)
		}
	}
	return nil
}

// markForeign tells the system that a file of somebody else came from another computer, where it keeps such marks.
func (p *Profile) markForeign(m chat.Message, path string) {
	if m.Direction == chat.In {
		_ = platform.MarkForeign(path, p.options.Now()) // no mark is not worth losing the file
	}
}

// recordFile takes an act on the file of a message into the audit log.
func (p *Profile) recordFile(ctx context.Context, act string, m chat.Message) error {
	return p.store.Update(ctx, func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(m.Conversation)
		if err != nil {
			return err
		}
		subject := ""
		if len(conv.Members) > 0 {
			subject = conv.Members[0].String()
		}
		return p.Audit.Record(tx, act, subject, "")
	})
}

// CheckFile returns what to mind before the file of a message is opened: by its name, and by its bytes where they are
// here. Errors: chat.ErrNotFound, chat.ErrFileDamaged.
func (p *Profile) CheckFile(ctx context.Context, id chat.MessageID) ([]media.Warning, error) {
	r, m, err := p.Messenger.OpenFile(ctx, id)
	if errors.Is(err, chat.ErrNotFetched) {
		return media.Warnings(m.File.Name, m.File.Type, nil, m.File.Size)
	}
	if err != nil {
		return nil, fmt.Errorf("check a file: %w", err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	return media.Warnings(m.File.Name, m.File.Type, r, m.File.Size)
}

// warningsOf are the codes of what to mind about a file, for an export.
func warningsOf(name, claimed string, content io.ReaderAt, size int64) []string {
	found, _ := media.Warnings(name, claimed, content, size) // what cannot be read, the export finds itself
	codes := make([]string, 0, len(found))
	for _, w := range found {
		codes = append(codes, string(w))
	}
	return codes
}
