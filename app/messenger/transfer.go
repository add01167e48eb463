package messenger

import (
	"context"
	"errors"
	"io"
	"time"

	"sotto/chat"
	"sotto/crypto/filecrypt"
	"sotto/transport/wire"
)

const (
	quotaTries  = 400 // refusals for want of room before a file is set aside: at one in five minutes more than a day, in which room is made
	digestTries = 3
	leastMoved  = 4096            // bytes of a download that count as going on
	commitWait  = 3 * time.Minute // the relay reads the whole file again
)

// errDamaged says that bytes on this disk, or from the relay, are not those of the file.
var errDamaged = errors.New("messenger: not the bytes of the file")

// An upload goes on at once while it gets on. One that brings the same bytes again and again waits longer each time, and in
// the end is given up: the relay is the contact's, and what it costs is this computer's.
const (
	againSoon = 32 << 20 // bytes beyond twice the file
	againMost = 64 << 20 // and beyond eight times
)

// stopped returns the code of a failure of a file that trying again does not cure; empty for the others.
func stopped(cause error, a chat.Attachment) string {
	switch {
	case errors.Is(cause, chat.ErrDiskFull):
		return FailureDiskFull
	case errors.Is(cause, errDamaged), errors.Is(cause, wire.ErrMalformed) && a.State == chat.FileFetching:
		return FailureFileDamaged
	case errors.Is(cause, wire.ErrTooLarge), errors.Is(cause, chat.ErrTooLarge):
		return FailureFileSize
	case errors.Is(cause, wire.ErrUnsupported), errors.Is(cause, wire.ErrMalformed), errors.Is(cause, wire.ErrUnauthorized), errors.Is(cause, wire.ErrNoMailbox),
		errors.Is(cause, wire.ErrExpired):
		return FailureFileRefused
	case errors.Is(cause, wire.ErrNotFound) && a.State == chat.FileFetching:
		return FailureFileGone
	case errors.Is(cause, wire.ErrQuota) && a.Attempts >= quotaTries:
		return FailureQuota
	case errors.Is(cause, wire.ErrDigest) && a.Attempts >= digestTries:
		return FailureFileRefused
	}
	return ""
}

// tryLater commits what follows from a failure of a transfer: it is set aside for good, or tried again. moved says that some
// bytes did get through.
func (m *Messenger) tryLater(ctx context.Context, tried chat.Attachment, cause error, moved bool) (w wait) {
	if ctx.Err() != nil && context.Cause(ctx) != errStalled { //nolint:errorlint // the very value
		return wait{} // cancelled: whoever did that has said what is next
	}
	err := m.update(m.ctx, func(u *unit) error {
		w = wait{}
		msg, a, err := u.fileOf(tried.Message)
		if err != nil || a.State != tried.State || string(a.ReadKey) != string(tried.ReadKey) {
			return ignoreMissing(err)
		}
		code, spent := stopped(cause, a), int64(0)
		if a.State == chat.FileSending {
			spent = m.transfers.spent(a.Message, 0)
		}
		if code == "" && spent > 8*a.Sealed+againMost {
			code = FailureFileRefused
		}
		if code != "" {
			return u.setFileAside(msg, a, code)
		}
		moved := moved && spent <= 2*a.Sealed+againSoon && !errors.Is(cause, wire.ErrDigest)
		a.Attempts++
		delay := min(firstBackoff<<min(a.Attempts-1, 20), transferMost)
		w = wait{soft: true, why: failureOffline}
		switch {
		case errors.Is(cause, chat.ErrReadOnly):
			w = wait{}
		case errors.Is(cause, wire.ErrQuota):
			w = wait{why: FailureQuota}
			if after, ok := wire.RetryAfter(cause); ok {
				delay = max(after, firstBackoff)
			}
		case moved:
			a.Attempts, delay = 1, onwards
		}
		a.NotBefore = u.now.Add(delay)
		if !w.soft {
			w.until = a.NotBefore
		}
		return u.Attachments().Put(a)
	})
	if err != nil {
		return wait{until: m.now().Add(firstBackoff)} // the store; nothing is lost
	}
	return w
}

// setFileAside ends a transfer until the person acts. What came of a file is removed; an own message is shown as failed.
func (u *unit) setFileAside(msg chat.Message, a chat.Attachment, code string) error {
	if msg.Direction == chat.In {
		a.Blob, a.Stored = chat.BlobID{}, false
		return u.stopFile(msg, a, code)
	}
	if err := u.stopFile(msg, a, code); err != nil {
		return err
	}
	items, err := u.Queue().ForMessage(msg.ID)
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.State != chat.QueueHeld {
			continue
		}
		item.State, item.Failure = chat.QueueParked, code
		if err := u.Queue().Put(item); err != nil {
			return err
		}
	}
	return u.visibleState(msg.ID, chat.Failed, code)
}

// errStalled ends a transfer that moves nothing.
var errStalled = errors.New("messenger: the transfer stands still")

// watched returns a context that ends when nothing was counted for stalledAfter, and what counts.
func watched(parent context.Context, counted func(n int)) (ctx context.Context, count func(n int), stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	timer := time.AfterFunc(stalledAfter, func() { cancel(errStalled) })
	return ctx, func(n int) {
			timer.Reset(stalledAfter)
			counted(n)
		}, func() {
			timer.Stop()
			cancel(nil)
		}
}

// countingReader and countingWriter tell how many bytes pass.
type countingReader struct {
	io.Reader
	count func(n int)
}

func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.count(n)
	}
	return n, err
}

type countingWriter struct {
	io.Writer
	count func(n int)
}

func (w countingWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if n > 0 {
		w.count(n)
	}
	return n, err
}

// passing is the ciphertext of a file that is verified while it comes.
type passing struct {
	verifier *filecrypt.Verifier
	want     [32]byte
}

// verifying begins to verify a ciphertext that comes from its first byte on. Close it.
func verifying(a chat.Attachment, size int64) (*passing, error) {
	key, err := filecrypt.KeyFrom(a.Key)
	if err != nil {
		return nil, errDamaged
	}
	defer key.Zero()
	v, err := filecrypt.NewVerifier(key, size)
	if err != nil {
		return nil, errDamaged
	}
	return &passing{v, a.Hash}, nil
}

// into returns what writes to w, and has that verified which w took.
func (p *passing) into(w io.Writer) io.Writer { return passingWriter{w, p.verifier} }

type passingWriter struct {
	io.Writer
	verifier *filecrypt.Verifier
}

func (w passingWriter) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if n > 0 {
		if _, failed := w.verifier.Write(b[:n]); err == nil {
			err = failed
		}
	}
	return n, err
}

// check answers errDamaged unless what came is the ciphertext that the message names, every chunk of it.
func (p *passing) check() error {
	sum, err := p.verifier.Sum()
	if err != nil || sum != p.want {
		return errDamaged
	}
	return nil
}

func (p *passing) close() { _ = p.verifier.Close() } // it never fails

// verifyFile reads a whole ciphertext and answers errDamaged unless it is the one that the message names, every chunk of it.
func verifyFile(src io.ReaderAt, a chat.Attachment, size int64) error {
	key, err := filecrypt.KeyFrom(a.Key)
	if err != nil {
		return errDamaged
	}
	defer key.Zero()
	sum, err := filecrypt.Verify(io.NewSectionReader(src, 0, a.Sealed), key, size)
	if err = damagedFile(err); errors.Is(err, chat.ErrFileDamaged) || err == nil && sum != a.Hash {
		return errDamaged
	}
	return err
}
