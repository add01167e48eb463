package export

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sotto/app/privacy"
	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/identity"
)

// Exporter writes exports of one profile.
type Exporter struct {
	Store    chat.Store
	Blobs    chat.Blobs         // the files of messages; nil: none is here
	Audit    chat.Auditor       // nil: the export is recorded nowhere, as one from a damaged history
	Identity *identity.Identity // nil: it cannot be read any more, and the export is not signed
	Name     func() string      // what the person calls itself now; shown in the pages only
	Now      func() time.Time
	Folder   string // of the profile, in which nothing is exported; "": none

	// Warn returns the codes of why to be careful with a file, the gravest first, by its name, the media type it was sent
	// with and its content. The pages say them in words beside its link; nil: they say nothing.
	Warn func(name, claimed string, content io.ReaderAt, size int64) []string
}

// Request is one export.
type Request struct {
	Out           string // folder to make, or file where it is encrypted; its parent must exist
	Encrypt       Encryption
	Conversations []chat.ConversationID // none: everything
	WithoutFiles  bool                  // leave out the files of messages
	Zone          *time.Location        // of the times in the pages; nil: UTC
	Progress      func(done, total int) // messages, and files by 64 KiB, each time they are passed; from the same goroutine; may be nil
	Attach        map[string][]byte     // further files, by the name they get beside the manifest
}

// Summary says what was written or verified.
type Summary struct {
	Manifest Manifest
	Exporter identity.Fingerprint
	Code     string // of an export that was encrypted under one; show it once, it is kept nowhere
}

const (
	pageOfStore = 200 // messages read at once
	threadsRoot = "conversations"
)

// Write writes one export and records it in the audit log. The folder appears under its name when it is complete, or not
// at all: after an error or the end of ctx nothing is left. Files that are not here or cannot be read are missing in it, with
// the reason. Errors: chat.ErrExists, files.ErrInside, chat.ErrNotFound for an unknown conversation, chat.ErrDiskFull, chat.ErrReadOnly, chat.ErrUnsupported for
// [Backup], chat.ErrMalformed for a form of encryption that is none, context.Canceled.
func (x *Exporter) Write(ctx context.Context, r Request) (Summary, error) {
	if err := r.Encrypt.check(); err != nil {
		return Summary{}, err
	}
	out := filepath.Clean(r.Out)
	if err := files.Inside(x.Folder, out); err != nil {
		return Summary{}, err
	}
	var key *spoolKey
	if r.Encrypt == ExportCode {
		key = newSpoolKey()
		defer clear(key[:])
	}
	d, err := newFolder(out, key)
	if err != nil {
		return Summary{}, err
	}
	defer d.discard() // what was renamed is no longer there
	run := &run{
		x: x, r: r, d: d, created: x.Now().UTC().Truncate(time.Millisecond), names: map[string]string{},
		files: map[chat.MessageID]*written{}, shorts: map[string]bool{},
	}
	if err := run.all(ctx); err != nil {
		return Summary{}, fmt.Errorf("exporting: %w", err)
	}
	s := Summary{Manifest: run.m}
	if x.Identity != nil {
		s.Exporter = x.Identity.Fingerprint()
	}
	finished := d.path
	if r.Encrypt == ExportCode {
		finished = d.path + ".sealed"
		defer os.Remove(finished) // as above
		if s.Code, err = d.seal(ctx, finished, run.created, run.pass); err != nil {
			return Summary{}, fmt.Errorf("exporting: %w", err)
		}
	}
	if _, err := os.Lstat(out); err == nil {
		return Summary{}, fmt.Errorf("%w: the folder for the export", chat.ErrExists)
	}
	if err := disk.Rename(finished, out); err != nil {
		return Summary{}, fmt.Errorf("exporting: %w", err)
	}
	if x.Audit == nil {
		return s, nil
	}
	err = x.Store.Update(ctx, func(tx chat.Tx) error {
		return x.Audit.Record(tx, "export.written", "", fmt.Sprintf("%s, %d messages, root %.16s", run.m.Scope, run.m.Counts.Messages, run.m.Root))
	})
	if err != nil {
		return Summary{}, errors.Join(fmt.Errorf("recording the export: %w", err), disk.Error(os.RemoveAll(out)))
	}
	return s, nil
}

// run is one export under way.
type run struct {
	x       *Exporter
	r       Request
	d       *folder
	m       Manifest
	created time.Time
	names   map[string]string // of contacts, by fingerprint
	threads []thread
	files   map[chat.MessageID]*written
	shorts  map[string]bool // beginnings of names of files

	rows    int   // messages that there are
	planned int64 // bytes of files that there are
	done    int   // messages written, as a line or on a page
	passed  int64 // bytes of files
	told    int
	total   int
}

// thread is what the pages need to know about a conversation.
type thread struct {
	Thread
	Members []string
	first   time.Time
	last    time.Time
}

