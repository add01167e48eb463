package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"sotto/app/privacy"
	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/filecrypt"
)

// ErrForeign says that an export is of another identity: it is somebody else's word, and not taken in.
var ErrForeign = errors.New("export of another identity")

// Importer takes exports back into the profile of the identity that made them.
type Importer struct {
	Store chat.Store
	Blobs chat.Blobs // where the files of messages go; nil: they are not taken in
	Audit chat.Auditor
	Self  func() chat.ContactID
	Temp  string // folder for a private copy while it is checked and read; emptied at the next start
	Now   func() time.Time
	Taken func() // called after messages were taken in: some of them may have an end that is near; may be nil
}

// ImportRequest is one import.
type ImportRequest struct {
	Path     string                // folder of an export, or file under an export code
	Code     string                // of such a file
	Root     string                // Merkle root of the export that was looked at, and no other is taken in; "": any
	Progress func(done, total int) // messages, and files by 64 KiB, as they are taken in
}

// Imported says what an import changed.
type Imported struct {
	Manifest      Manifest
	Added         int   // messages that were not here
	Known         int   // messages that were here, and stay as they are
	Deleted       int   // messages that were deleted here, and stay deleted
	Expired       int   // messages whose time ran out
	Conversations int   // that were not here
	Contacts      int   // that were not here
	Files         int   // that were not here
	FileBytes     int64 // of those
	FilesMissing  int   // of messages that were not here, without their file in the export
}

// Look checks an export wholly, on a copy of its own, and says what it holds; nothing is taken in and no copy stays. Whose
// it is stands in the summary, and an Import with its Root takes in this export or none. Errors: chat.ErrNotFound,
// ErrAltered, chat.ErrWrongSecret, chat.ErrMalformed, chat.ErrNewerFormat, chat.ErrDiskFull where the copy has no room.
func (i *Importer) Look(ctx context.Context, r ImportRequest) (Summary, error) {
	s, checked, err := i.open(ctx, r)
	if err != nil {
		return Summary{}, err
	}
	s.discard()
	return checked, nil
}

// open copies an export into a stage and checks it there. The caller discards the stage.
func (i *Importer) open(ctx context.Context, r ImportRequest) (*stage, Summary, error) {
	free, err := i.room()
	if err != nil {
		return nil, Summary{}, err
	}
	s, err := newStage(i.Temp, free)
	if err != nil {
		return nil, Summary{}, err
	}
	checked, err := Summary{}, s.copyFrom(ctx, r, i.Now())
	if err == nil {
		checked, err = verify(ctx, s, i.Now())
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		s.discard()
		return nil, Summary{}, err
	}
	return s, checked, nil
}

// room is how many bytes a copy may take: what the disk has, less what keeps it from being full, and less one file, which is
// there twice while it is taken in.
func (i *Importer) room() (int64, error) {
	if i.Blobs == nil {
		return math.MaxInt64 - 1, nil
	}
	free, err := i.Blobs.Free()
	if errors.Is(err, chat.ErrUnsupported) {
		return math.MaxInt64 - 1, nil
	}
	if err != nil {
		return 0, err
	}
	return min(max(free-spare-filecrypt.MaxSealed, 0), math.MaxInt64-1), nil
}

// Import checks an export wholly, on a copy of its own, and then takes in its messages in their order with their files, each under a new key: what is here stays
// as it is (save that a file comes back which its message lacks), what was deleted here stays deleted. Contacts that are not here come back unverified; consents and audit log
// stay evidence in the export. Repeating it changes nothing, so one that was interrupted is finished by another. Errors:
// chat.ErrNotFound, ErrAltered, ErrForeign, chat.ErrWrongSecret, chat.ErrMalformed, chat.ErrNewerFormat, those of the store.
func (i *Importer) Import(ctx context.Context, r ImportRequest) (Imported, error) {
	s, checked, err := i.open(ctx, r)
	if err != nil {
		return Imported{}, err
	}
	defer s.discard()
	if r.Root != "" && checked.Manifest.Root != r.Root {
		return Imported{}, place(manifestFile, 0, Changed)
	}
	self := i.Self()
	if chat.ContactID(checked.Exporter) != self {
		return Imported{}, ErrForeign
	}
	run := &importing{
		i: i, r: r, s: s, self: self, out: Imported{Manifest: checked.Manifest}, contacts: map[chat.ContactID]chat.Contact{}, whole: map[string]File{},
	}
	for _, f := range checked.Manifest.Files {
		if f.Whole {
			run.whole[f.Path] = f
		}
	}
	if err := run.read(ctx); err != nil {
		return Imported{}, err
	}
	if i.Taken != nil {
		defer i.Taken()
	}
	if err := run.write(ctx); err != nil {
		return Imported{}, fmt.Errorf("importing: %w", err)
	}
	return run.out, nil
}

// copyFrom copies the export into the stage.
func (s *stage) copyFrom(ctx context.Context, r ImportRequest, now time.Time) error {
	info, err := os.Stat(r.Path)
	if err != nil {
		return fmt.Errorf("%w: no export there", chat.ErrNotFound)
	}
	if info.IsDir() {
		root, err := os.OpenRoot(r.Path)
		if err != nil {
			return disk.Error(err)
		}
		defer root.Close()
		return s.fromFolder(ctx, root, now)
	}
	in, err := os.Open(r.Path)
	if err != nil {
		return disk.Error(err)
	}
	defer in.Close()
	return s.fromFile(ctx, in, info.Size(), r.Code)
}

