package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
)

// filePart is the file of a message in its line.
type filePart struct {
	Name    string `json:"name"`
	Type    string `json:"type,omitempty"`
	Size    int64  `json:"size"`
	Width   int    `json:"width,omitempty"`
	Height  int    `json:"height,omitempty"`
	State   string `json:"state"`            // "here" or "missing"
	Path    string `json:"path,omitempty"`   // inside the export, of one that is here
	SHA256  string `json:"sha256,omitempty"` // the same
	Picture bool   `json:"picture,omitempty"`
	Reason  string `json:"reason,omitempty"` // why it is missing

	Warnings []string `json:"warnings,omitempty"` // codes of why to be careful with one that is here; those of Exporter.Warn
}

// States of a filePart, and why one is missing.
const (
	fileHere    = "here"
	fileMissing = "missing"

	reasonLeftOut    = "left-out"    // the person wanted no files, or it was in no export that was taken in
	reasonNotFetched = "not-fetched" // it is not on this computer
	reasonGone       = "gone"        // it is nowhere
	reasonDamaged    = "damaged"     // it is on this computer and cannot be read
	reasonLater      = "later"       // it came while the export was made
)

// reasonOf says why the file of an attachment is missing.
func reasonOf(a chat.Attachment) string {
	switch {
	case a.State == chat.FileFailed && a.Failure == chat.FailureFileDamaged:
		return reasonDamaged
	case a.State == chat.FileFailed && a.Failure == chat.FailureFileGone:
		return reasonGone
	case a.State == chat.FileFailed && a.Failure == chat.FailureFileLeftOut:
		return reasonLeftOut
	}
	return reasonNotFetched
}

// written is a file that is in the export, or the reason why not.
type written struct {
	path    string
	sum     string
	picture bool
	reason  string
	used    bool // by a line

	warnings []string
}

// attachments writes the files of the conversations before their lines, each outside of a unit of work: erasure waits for
// readers.
func (r *run) attachments(ctx context.Context) error {
	if r.r.WithoutFiles {
		return nil
	}
	var chosen []chat.Conversation
	held := map[chat.ConversationID]map[chat.ContactID]int{}
	err := r.x.Store.View(ctx, func(tx chat.Tx) (err error) {
		if chosen, err = r.chosen(tx); err != nil {
			return err
		}
		for _, c := range chosen {
			if held[c.ID], err = r.heldBack(tx, c); err != nil {
				return err
			}
			n, err := tx.Messages().Count(c.ID)
			if err != nil {
				return err
			}
			in, err := files.In(tx, c.ID)
			if err != nil {
				return err
			}
			r.rows += n
			r.planned += in.Bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.plan()
	for _, c := range chosen {
		if err := r.attachmentsOf(ctx, c.ID, held[c.ID]); err != nil {
			return err
		}
	}
	r.passed = r.planned // those that are missing, too
	return nil
}

func (r *run) attachmentsOf(ctx context.Context, conv chat.ConversationID, held map[chat.ContactID]int) error {
	type one struct {
		m chat.Message
		a chat.Attachment
	}
	for before := int64(0); ; {
		var page []one
		err := r.x.Store.View(ctx, func(tx chat.Tx) error {
			page = page[:0]
			messages, err := tx.Attachments().Page(conv, before, files.Page)
			if err != nil {
				return err
			}
			for _, m := range messages {
				a, err := tx.Attachments().Get(m.ID)
				if err != nil && !errors.Is(err, chat.ErrDamaged) {
					return err
				}
				page = append(page, one{m, a})
			}
			return nil
		})
		if errors.Is(err, chat.ErrDamaged) || errors.Is(err, chat.ErrNotFound) {
			return nil // the lines say what is missing
		}
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			before = p.m.Position
			if _, ok := held[p.m.Author]; ok || p.m.File.IsZero() {
				continue
			}
			w, err := r.file(ctx, p.m, p.a)
			if err != nil {
				return err
			}
			r.files[p.m.ID] = &w
		}
	}
}

// file brings the file of a message into the export. What cannot be read is missing with its reason, and no error.
func (r *run) file(ctx context.Context, m chat.Message, a chat.Attachment) (written, error) {
	if a.Message.IsZero() {
		return written{reason: reasonDamaged}, nil
	}
	if !a.Stored {
		return written{reason: reasonOf(a)}, nil
	}
	in, err := files.Open(r.x.Blobs, a, m.File.Size)
	switch {
	case errors.Is(err, chat.ErrFileGone):
		return written{reason: reasonGone}, nil
	case errors.Is(err, chat.ErrFileDamaged):
		return written{reason: reasonDamaged}, nil
	case err != nil:
		return written{reason: reasonNotFetched}, nil
	}
	defer in.Close() //nolint:errcheck // read only
	head := make([]byte, headOfPicture)
	n, err := in.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return written{reason: reasonDamaged}, nil
	}
	kind := pictureOf(head[:n])
	var warnings []string
	if r.x.Warn != nil {
		warnings = r.x.Warn(m.File.Name, m.File.Type, in, m.File.Size)
	}
	path := fileName(r.short(m.ID), m.File.Name, kind)
	f, err := r.d.attach(ctx, path, in, r.pass)
	if errors.Is(err, chat.ErrFileDamaged) {
		return written{reason: reasonDamaged}, nil
	}
	return written{path: path, sum: f.SHA256, picture: kind != "", warnings: warnings}, err
}

// short returns the first digits of an id; all of them where those are taken, because whoever writes a message chooses its id.
func (r *run) short(id chat.MessageID) string {
	const digits = 12
	all := id.String()
	if r.shorts[all[:digits]] {
		return all
	}
	r.shorts[all[:digits]] = true
	return all[:digits]
}

// filePart returns what the line of a message says of its file.
func (r *run) filePart(tx chat.Tx, m chat.Message) (*filePart, error) {
	if m.File.IsZero() {
		return nil, nil
	}
	part := &filePart{
		Name: m.File.Name, Type: m.File.Type, Size: m.File.Size, Width: m.File.Width, Height: m.File.Height, State: fileMissing,
	}
	w := r.files[m.ID]
	switch {
	case r.r.WithoutFiles:
		part.Reason = reasonLeftOut
	case w == nil:
		reason, err := absent(tx, m.ID)
		if err != nil {
			return nil, err
		}
		part.Reason = reason
	case w.path == "":
		part.Reason = w.reason
	default:
		part.State, part.Path, part.SHA256, part.Picture, part.Warnings = fileHere, w.path, w.sum, w.picture, w.warnings
		w.used = true
		r.m.Counts.Files++
		r.m.Counts.FileBytes += m.File.Size
		return part, nil
	}
	r.m.Counts.FilesMissing++
	return part, nil
}

// absent says why a file was not written when the others were.
func absent(tx chat.Tx, id chat.MessageID) (string, error) {
	a, err := tx.Attachments().Get(id)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return reasonGone, nil
	case errors.Is(err, chat.ErrDamaged):
		return reasonDamaged, nil
	case err != nil:
		return "", err
	case a.Stored:
		return reasonLater, nil
	}
	return reasonOf(a), nil
}