func (r *run) all(ctx context.Context) error {
	own := r.x.Identity
	r.m = Manifest{
		V: 1, Format: formatName, Created: stamp(r.created), Scope: "everything",
		Conversations: []Thread{}, Gaps: []Gap{}, Skipped: []Skip{}, WithoutFiles: r.r.WithoutFiles,
	}
	if own != nil {
		r.m.Exporter = own.Fingerprint().String()
		r.m.Certificate = base64.StdEncoding.EncodeToString(own.Certificate().Bytes())
	}
	if len(r.r.Conversations) > 0 {
		r.m.Scope = "conversation"
	}
	if err := r.d.write(schemaFile, func(w *lines) error { _, err := w.Write(schema); return err }); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(r.r.Attach)) {
		err := r.d.write(name, func(w *lines) error { _, err := w.Write(r.r.Attach[name]); return err })
		if err != nil {
			return err
		}
	}
	if err := r.attachments(ctx); err != nil {
		return err
	}
	if err := r.x.Store.View(ctx, func(tx chat.Tx) error { return r.records(ctx, tx) }); err != nil {
		return err
	}
	if err := r.tidy(); err != nil {
		return err
	}
	if r.m.Counts.Files > 0 {
		r.m.V = version
	}
	if err := r.pages(ctx); err != nil {
		return err
	}
	if err := r.d.finish(ctx); err != nil {
		return err
	}
	r.m.Files = r.d.files
	r.m.Root = fileRoot(r.m.Files)
	manifest, err := r.m.bytes()
	if err != nil {
		return err
	}
	if err := r.d.put(manifestFile, manifest); err != nil || own == nil {
		return err
	}
	signature, err := sign(manifest, own, r.x.Now())
	if err != nil {
		return err
	}
	return r.d.put(signatureFile, signature)
}

// records writes everything that comes from the store, on one snapshot.
func (r *run) records(ctx context.Context, tx chat.Tx) error {
	conversations, err := r.chosen(tx)
	if err != nil {
		return err
	}
	r.rows = 0
	for _, c := range conversations {
		n, err := tx.Messages().Count(c.ID)
		if err != nil {
			return err
		}
		r.rows += n
	}
	r.plan()
	if err := r.contacts(tx, conversations); err != nil {
		return err
	}
	if err := r.consents(tx, conversations); err != nil {
		return err
	}
	if r.m.Scope == "everything" {
		if err := r.audit(ctx, tx); err != nil {
			return err
		}
	}
	for i, c := range conversations {
		if err := r.conversation(ctx, tx, i+1, c); err != nil {
			return err
		}
	}
	r.m.Counts.Conversations = len(conversations)
	return nil
}

