package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/crypto/vault"
)

// ErrDamaged says that a backup was cut off or altered, or that its passphrase fits and what it holds is none. Nothing of
// it was used.
var ErrDamaged = errors.New("backup damaged")

// Bounds of what is read.
const (
	maxLine          = 1 << 20
	maxName          = 256
	maxSmall         = 1 << 17 // settings, contacts, routes and conversations, each
	maxFiles         = 1 << 20
	maxMembers       = 1024
	maxUnsent        = 1000
	progressInterval = 500     // messages
	progressPieces   = 16      // of a file
	maxPlace         = 1 << 62 // positions and numbers: so that those after it have room
)

// Reading is how a backup is read.
type Reading struct {
	Limits   vault.Limits           // of what a passphrase may cost; zero: vault.Standard
	Settings func(name string) bool // which settings may be restored; nil: any name is only counted
	Blobs    chat.Blobs             // where a restore puts the files; nil: they are only checked, and their messages restored without
	Progress func(done, total int)  // messages, and files by 64 KiB; called from the same goroutine; may be nil
}

// progress tells how far the reading is, once it went on by interval.
func (d *decoder) progress(interval int) {
	done, total := d.counts.Messages+int(d.passed/files.Piece), max(d.header.Messages+d.header.Steps, 1)
	if done-d.told < interval || d.reading.Progress == nil {
		return
	}
	d.told = done
	d.reading.Progress(min(done, total), total)
}

// Verify reads a backup to its end and checks all of it. It uses nothing of it. Errors: chat.ErrWrongSecret,
// chat.ErrMalformed for a file that is none, chat.ErrNewerFormat, ErrDamaged.
func Verify(ctx context.Context, in io.Reader, passphrase string, r Reading) (Summary, error) {
	plain, err := open(in, passphrase, r.Limits)
	if err != nil {
		return Summary{}, err
	}
	return decode(ctx, plain, r, func(any) error { return nil })
}

// decode reads the lines and hands their values to use: a Summary with the header first, then settingLine, chat.Contact,
// chat.Route, chat.Consent, chat.AuditEntry, chat.Conversation, and after each of these its chat.Message in ascending
// position, each followed by its attachment, and its chat.Annotation; at last each file, whose bytes use may read. The
// summary comes back once the end line agrees and the stream is authentic.
func decode(ctx context.Context, in io.Reader, r Reading, use func(any) error) (Summary, error) {
	d := newDecoder(ctx, in, r)
	for {
		if err := ctx.Err(); err != nil {
			return Summary{}, err
		}
		line, err := d.next()
		if err != nil {
			return Summary{}, err
		}
		v, err := d.parse(line)
		if err != nil {
			return Summary{}, err
		}
		if v == nil {
			return d.finish()
		}
		if err := use(v); err != nil {
			return Summary{}, err
		}
		if f, ok := v.(file); ok {
			if err := d.ended(f.bytes); err != nil {
				return Summary{}, err
			}
		}
	}
}

func newDecoder(ctx context.Context, in io.Reader, r Reading) *decoder {
	return &decoder{
		ctx: ctx, in: bufio.NewReaderSize(in, 32<<10), hash: newHash(), reading: r, files: map[chat.MessageID]chat.Attachment{},
	}
}

type decoder struct {
	ctx     context.Context //nolint:containedctx // a decoder lives for one call, and a file in it can be long
	in      *bufio.Reader
	line    []byte
	hash    hash.Hash
	reading Reading

	header   headerLine
	begun    bool
	counts   Counts
	stage    int // of the last line; they come in the order of stages
	conv     chat.Conversation
	position int64
	last     chat.Message // with a file, whose attachment may follow
	unsent   []chat.MessageID

	files   map[chat.MessageID]chat.Attachment // whose bytes are to come
	passed  int64                              // bytes of files
	unread  int                                // messages that were left out as damaged
	damaged int                                // files whose bytes are not what their attachments name
	told    int
}

// malformed names what a line has wrong. The file was written by someone with its passphrase, but not by this program.
func malformed(what string) error {
	return fmt.Errorf("%w: %w: %s", ErrDamaged, chat.ErrMalformed, what)
}

