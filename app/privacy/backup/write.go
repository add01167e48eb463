package backup

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/vault"
)

// Suffix ends the names that backups are given; it means nothing to those who read one.
const Suffix = ".sottobackup"

// Writer writes backups of one profile.
type Writer struct {
	Store chat.Store
	Blobs chat.Blobs // the files of messages; nil: there are none
	Audit chat.Auditor
	Self  func() (chat.ContactID, string) // identity and own name
	// Settings returns the settings that belong into a backup; Restore is given which names those may be.
	Settings func(chat.Tx) (map[string][]byte, error)
	// Omit reports whether a contact stays out with its conversation: the Guide, whose other half is not in a backup.
	Omit   func(chat.Tx, chat.ContactID) (bool, error)
	Cost   vault.Params // of the passphrase; zero: 256 MiB, 3 passes, 4 threads
	Limits vault.Limits // zero: vault.Standard; tests pass smaller ones as a value
	Now    func() time.Time
	Folder string // of the profile, in which no backup is written; "": none
}

// Request is one backup.
type Request struct {
	Out          string // file to make; its folder must exist
	Passphrase   string
	WithoutFiles bool                  // leave out the bytes of files: their messages are restored without
	Progress     func(done, total int) // messages, and files by 64 KiB, written and read back; called from the same goroutine; may be nil
}

// Summary says what a backup holds.
type Summary struct {
	ID       string // 16 hexadecimal digits
	Created  time.Time
	Identity chat.ContactID
	Name     string
	Size     int64 // of the file, in bytes; 0 where a stream was read
	Counts   Counts
	SHA256   string           // of the plaintext lines before the last
	Unsent   []chat.MessageID // own messages that were waiting to be sent, at most maxUnsent
	Damaged  int              // messages that were damaged or gone in the history that was backed up, and are not in it

	WithoutFiles bool  // the bytes of files were left out
	Files        int   // whose bytes are in it
	FileBytes    int64 // of those, sealed
	FilesAway    int   // whose bytes are not: left out, or not here
	FilesDamaged int   // whose bytes were damaged here
}

const pageOfStore = 500 // messages read at once

// Files of backups in the making have names of this pattern. What killed processes left of them is encrypted, and no use: it
// goes when it has not been written to for tempAge.
const (
	tempPattern = ".sotto-backup-*"
	tempAge     = 24 * time.Hour
)

// Write writes one backup, reads it back to its end, gives it its name and records it. After an error or the end of ctx
// nothing is left. Errors: chat.ErrExists, files.ErrInside, chat.ErrMalformed for an empty passphrase, chat.ErrDiskFull,
// chat.ErrReadOnly, chat.ErrDamaged where more of the history than single messages cannot be read, ErrDamaged where the file
// does not read back.
func (w *Writer) Write(ctx context.Context, r Request) (Summary, error) {
	if r.Passphrase == "" {
		return Summary{}, fmt.Errorf("%w: empty passphrase", chat.ErrMalformed)
	}
	out := filepath.Clean(r.Out)
	if _, err := os.Lstat(out); err == nil {
		return Summary{}, fmt.Errorf("%w: the file for the backup", chat.ErrExists)
	}
	if err := files.Inside(w.Folder, out); err != nil {
		return Summary{}, err
	}
	disk.Sweep(filepath.Dir(out), tempPattern, w.Now(), tempAge)
	temp, err := os.CreateTemp(filepath.Dir(out), tempPattern) // 0600
	if err != nil {
		return Summary{}, disk.Error(err)
	}
	defer os.Remove(temp.Name()) // what was renamed is no longer there
	run := &writing{w: w, r: r}
	err = run.all(ctx, temp)
	if err := errors.Join(err, disk.Error(temp.Close())); err != nil {
		return Summary{}, fmt.Errorf("writing the backup: %w", err)
	}
	s, err := w.readBack(ctx, temp.Name(), r, run)
	if err != nil {
		return Summary{}, fmt.Errorf("reading the backup back: %w", err)
	}
	if _, err := os.Lstat(out); err == nil {
		return Summary{}, fmt.Errorf("%w: the file for the backup", chat.ErrExists)
	}
	if err := disk.Rename(temp.Name(), out); err != nil {
		return Summary{}, fmt.Errorf("writing the backup: %w", err)
	}
	err = w.Store.Update(ctx, func(tx chat.Tx) error {
		if err := w.Audit.Record(tx, "backup.written", s.ID, fmt.Sprintf("%d messages", s.Counts.Messages)); err != nil {
			return err
		}
		return remember(tx, s, out)
	})
	if err != nil {
		return Summary{}, errors.Join(fmt.Errorf("recording the backup: %w", err), disk.Error(os.Remove(out)))
	}
	return s, nil
}

// readBack verifies the finished file as anyone would who restores it, and that it is the one just written.
func (w *Writer) readBack(ctx context.Context, path string, r Request, run *writing) (Summary, error) {
	in, err := os.Open(path)
	if err != nil {
		return Summary{}, disk.Error(err)
	}
	defer in.Close()
	reading := Reading{Limits: w.Limits, Progress: func(done, _ int) { run.tell(run.total + done) }}
	s, err := Verify(ctx, in, r.Passphrase, reading)
	if err != nil {
		return Summary{}, err
	}
	if s.ID != run.header.ID || s.Counts != run.counts || s.Damaged != run.damaged || s.SHA256 != run.sum {
		return Summary{}, ErrDamaged
	}
	info, err := in.Stat()
	if err != nil {
		return Summary{}, disk.Error(err)
	}
	s.Size = info.Size()
	return s, nil
}

