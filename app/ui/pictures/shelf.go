package pictures

import (
	"container/list"
	"context"
	"errors"
	"image"

	"sotto/app/ui/screen"
	"sotto/chat"
)

// Bounds of a shelf.
const (
	Most    = 16 << 20 // bytes of pixels that are kept
	waiting = 128      // pictures that are asked for at once; of more the newest
)

// Loader reads and decodes the picture of a message. It runs off the UI thread.
type Loader func(ctx context.Context, id chat.MessageID) (image.Image, error)

// Shelf keeps the pixels of pictures, those that were asked for last. Its methods are called on the UI thread.
type Shelf struct {
	work *screen.Work
	load Loader
	came func(chat.MessageID)
	most int64

	kept    map[chat.MessageID]*list.Element
	order   *list.List // of *picture, the one asked for last in front
	bytes   int64
	queue   []ask // the newest last
	reading bool
	shelved int // grows when the shelf is emptied
}

type ask struct {
	id       chat.MessageID
	revision uint64
}

type picture struct {
	ask
	pixels image.Image // nil: it cannot be shown
	size   int64
}

// NewShelf answers an empty shelf. came is called on the UI thread with each picture that was read, also when it cannot be
// shown.
func NewShelf(work *screen.Work, load Loader, came func(chat.MessageID)) *Shelf {
	return &Shelf{work: work, load: load, came: came, most: Most, kept: map[chat.MessageID]*list.Element{}, order: list.New()}
}

// Get answers the picture of a message, and nil while it is read or when it cannot be shown. Another revision than the
// last time, as when the file itself has come in place of a small picture, reads it anew; until then the old one is answered.
func (s *Shelf) Get(id chat.MessageID, revision uint64) image.Image {
	e := s.kept[id]
	if e == nil {
		s.ask(ask{id, revision})
		return nil
	}
	s.order.MoveToFront(e)
	p := e.Value.(*picture)
	if p.revision != revision {
		s.ask(ask{id, revision})
	}
	return p.pixels
}

// Failed reports whether the picture was read and cannot be shown.
func (s *Shelf) Failed(id chat.MessageID) bool {
	e := s.kept[id]
	return e != nil && e.Value.(*picture).pixels == nil
}

// Bytes answers how much is kept.
func (s *Shelf) Bytes() int64 { return s.bytes }

// Empty drops everything, and what is being read when it comes.
func (s *Shelf) Empty() {
	s.shelved++
	clear(s.kept)
	s.order.Init()
	s.bytes, s.queue, s.reading = 0, nil, false
}

func (s *Shelf) ask(a ask) {
	for i, q := range s.queue {
		if q.id == a.id {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			break
		}
	}
	s.queue = append(s.queue, a)
	if len(s.queue) > waiting {
		s.queue = s.queue[1:]
	}
	s.next()
}

// next reads the one that was asked for last: it is the likeliest to be in sight.
func (s *Shelf) next() {
	if s.reading || len(s.queue) == 0 {
		return
	}
	a := s.queue[len(s.queue)-1]
	s.queue = s.queue[:len(s.queue)-1]
	s.reading = true
	shelved := s.shelved
	screen.Run(s.work, func(ctx context.Context) (image.Image, error) { return s.load(ctx, a.id) }, func(img image.Image, err error) {
		if s.shelved != shelved {
			return
		}
		s.reading = false
		if !errors.Is(err, context.Canceled) {
			if err != nil {
				img = nil
			}
			s.keep(a, img)
			s.came(a.id)
		}
		s.next()
	})
}

func (s *Shelf) keep(a ask, img image.Image) {
	if e := s.kept[a.id]; e != nil {
		s.drop(e)
	}
	p := &picture{ask: a, pixels: img, size: sizeOf(img)}
	s.kept[a.id] = s.order.PushFront(p)
	s.bytes += p.size
	for s.bytes > s.most && s.order.Len() > 1 {
		s.drop(s.order.Back())
	}
}

func (s *Shelf) drop(e *list.Element) {
	p := e.Value.(*picture)
	s.order.Remove(e)
	delete(s.kept, p.id)
	s.bytes -= p.size
}

// sizeOf is about what an image takes; a picture that cannot be shown counts, too.
func sizeOf(img image.Image) int64 {
	if img == nil {
		return 64
	}
	b := img.Bounds()
	return int64(b.Dx()) * int64(b.Dy()) * 4
}
