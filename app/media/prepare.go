package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"sotto/chat"
)

// What is left out of a picture, as codes in [Outgoing.Removed].
const (
	RemovedExif      = "exif"
	RemovedLocation  = "location" // a place within Exif
	RemovedXMP       = "xmp"
	RemovedIPTC      = "iptc"
	RemovedComment   = "comment"
	RemovedText      = "text" // text chunks
	RemovedTime      = "time"
	RemovedThumbnail = "thumbnail" // an embedded smaller picture
	RemovedPictures  = "pictures"  // further pictures in the same file
	RemovedTrailing  = "trailing"  // what followed the end, such as the film of a moving photo
	RemovedOther     = "other"     // what is not needed to show the picture
)

// Why a file keeps the metadata it may have, as codes in [Outgoing.Kept].
const (
	KeptAsked  = "asked"  // [Options.KeepMetadata]
	KeptFormat = "format" // its format often carries metadata, and none is taken out of it
)

// Options of [Prepare]. The zero value removes metadata.
type Options struct {
	KeepMetadata bool // send the file byte for byte
}

// Outgoing says what is sent of a file.
type Outgoing struct {
	Name      string // cleaned, 1 to 255 bytes
	Type      string // media type by content
	Size      int64  // bytes, known before one is read
	Width     int    // of a picture as it is shown, in pixels; 0: no picture, or not known
	Height    int
	Thumbnail []byte   // JPEG, at most [chat.MaxThumbnail] bytes; nil: no picture that can be decoded within bounds
	Preview   []byte   // JPEG, at most [chat.MaxPreview] bytes; nil likewise
	Removed   []string // codes of what is left out
	Kept      string   // code why metadata may be kept; empty: none is known to be there

	plan plan
	open func() (source, error)
}

// source is a file or bytes that can be read again.
type source interface {
	io.ReaderAt
	io.Closer
	// changed returns ErrChanged when it is not what it was.
	changed() error
}

// Prepare looks at a local file that is to be sent: what it is, and what of it leaves. Of a JPEG, PNG, GIF or WebP picture
// that is all but the metadata, unless o says otherwise; its pixels are not encoded anew. Memory does not grow with the
// file. Errors: [ErrFolder], [ErrLink], [ErrNotRegular], fs.ErrNotExist, fs.ErrPermission, [chat.ErrTooLarge] over
// [chat.MaxFile]; [ErrStructure] when metadata cannot be taken out of a picture safely; [ErrChanged]; ctx.
func Prepare(ctx context.Context, path string, o Options) (*Outgoing, error) {
	first, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer first.Close()
	out, err := prepare(ctx, filepath.Base(path), first, first.info.Size(), o)
	if err != nil {
		return nil, err
	}
	out.open = func() (source, error) { return first.again() }
	return out, first.changed()
}

// PrepareBytes is [Prepare] for bytes that are in memory and stay as they are, such as a pasted picture.
func PrepareBytes(ctx context.Context, name string, data []byte, o Options) (*Outgoing, error) {
	src := memory{bytes.NewReader(data)}
	out, err := prepare(ctx, name, src, int64(len(data)), o)
	if err != nil {
		return nil, err
	}
	out.open = func() (source, error) { return src, nil }
	return out, nil
}

func prepare(ctx context.Context, name string, src source, size int64, o Options) (*Outgoing, error) {
	if size > chat.MaxFile {
		return nil, chat.ErrTooLarge
	}
	typ, err := sniffFile(src, size)
	if err != nil {
		return nil, err
	}
	out := &Outgoing{Name: chat.CleanFileName(name), Type: typ.Media, plan: whole(size)}
	switch {
	case o.KeepMetadata && carries(typ):
		out.Kept = KeptAsked
	case typ.Picture:
		if out.plan, err = strip(src, size, typ.Media); err != nil {
			return nil, err
		}
		out.Removed = out.plan.removed
	case carries(typ):
		out.Kept = KeptFormat
	}
	out.Size = out.plan.size
	if typ.Picture {
		if err := out.picture(ctx, src, size); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// picture adds size and small pictures. A picture that cannot be decoded within bounds is sent without them.
func (o *Outgoing) picture(ctx context.Context, src source, size int64) error {
	if h, err := readHeader(src, size); err == nil {
		o.Width, o.Height = h.shown()
	}
	small, err := Small(ctx, src, size)
	switch {
	case err == nil:
		o.Thumbnail, o.Preview = small.Thumbnail, small.Preview
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrChanged):
		return err
	}
	return nil
}

// carries reports whether files of a type often hold metadata.
func carries(t Type) bool {
	switch t.Class {
	case ClassPicture, ClassAudio, ClassVideo, ClassDocument:
		return true
	}
	return t.Media == mediaSVG
}

// Open reads what is sent: exactly Size bytes. It may be called more than once, until the file changes. Errors, of Open
// and of reading: [ErrChanged] when the file is not the one that [Prepare] saw, at the latest in place of the end.
func (o *Outgoing) Open() (io.ReadCloser, error) {
	src, err := o.open()
	if err != nil {
		return nil, err
	}
	return &outgoingReader{planReader{src: src, pieces: o.plan.pieces}, src}, nil
}

type outgoingReader struct {
	planReader
	src source
}

func (r *outgoingReader) Read(b []byte) (int, error) {
	n, err := r.planReader.Read(b)
	if errors.Is(err, io.EOF) {
		if changed := r.src.changed(); changed != nil {
			err = changed
		}
	}
	return n, err
}

func (r *outgoingReader) Close() error { return r.src.Close() }

// strip plans a picture of a type without its metadata.
func strip(src io.ReaderAt, size int64, media string) (plan, error) {
	s := newScanner(src, size)
	var p plan
	switch media {
	case mediaJPEG:
		p = stripJPEG(s)
	case mediaPNG:
		p = stripPNG(s)
	case mediaGIF:
		p = stripGIF(s)
	case mediaWebP:
		p = stripWebP(s)
	default:
		return plan{}, ErrNotPicture
	}
	if s.err != nil {
		return plan{}, s.err
	}
	return p, nil
}

// sniffFile is [Sniff] for the beginning of a file.
func sniffFile(src io.ReaderAt, size int64) (Type, error) {
	head := make([]byte, min(size, HeadSize))
	if n, err := src.ReadAt(head, 0); n < len(head) {
		if errors.Is(err, io.EOF) {
			err = ErrChanged
		}
		return Type{}, fmt.Errorf("read a file: %w", err)
	}
	return Sniff(head), nil
}

// memory is a source that cannot change.
type memory struct{ *bytes.Reader }

func (memory) Close() error   { return nil }
func (memory) changed() error { return nil }