// writing is one backup under way.
type writing struct {
	w        *Writer
	r        Request
	header   headerLine
	counts   Counts
	sum      string
	messages int
	damaged  int // messages that cannot be read
	total    int // messages, and pieces of files
	passed   int64
	stored   []stored

	out  *bufio.Writer
	hash hash.Hash
	enc  *json.Encoder
}

func (w *writing) all(ctx context.Context, file *os.File) error {
	now := w.w.Now().UTC()
	plain, err := seal(file, w.r.Passphrase, w.w.Cost, now)
	if err != nil {
		return err
	}
	w.hash = sha256.New()
	w.out = bufio.NewWriterSize(io.MultiWriter(plain, w.hash), 64<<10)
	w.enc = json.NewEncoder(w.out)
	w.enc.SetEscapeHTML(false)
	if err := w.w.Store.View(ctx, func(tx chat.Tx) error { return w.records(ctx, tx, now) }); err != nil {
		return disk.Error(err)
	}
	if err := w.files(ctx); err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return disk.Error(err)
	}
	w.sum = hex.EncodeToString(w.hash.Sum(nil))
	if err := json.NewEncoder(plain).Encode(endLine{T: lineEnd, Counts: w.counts, Damaged: w.damaged, SHA256: w.sum}); err != nil {
		return disk.Error(err)
	}
	if err := plain.Close(); err != nil {
		return disk.Error(err)
	}
	return disk.Error(file.Sync())
}

func (w *writing) line(kind string, v any) error {
	if kind != lineHeader && !w.counts.add(kind) {
		panic("backup: unknown kind of line")
	}
	return w.enc.Encode(v)
}

// records writes everything from one snapshot of the store.
func (w *writing) records(ctx context.Context, tx chat.Tx, now time.Time) error {
	omitted := map[chat.ContactID]bool{}
	contacts, err := tx.Contacts().List()
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if omitted[c.ID], err = w.w.Omit(tx, c.ID); err != nil {
			return err
		}
	}
	all, err := tx.Conversations().List()
	if err != nil {
		return err
	}
	var conversations []chat.Conversation
	for _, c := range all {
		if c.Kind == chat.Direct && len(c.Members) == 1 && omitted[c.Members[0]] {
			continue
		}
		n, err := tx.Messages().Count(c.ID)
		if err != nil {
			return err
		}
		held, err := files.In(tx, c.ID)
		if err != nil {
			return err
		}
		w.total += n
		w.messages += n
		if !w.r.WithoutFiles {
			w.total += int(held.Bytes / files.Piece)
		}
		conversations = append(conversations, c)
	}
	var id [8]byte
	rand.Read(id[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	identity, name := w.w.Self()
	w.header = headerLine{T: lineHeader, V: version, ID: hex.EncodeToString(id[:]), Created: now, Identity: identity, Name: name, Messages: w.messages, Steps: w.total - w.messages, Without: w.r.WithoutFiles}
	if err := w.line(lineHeader, w.header); err != nil {
		return err
	}
	if err := w.settings(tx); err != nil {
		return err
	}
	for _, c := range contacts {
		if omitted[c.ID] {
			continue
		}
		if err := w.contact(tx, c); err != nil {
			return err
		}
	}
	if err := w.ledger(ctx, tx, omitted); err != nil {
		return err
	}
	for _, c := range conversations {
		if err := w.conversation(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) settings(tx chat.Tx) error {
	values, err := w.w.Settings(tx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := w.line(lineSetting, settingLine{T: lineSetting, Name: name, Value: values[name]}); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) contact(tx chat.Tx, c chat.Contact) error {
	if err := w.line(lineContact, newContact(c)); err != nil {
		return err
	}
	routes, err := tx.Routes().ForPeer(c.ID)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if err := w.line(lineRoute, newRoute(r)); err != nil {
			return err
		}
	}
	return nil
}

// ledger writes the consents and the audit log. The log is whole, whoever is left out: it is a chain.
func (w *writing) ledger(ctx context.Context, tx chat.Tx, omitted map[chat.ContactID]bool) error {
	consents, err := tx.Consents().List()
	if err != nil {
		return err
	}
	for _, c := range consents {
		if omitted[c.Subject] {
			continue
		}
		if err := w.line(lineConsent, newConsent(c)); err != nil {
			return err
		}
	}
	for after := uint64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := tx.Audit().List(after, pageOfStore)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			if err := w.line(lineAudit, newAudit(e)); err != nil {
				return err
			}
			after = e.Seq
		}
	}
}

func (w *writing) conversation(ctx context.Context, tx chat.Tx, c chat.Conversation) error {
	if err := w.line(lineConversation, newConversation(c)); err != nil {
		return err
	}
	for after := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := tx.Messages().PageAfter(c.ID, after, pageOfStore)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			after = m.Position
			if m.StandsIn() {
				w.damaged++
				continue
			}
			if err := w.line(lineMessage, newMessage(m)); err != nil {
				return err
			}
			if err := w.attachment(tx, m); err != nil {
				return err
			}
		}
		w.tell(w.done())
	}
	for after := (chat.MessageID{}); ; {
		page, err := tx.Annotations().List(c.ID, after, pageOfStore)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, a := range page {
			if err := w.line(lineAnnotation, newAnnotation(a)); err != nil {
				return err
			}
			after = a.ID
		}
	}
}

// done is how far the writing is.
func (w *writing) done() int { return min(w.counts.Messages+int(w.passed/files.Piece), w.total) }

// tell reports progress; reading back is the second half of the work.
func (w *writing) tell(done int) {
	if w.r.Progress != nil {
		w.r.Progress(min(done, 2*w.total), 2*w.total)
	}
}
