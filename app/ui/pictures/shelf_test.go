package pictures

import (
	"context"
	"errors"
	"image"
	"sync"
	"testing"

	"sotto/app/apptest/uiqueue"
	"sotto/app/ui/screen"
	"sotto/chat"
)

func id(n byte) chat.MessageID { return chat.MessageID{n} }

// library loads pictures of 100 times 100 pixels, and notes how often.
type library struct {
	mu    sync.Mutex
	loads []chat.MessageID
	fail  map[chat.MessageID]bool
}

func (l *library) load(_ context.Context, id chat.MessageID) (image.Image, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loads = append(l.loads, id)
	if l.fail[id] {
		return nil, errors.New("malformed")
	}
	return image.NewRGBA(image.Rect(0, 0, 100, 100)), nil
}

func (l *library) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.loads)
}

func newShelf(t *testing.T, l *library, came func(chat.MessageID)) (*Shelf, *uiqueue.Queue) {
	t.Helper()
	q := uiqueue.New()
	work := screen.NewWork(q.Do)
	t.Cleanup(func() { work.End(); work.Wait() })
	return NewShelf(work, l.load, came), q
}

func TestAPictureIsReadOnceAndToldWhenItCame(t *testing.T) {
	l := &library{}
	told := 0
	s, q := newShelf(t, l, func(chat.MessageID) { told++ })
	if s.Get(id(1), 1) != nil {
		t.Fatal("a picture was there before it was read")
	}
	q.Until(t, "it came", func() bool { return told == 1 })
	for range 3 {
		if s.Get(id(1), 1) == nil {
			t.Fatal("it is not there")
		}
	}
	if l.count() != 1 {
		t.Errorf("it was read %d times", l.count())
	}
	if s.Get(id(1), 2) == nil {
		t.Error("the old pixels went before the new ones came")
	}
	q.Until(t, "the new revision came", func() bool { return told == 2 })
}

func TestAShelfIsBounded(t *testing.T) {
	l := &library{}
	told := 0
	s, q := newShelf(t, l, func(chat.MessageID) { told++ })
	s.most = 5 * 100 * 100 * 4
	for n := range byte(20) {
		s.Get(id(n+1), 0)
		q.Until(t, "it came", func() bool { return told == int(n)+1 })
		s.Get(id(1), 0) // asked for all the time, it stays
		if s.Bytes() > s.most {
			t.Fatalf("%d bytes are kept", s.Bytes())
		}
	}
	if l.count() != 20 || s.Get(id(1), 0) == nil {
		t.Errorf("%d were read; what is in use was dropped", l.count())
	}
}

func TestWhatCannotBeShownIsNotReadAgain(t *testing.T) {
	l := &library{fail: map[chat.MessageID]bool{id(1): true}}
	told := 0
	s, q := newShelf(t, l, func(chat.MessageID) { told++ })
	s.Get(id(1), 0)
	q.Until(t, "it was tried", func() bool { return told == 1 })
	if s.Get(id(1), 0) != nil || !s.Failed(id(1)) || l.count() != 1 {
		t.Errorf("it was tried %d times", l.count())
	}
}

func TestNothingComesOntoAnEmptiedShelf(t *testing.T) {
	hold, began := make(chan struct{}), make(chan struct{})
	q := uiqueue.New()
	work := screen.NewWork(q.Do)
	defer func() { work.End(); work.Wait() }()
	told := 0
	s := NewShelf(work, func(context.Context, chat.MessageID) (image.Image, error) {
		close(began)
		<-hold
		return image.NewRGBA(image.Rect(0, 0, 9, 9)), nil
	}, func(chat.MessageID) { told++ })
	s.Get(id(1), 0)
	<-began
	s.Empty()
	close(hold)
	work.Wait()
	q.Drain()
	if told != 0 || s.Bytes() != 0 {
		t.Errorf("told %d, %d bytes", told, s.Bytes())
	}
}
