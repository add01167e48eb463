package profile

import (
	"context"
	"errors"
	"sync"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/chat"
)

// previews makes the small pictures of what was fetched, one after the other, beside everything else: a picture of a
// stranger is never decoded where messages are received.
type previews struct {
	p    *Profile
	wake chan struct{}

	mu  sync.Mutex
	due []chat.MessageID
}

// mostPreviews bounds how many pictures wait; what does not fit is made when somebody looks.
const mostPreviews = 256

// makePreviews begins to listen and to work until ctx ends.
func (p *Profile) makePreviews(ctx context.Context) {
	w := &previews{p: p, wake: make(chan struct{}, 1)}
	stop := p.Messenger.Subscribe(w.heard)
	p.tending.Go(func() {
		defer stop()
		w.work(ctx)
	})
}

func (w *previews) heard(e messenger.Event) {
	if e.Type != messenger.EventFile || e.Detail != string(chat.FileHere) {
		return
	}
	w.mu.Lock()
	if len(w.due) < mostPreviews {
		w.due = append(w.due, e.Message)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *previews) work(ctx context.Context) {
	for {
		for id, due := w.next(); due; id, due = w.next() {
			w.make(ctx, id)
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		}
	}
}

// make keeps the small picture of a file that came from somebody else; without it, it stays as it came. That of an own file
// was made before it was sent.
func (w *previews) make(ctx context.Context, id chat.MessageID) {
	if m, err := w.p.Messenger.Message(ctx, id); err == nil && m.Direction == chat.In {
		_, _ = w.p.makePreview(ctx, id)
	}
}

func (w *previews) next() (id chat.MessageID, due bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.due) == 0 {
		return id, false
	}
	id, w.due = w.due[0], w.due[1:]
	return id, true
}

// Preview returns the small picture of a message's file, as JPEG of at most chat.MaxPreview bytes: the one kept beside the
// file, or while the file is not here, the one that came inside the message. Where the file is here without a small picture
// of its own, one is made and kept. It may take time and belongs off the thread of a window. Errors: chat.ErrNotFound
// without a file, chat.ErrNotFetched, those of [media.Small] where the file is no picture or exceeds its bounds.
func (p *Profile) Preview(ctx context.Context, id chat.MessageID) ([]byte, error) {
	kept, err := p.Messenger.Preview(ctx, id)
	if err != nil && !errors.Is(err, chat.ErrNotFound) || len(kept) > chat.MaxThumbnail {
		return kept, err
	}
	made, err := p.makePreview(ctx, id)
	if err != nil && len(kept) > 0 {
		return kept, nil
	}
	return made, err
}

// makePreview makes the small picture of a file that is here, and keeps it.
func (p *Profile) makePreview(ctx context.Context, id chat.MessageID) ([]byte, error) {
	r, m, err := p.Messenger.OpenFile(ctx, id)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // it was only read
	small, err := media.Small(ctx, r, m.File.Size)
	if err != nil {
		return nil, err
	}
	if len(small.Preview) == 0 {
		return nil, chat.ErrNotFound
	}
	_ = p.Messenger.PutPreview(ctx, id, small.Preview) // else it is made again the next time
	return small.Preview, nil
}