// importing is one import under way.
type importing struct {
	i        *Importer
	r        ImportRequest
	s        *stage
	self     chat.ContactID
	contacts map[chat.ContactID]chat.Contact
	whole    map[string]File // files of messages, by path
	done     int             // messages
	passed   int64           // bytes of files
	told     int
	out      Imported
}

// read parses every line once before any is used: an export with one that is no message changes nothing.
func (n *importing) read(ctx context.Context) error {
	err := n.each("contacts.jsonl", func(line int, b []byte) error {
		c, ok := parseContact(b)
		if !ok || len(n.contacts) >= maxFiles {
			return place("contacts.jsonl", line, Changed)
		}
		n.contacts[c.ID] = c
		return nil
	})
	if err != nil {
		return err
	}
	seen, named := map[string]bool{}, map[string]bool{}
	for _, t := range n.out.Manifest.Conversations {
		if seen[t.ID] {
			return place(manifestFile, 0, Changed)
		}
		seen[t.ID] = true
		err := n.thread(t, func(_ chat.Conversation, m *parsed) error {
			if m != nil && m.file.State == fileHere {
				if named[m.file.Path] {
					return place(manifestFile, 0, Changed)
				}
				named[m.file.Path] = true
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// thread reads a conversation's file: use gets the conversation with nil first, then each message.
func (n *importing) thread(t Thread, use func(chat.Conversation, *parsed) error) error {
	var conv chat.Conversation
	name := t.Folder + "/messages.jsonl"
	count := 0
	err := n.each(name, func(line int, b []byte) (err error) {
		if line == 1 {
			var ok bool
			if conv, ok = parseConversation(b); !ok || conv.ID.String() != t.ID || !n.plausible(conv) {
				return place(name, line, Changed)
			}
			return use(conv, nil)
		}
		m, ok := parseMessage(b)
		if !ok || m.Conversation != conv.ID || !n.writes(conv, m.Message) || !n.names(m) {
			return place(name, line, Changed)
		}
		count++
		return use(conv, &m)
	})
	if err == nil && (conv.ID.IsZero() || count != t.Messages) {
		return place(name, 0, Changed)
	}
	return err
}

// plausible reports whether a conversation is one of this identity with contacts that the export or the profile knows.
func (n *importing) plausible(c chat.Conversation) bool {
	if c.Kind == chat.Direct && (len(c.Members) != 1 || c.ID != privacy.DirectConversation(n.self, c.Members[0])) {
		return false
	}
	for _, m := range c.Members {
		if _, ok := n.contacts[m]; !ok {
			return false
		}
	}
	return true
}

// writes reports whether the author of a message is one of the conversation.
func (n *importing) writes(c chat.Conversation, m chat.Message) bool {
	if m.Author == n.self {
		return m.Direction == chat.Out || m.Kind == chat.KindNotice
	}
	for _, member := range c.Members {
		if member == m.Author {
			return m.Direction == chat.In
		}
	}
	return m.Kind == chat.KindNotice
}

// each reads a file of the stage line by line.
func (n *importing) each(name string, use func(line int, b []byte) error) error {
	in, err := n.s.open(name)
	if err != nil {
		return place(name, 0, changeOf(err))
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	at := 0
	for lines.Scan() {
		at++
		if err := use(at, lines.Bytes()); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return place(name, at+1, Changed)
	}
	return disk.Error(lines.Err())
}

// names reports whether the file of a message is the one that the manifest has under its path, if it is there.
func (n *importing) names(m parsed) bool {
	if m.file.State != fileHere {
		return true
	}
	f, ok := n.whole[m.file.Path]
	return ok && f.Size == m.File.Size && f.SHA256 == m.file.SHA256
}

// Bounds of what one unit of work takes.
const (
	batchOfImport = 200      // messages
	filesOfImport = 64 << 20 // bytes of files, that are there twice until it is done
)

// write takes in what was read.
func (n *importing) write(ctx context.Context) error {
	for _, t := range n.out.Manifest.Conversations {
		p := &placing{n: n, left: t.Messages}
		var waiting []parsed
		size := int64(0)
		flush := func() error {
			err := n.flush(ctx, p, waiting)
			n.done += len(waiting)
			waiting, size = waiting[:0], 0
			n.tell(0)
			return err
		}
		err := n.thread(t, func(conv chat.Conversation, m *parsed) error {
			if m == nil {
				p.conv = conv
				return nil
			}
			waiting = append(waiting, *m)
			if m.file.State == fileHere {
				size += m.File.Size
			}
			if len(waiting) < batchOfImport && size < filesOfImport {
				return ctx.Err()
			}
			return flush()
		})
		if err != nil {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return n.i.Store.Update(ctx, func(tx chat.Tx) error {
		detail := fmt.Sprintf("%d messages of %d, root %.16s", n.out.Added, n.out.Manifest.Counts.Messages, n.out.Manifest.Root)
		return n.i.Audit.Record(tx, "export.imported", "", detail)
	})
}

// tell reports progress once it went on by interval.
func (n *importing) tell(interval int) {
	counts := n.out.Manifest.Counts
	total := counts.Messages + int(counts.FileBytes/files.Piece)
	done := n.done + int(n.passed/files.Piece)
	if n.r.Progress == nil || done-n.told < interval {
		return
	}
	n.told = done
	n.r.Progress(min(max(done, 0), max(total, 0)), max(total, 0))
}