// missing lists a file that is not in the export, in the manifest.
func (r *run) missing(t *thread, m chat.Message, part *filePart) {
	if part == nil || part.State != fileMissing || r.r.WithoutFiles {
		return
	}
	if len(r.m.MissingFiles) == maxGaps {
		r.m.MissingFilesLeftOut++
		return
	}
	r.m.MissingFiles = append(r.m.MissingFiles, MissingFile{Conversation: t.ID, Message: m.ID.String(), Reason: part.Reason})
}

// tidy removes the files whose messages were deleted while the export was made.
func (r *run) tidy() error {
	for _, w := range r.files {
		if w.path == "" || w.used {
			continue
		}
		if err := r.d.remove(w.path); err != nil {
			return err
		}
		r.d.files = slices.DeleteFunc(r.d.files, func(f File) bool { return f.Path == w.path })
	}
	return nil
}

// attach adds a file with the path (with slashes), as a whole: it has no lines. After an error it is not there; one of the
// source is chat.ErrFileDamaged.
func (d *folder) attach(ctx context.Context, path string, in io.Reader, step func(int64)) (f File, err error) {
	out, err := d.create(path)
	if err != nil {
		return f, err
	}
	sum := sha256.New()
	n, err := files.Copy(ctx, io.MultiWriter(out, sum), in, step)
	if err := errors.Join(err, out.close()); err != nil {
		return f, errors.Join(err, d.remove(path))
	}
	f = File{Path: path, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil)), Root: emptyRoot, Whole: true}
	d.files = append(d.files, f)
	return f, nil
}

// emptyRoot is the Merkle root of a file without lines.
var emptyRoot = func() string {
	var none merkle
	root := none.root()
	return hex.EncodeToString(root[:])
}()

// checkWhole hashes a file that has no lines.
func checkWhole(ctx context.Context, root source, want File) error {
	size, err := root.size(want.Path)
	if err != nil {
		return place(want.Path, 0, changeOf(err))
	}
	if size != want.Size { // before it is read: a file with holes costs nothing on the disk
		return place(want.Path, 0, Changed)
	}
	in, err := root.open(want.Path)
	if err != nil {
		return place(want.Path, 0, changeOf(err))
	}
	defer in.Close()
	sum := sha256.New()
	n, err := files.Copy(ctx, sum, io.LimitReader(in, want.Size+1), nil)
	if errors.Is(err, ctx.Err()) && err != nil {
		return err
	}
	want256, bad := hex.DecodeString(want.SHA256)
	if err != nil || bad != nil || n != want.Size || !bytes.Equal(sum.Sum(nil), want256) {
		return place(want.Path, 0, Changed)
	}
	return nil
}

// remove takes a file out of the folder.
func (d *folder) remove(name string) error {
	return disk.Error(os.Remove(filepath.Join(d.path, filepath.FromSlash(name))))
}
