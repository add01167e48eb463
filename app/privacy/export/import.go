package export

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
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

// placing puts the messages of one conversation among those that are here: each comes after the one before it in the
// export, and what is here in between stays in between.
type placing struct {
	n    *importing
	conv chat.Conversation
	prev chat.MessageID // last message of the export that is here
	left int            // messages of the export still to come
}

func (p *placing) put(tx chat.Tx, messages []parsed, taken *taken) error {
	conv, wasEmpty, err := p.ready(tx)
	if err != nil {
		return err
	}
	prev := int64(0)
	if !p.prev.IsZero() {
		m, err := tx.Messages().Get(p.prev)
		if err != nil {
			return err
		}
		prev = m.Position
	}
	last := p.prev
	for i, m := range messages {
		if m.Direction == chat.Out && m.Author == p.n.self {
			conv.NextSeq = max(conv.NextSeq, m.Seq+1)
		}
		here, err := tx.Messages().Get(m.ID)
		switch {
		case err == nil && here.Conversation == conv.ID:
			p.n.count(here, m.Message)
			if err := p.n.complete(tx, here, m, taken); err != nil {
				return err
			}
			prev, last = here.Position, here.ID
			continue
		case err == nil:
			p.n.out.Known++ // in another conversation: there it stays
			continue
		case !errors.Is(err, chat.ErrNotFound):
			return err
		case !m.Expires.IsZero() && !p.n.i.Now().Before(m.Expires):
			p.n.out.Expired++
			continue
		}
		if m.Position, err = p.position(tx, prev, p.left-i); err != nil {
			return err
		}
		if m.Message, err = tx.Messages().Put(settled(m.Message)); err != nil {
			return err
		}
		if err := p.n.attach(tx, m, taken); err != nil {
			return err
		}
		p.n.out.Added++
		prev, last = m.Position, m.ID
	}
	p.prev, p.left = last, p.left-len(messages)
	return p.summarise(tx, conv, wasEmpty)
}

// settled returns a message as it is taken in: nothing of an export waits to be sent, and nothing of it is unread, because
// reading it would be told to its author.
func settled(m chat.Message) chat.Message {
	switch {
	case m.Direction == chat.In:
		m.State = chat.Read
	case m.State == chat.Queued:
		m.State = chat.Failed
	}
	return m
}

// position finds a place right after a position, leaving room for those of the export that follow.
func (p *placing) position(tx chat.Tx, after int64, left int) (int64, error) {
	next, err := tx.Messages().PageAfter(p.conv.ID, after, 1)
	if err != nil || len(next) == 0 {
		return 0, err // the end: storage appends
	}
	if step := (next[0].Position - after) / int64(left+1); step > 0 {
		return after + step, nil
	}
	return tx.Messages().Between(p.conv.ID, next[0].Position, after)
}

func (n *importing) count(here, m chat.Message) {
	if here.Deleted && !m.Deleted {
		n.out.Deleted++
	} else {
		n.out.Known++
	}
}

// ready makes conversation and contacts where they are missing.
func (p *placing) ready(tx chat.Tx) (conv chat.Conversation, empty bool, err error) {
	for _, id := range p.conv.Members {
		_, err := tx.Contacts().Get(id)
		if errors.Is(err, chat.ErrNotFound) {
			p.n.out.Contacts++
			err = tx.Contacts().Put(p.n.contacts[id])
		}
		if err != nil {
			return conv, false, err
		}
	}
	conv, err = tx.Conversations().Get(p.conv.ID)
	if errors.Is(err, chat.ErrNotFound) {
		p.n.out.Conversations++
		conv = p.conv
		conv.NextSeq = 1
		err = tx.Conversations().Put(conv)
	}
	if err != nil {
		return conv, false, err
	}
	rows, err := tx.Messages().Count(conv.ID)
	return conv, rows == 0 || conv.ReadUpTo == 0 && conv.Unread == 0, err
}

// summarise brings what the list shows up to date. What was imported counts as read.
func (p *placing) summarise(tx chat.Tx, conv chat.Conversation, wasRead bool) error {
	number := conv.NextSeq
	conv, err := tx.Conversations().Get(conv.ID) // Between may have moved its mark
	if err != nil {
		return err
	}
	conv.NextSeq = number
	newest, err := tx.Messages().Page(conv.ID, 0, 1)
	if err != nil {
		return err
	}
	if len(newest) > 0 {
		m := newest[0]
		conv.Last, conv.PreviewOut, conv.Preview = m.DisplayTime(), m.Direction == chat.Out, preview(m)
		if wasRead {
			conv.ReadUpTo = m.Position
		}
	}
	return tx.Conversations().Put(conv)
}

// maxPreview is the length of a preview in characters, the messenger's.
const maxPreview = 120

func preview(m chat.Message) string {
	if m.Deleted || m.Kind != chat.KindText {
		return ""
	}
	line := []rune(strings.Join(strings.Fields(m.Text), " "))
	return string(line[:min(len(line), maxPreview)])
}

// unmarshal reads one JSON object and nothing after it. Members that are not known came later (fields are only added).
func unmarshal(b []byte, v any) bool {
	dec := json.NewDecoder(strings.NewReader(string(b)))
	if dec.Decode(v) != nil {
		return false
	}
	_, err := dec.Token()
	return errors.Is(err, io.EOF)
}