func (r *run) chosen(tx chat.Tx) ([]chat.Conversation, error) {
	if len(r.r.Conversations) == 0 {
		return tx.Conversations().List()
	}
	var out []chat.Conversation
	for _, id := range r.r.Conversations {
		c, err := tx.Conversations().Get(id)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// concerned returns who belongs to the conversations, nil for everyone.
func (r *run) concerned(conversations []chat.Conversation) map[chat.ContactID]bool {
	if r.m.Scope == "everything" {
		return nil
	}
	members := map[chat.ContactID]bool{}
	for _, c := range conversations {
		for _, m := range c.Members {
			members[m] = true
		}
	}
	return members
}

func (r *run) contacts(tx chat.Tx, conversations []chat.Conversation) error {
	all, err := tx.Contacts().List()
	if err != nil {
		return err
	}
	members := r.concerned(conversations)
	return r.d.write("contacts.jsonl", func(w *lines) error {
		for _, c := range all {
			if members != nil && !members[c.ID] {
				continue
			}
			r.names[c.ID.String()] = c.Name
			r.m.Counts.Contacts++
			if err := encodeLine(w, newContact(c)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *run) consents(tx chat.Tx, conversations []chat.Conversation) error {
	members := r.concerned(conversations)
	return r.d.write("consents.json", func(w *lines) error {
		var self chat.ContactID
		if r.x.Identity != nil {
			self = chat.ContactID(r.x.Identity.Fingerprint())
		}
		return privacy.WriteReceipts(tx, w, self, r.created, func(c chat.Consent) bool {
			keep := members == nil || members[c.Subject]
			if keep {
				r.m.Counts.Consents++
			}
			return keep
		})
	})
}

func (r *run) audit(ctx context.Context, tx chat.Tx) error {
	return r.d.write("audit.jsonl", func(w *lines) error {
		after := uint64(0)
		for {
			page, err := tx.Audit().List(after, pageOfStore)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, e := range page {
				if err := encodeLine(w, newAudit(e)); err != nil {
					return err
				}
				after = e.Seq
			}
			r.m.Counts.AuditEntries += len(page)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	})
}

// conversation writes the lines of one conversation.
func (r *run) conversation(ctx context.Context, tx chat.Tx, number int, c chat.Conversation) error {
	t := thread{Thread: Thread{ID: c.ID.String(), Folder: fmt.Sprintf("%s/%04d-%.8s", threadsRoot, number, c.ID.String())}}
	for _, m := range c.Members {
		t.Members = append(t.Members, m.String())
	}
	held, err := r.heldBack(tx, c)
	if err != nil {
		return err
	}
	err = r.d.write(t.Folder+"/messages.jsonl", func(w *lines) error {
		if err := encodeLine(w, newConversation(c)); err != nil {
			return err
		}
		return r.messages(ctx, tx, c, held, &t, w)
	})
	if err != nil {
		return err
	}
	for _, peer := range c.Members {
		if n := held[peer]; n > 0 {
			r.m.Skipped = append(r.m.Skipped, Skip{Conversation: t.ID, Reason: "peer-withdrew-export", From: peer.String(), Count: n})
		}
	}
	r.m.Conversations = append(r.m.Conversations, t.Thread)
	r.m.Counts.Messages += t.Messages
	r.threads = append(r.threads, t)
	return nil
}

// heldBack has an entry for each member that told us that it does not want its messages exported; the value counts them.
func (r *run) heldBack(tx chat.Tx, c chat.Conversation) (map[chat.ContactID]int, error) {
	held := map[chat.ContactID]int{}
	for _, m := range c.Members {
		state, err := privacy.Peer(tx, m, chat.PeerExports)
		if err != nil {
			return nil, err
		}
		if state == chat.Withdrawn {
			held[m] = 0
		}
	}
	return held, nil
}

// messages writes the messages in their order. Rows that are damaged or gone are counted in the manifest. Where the list of
// the conversation itself is damaged from some place on, it ends there: what can still be read must not be lost with it.
func (r *run) messages(ctx context.Context, tx chat.Tx, c chat.Conversation, held map[chat.ContactID]int, t *thread, w *lines) error {
	after, limit, last := int64(0), pageOfStore, ""
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := tx.Messages().PageAfter(c.ID, after, limit)
		if errors.Is(err, chat.ErrDamaged) && limit > 1 {
			limit = 1 // up to the damaged row, one by one
			continue
		}
		if errors.Is(err, chat.ErrDamaged) {
			r.m.Skipped = append(r.m.Skipped, Skip{Conversation: t.ID, Reason: "damaged", After: last})
			return nil
		}
		if err != nil || len(page) == 0 {
			return err
		}
		for _, m := range page {
			after = m.Position
			if m.StandsIn() {
				r.skipRow(t.ID, last, m.Notice)
				continue
			}
			last = m.ID.String()
			if _, ok := held[m.Author]; ok {
				held[m.Author]++
				continue
			}
			if err := r.message(tx, m, t, w); err != nil {
				return err
			}
		}
		r.progress(len(page))
	}
}

// skipRow counts a row that is damaged or gone, together with those beside it; beyond the first thousand places, all in one.
func (r *run) skipRow(conversation, after, notice string) {
	s := Skip{Conversation: conversation, Reason: skipReasons[notice], After: after, Count: 1}
	if n := len(r.m.Skipped); n > 0 {
		last := &r.m.Skipped[n-1]
		if last.Conversation == s.Conversation && last.Reason == s.Reason && last.Count > 0 && (last.After == s.After || n >= maxGaps) {
			last.Count++
			return
		}
	}
	r.m.Skipped = append(r.m.Skipped, s)
}

var skipReasons = map[string]string{chat.NoticeDamaged: "damaged", chat.NoticeLost: "gone"}

func (r *run) message(tx chat.Tx, m chat.Message, t *thread, w io.Writer) error {
	file, err := r.filePart(tx, m)
	if err != nil {
		return err
	}
	r.missing(t, m, file)
	if m.Missing > 0 {
		if len(r.m.Gaps) < maxGaps {
			r.m.Gaps = append(r.m.Gaps, Gap{Conversation: t.ID, Before: m.ID.String(), Missing: m.Missing})
		} else {
			r.m.GapsLeftOut++
		}
	}
	if t.Messages == 0 {
		t.first = m.DisplayTime()
	}
	t.last = m.DisplayTime()
	t.Messages++
	return encodeLine(w, newMessage(m, file))
}

// plan says how much there is to do: a message once as a line and once on a page, a file once, and once more when it is
// encrypted. What comes or goes meanwhile moves the end.
func (r *run) plan() {
	times := int64(1)
	if r.r.Encrypt == ExportCode {
		times = 2
	}
	r.total = 2*r.rows + int(times*r.planned/files.Piece)
}

// progress counts messages.
func (r *run) progress(n int) {
	r.done += n
	r.tell()
}

// pass counts bytes of files.
func (r *run) pass(n int64) {
	r.passed += n
	if now := r.done + int(r.passed/files.Piece); now-r.told >= tellPieces {
		r.tell()
	}
}

// tellPieces is after how many pieces of a file progress is told: a MiB.
const tellPieces = 16

func (r *run) tell() {
	if r.r.Progress == nil {
		return
	}
	r.told = r.done + int(r.passed/files.Piece)
	r.r.Progress(min(r.told, r.total), r.total)
}

// encodeLine writes one JSON object and a newline. Characters of HTML stay as they are: this is not HTML.
func encodeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