// next reads one line with its newline, at most maxLine bytes.
func (d *decoder) next() ([]byte, error) {
	d.line = d.line[:0]
	for {
		part, err := d.in.ReadSlice('\n')
		if len(d.line)+len(part) > maxLine {
			return nil, malformed("line too long")
		}
		d.line = append(d.line, part...)
		switch {
		case err == nil:
			return d.line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: cut off", ErrDamaged)
		default:
			return nil, fmt.Errorf("%w: not authentic", ErrDamaged)
		}
	}
}

// stages is the order of the lines; a conversation begins again with each.
var stages = map[string]int{
	lineHeader: 0, lineSetting: 1, lineContact: 2, lineRoute: 2, lineConsent: 3, lineAudit: 4, lineConversation: 5, lineMessage: 5,
	lineAttachment: 5, lineAnnotation: 6, lineFile: 7, lineEnd: 8,
}

// parse returns the value of a line, nil for the end line.
func (d *decoder) parse(line []byte) (any, error) {
	kind, err := kindOf(line)
	if err != nil {
		return nil, err
	}
	stage, known := stages[kind]
	switch {
	case !d.begun && kind != lineHeader:
		return nil, malformed("no header")
	case !known:
		return nil, fmt.Errorf("%w: backup", chat.ErrNewerFormat)
	case d.begun && (kind == lineHeader || stage < d.stage && (kind != lineConversation || d.stage != 6)):
		return nil, malformed("order of lines")
	}
	d.stage = stage
	if kind == lineEnd {
		return nil, d.end(line)
	}
	d.hash.Write(line)
	if kind != lineHeader {
		d.counts.add(kind)
	}
	if d.counts.Settings > maxSmall || d.counts.Contacts > maxSmall || d.counts.Routes > maxSmall || d.counts.Conversations > maxSmall {
		return nil, malformed("too many lines")
	}
	return d.value(kind, line)
}

// kindOf reads the member t, which comes first.
func kindOf(line []byte) (string, error) {
	const prefix = `{"t":"`
	rest, ok := bytes.CutPrefix(line, []byte(prefix))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 || end > 32 {
		return "", malformed("not a line of a backup")
	}
	return string(rest[:end]), nil
}

// loosely parses a line of which only some members are known.
func loosely(line []byte, v any) error {
	if err := json.Unmarshal(line, v); err != nil {
		return malformed("line of a backup")
	}
	return nil
}

func strictly(line []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return malformed("line of a backup")
	}
	if rest := bytes.TrimSpace(line[dec.InputOffset():]); len(rest) > 0 {
		return malformed("more than one value in a line")
	}
	return nil
}

// end compares what was read with what the last line says.
func (d *decoder) end(line []byte) error {
	var end endLine
	if err := strictly(line, &end); err != nil {
		return err
	}
	if end.Damaged < 0 || end.Counts != d.counts || end.SHA256 != hex.EncodeToString(d.hash.Sum(nil)) {
		return malformed("counts or sum")
	}
	d.unread = end.Damaged
	return nil
}

// finish reads what must be the end of an authentic stream.
func (d *decoder) finish() (Summary, error) {
	if _, err := d.in.ReadByte(); !errors.Is(err, io.EOF) {
		return Summary{}, fmt.Errorf("%w: not authentic to its end", ErrDamaged)
	}
	d.told = -1
	d.progress(0)
	return d.summary(), nil
}

func (d *decoder) summary() Summary {
	return Summary{
		ID: d.header.ID, Created: d.header.Created, Identity: d.header.Identity, Name: d.header.Name, Counts: d.counts,
		SHA256: hex.EncodeToString(d.hash.Sum(nil)), Unsent: d.unsent, Damaged: d.unread, WithoutFiles: d.header.Without, Files: d.counts.Files - d.damaged,
		FileBytes: d.passed, FilesAway: d.counts.Attachments - d.counts.Files, FilesDamaged: d.damaged,
	}
}

func newHash() hash.Hash { return sha256.New() }
