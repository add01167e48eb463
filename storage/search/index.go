package search

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"sotto/chat"
	"sotto/storage/sqlite"
)

// Options of an index. The zero value is right for production.
type Options struct {
	// Quiet is how long after an erasure the snapshot is replaced, when nothing else is erased meanwhile; 0: 2 s.
	Quiet time.Duration
	// Changes is how many messages may be indexed or change until the snapshot is replaced; 0: 20,000.
	Changes int
	// Batch is how many rows are read at once; 0: 512.
	Batch int

	reached func(point string) // tests: points of saving
}

func (o Options) filled() Options {
	if o.Quiet == 0 {
		o.Quiet = 2 * time.Second
	}
	if o.Changes == 0 {
		o.Changes = 20_000
	}
	if o.Batch == 0 {
		o.Batch = 512
	}
	return o
}

// worthSaving is how many changes make a snapshot at the end worth its time; fewer are caught up with in milliseconds.
const worthSaving = 256

// Index is the search index of an open history. It implements chat.Searcher and is safe for concurrent use. It reads
// nothing before it is started.
type Index struct {
	store   *sqlite.Store
	path    string
	options Options

	begin   sync.Once
	started atomic.Bool
	loaded  chan struct{} // closed when searches can be answered
	wake    chan struct{} // holds one token when there may be something new
	end     context.CancelFunc
	ended   chan struct{}
	saves   chan chan error // requests of Save
	closing sync.Once

	held     atomic.Bool
	erased   atomic.Bool // the key of the snapshot was destroyed
	pending  atomic.Int64
	progress atomic.Pointer[chat.Progress]

	mu    sync.Mutex
	seen  int64 // pending when everything before was taken in
	moved chan struct{}

	image   *image // of the feeding goroutine; searches use its lock
	changes int    // since the snapshot
}

var _ chat.Searcher = (*Index)(nil)

// New returns the index of a store, with its snapshot at path. Close it before the store.
func New(store *sqlite.Store, path string, options Options) *Index {
	x := &Index{
		store: store, path: path, options: options.filled(),
		loaded: make(chan struct{}), wake: make(chan struct{}, 1), ended: make(chan struct{}), saves: make(chan chan error), moved: make(chan struct{}),
		image: newImage(),
	}
	x.progress.Store(&chat.Progress{})
	store.Follow(func(erased bool) {
		x.pending.Add(1)
		if erased {
			x.erased.Store(true)
		}
		x.poke()
	})
	return x
}

func (x *Index) poke() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *Index) reach(point string) {
	if x.options.reached != nil {
		x.options.reached(point)
	}
}

// Start loads the snapshot and keeps up with the history, behind the caller. Searching starts it too.
func (x *Index) Start() {
	x.begin.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		x.end = cancel
		x.started.Store(true)
		go x.run(ctx)
	})
}

// Progress implements chat.Searcher.
func (x *Index) Progress() chat.Progress {
	p := *x.progress.Load()
	p.Held = x.held.Load() && !p.Ready
	return p
}

// Hold implements chat.Searcher.
func (x *Index) Hold(on bool) {
	x.held.Store(on)
	x.poke()
}

// Wait returns when everything that was committed before is found, with the context's error when it ends first.
func (x *Index) Wait(ctx context.Context) error {
	x.Start()
	want := x.pending.Load()
	for {
		x.mu.Lock()
		moved, there := x.moved, x.seen >= want && x.Progress().Ready
		x.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		case <-x.ended:
			return chat.ErrLocked
		}
	}
}

// Save replaces the snapshot now, with everything that was committed before.
func (x *Index) Save(ctx context.Context) error {
	if err := x.Wait(ctx); err != nil {
		return err
	}
	done := make(chan error, 1)
	select {
	case x.saves <- done:
		return <-done
	case <-x.ended:
		return chat.ErrLocked
	case <-ctx.Done():
		return ctx.Err()
	}
}

// saw tells those who wait that all up to a number of commits was taken in.
func (x *Index) saw(n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen = n
	close(x.moved)
	x.moved = make(chan struct{})
}

// run feeds the index until the context ends.
func (x *Index) run(ctx context.Context) {
	defer close(x.ended)
	x.open(ctx)
	var quiet <-chan time.Time
	soon := false // quiet waits for an erasure
	var pause time.Duration
	for ctx.Err() == nil {
		n := x.pending.Load()
		if err := x.catchUp(ctx); err == nil {
			x.saw(n)
			if x.changes >= x.options.Changes {
				x.snapshot(ctx)
			}
		}
		switch {
		case x.erased.Load() && !soon:
			quiet, soon = time.After(max(x.options.Quiet, pause)), true
		case quiet == nil && x.image.docs.dead > 0:
			quiet = time.After(removedAfter * x.options.Quiet)
		}
		select {
		case <-ctx.Done():
		case <-x.wake:
		case done := <-x.saves:
			done <- x.save(ctx)
		case <-quiet:
			quiet, soon = nil, false
			begun := time.Now()
			saved := x.snapshot(ctx)
			pause = pausePer * time.Since(begun)
			if !saved {
				quiet, soon = time.After(retryAfter*x.options.Quiet), true
			}
		}
	}
}

// open takes the snapshot in, or begins anew.
func (x *Index) open(ctx context.Context) {
	image := x.load()
	if image.mark == (sqlite.Mark{}) {
		if change, err := x.store.LastChange(ctx); err == nil {
			image.mark.Change = change
		}
	}
	x.image = image
	close(x.loaded)
}

// How much longer than Quiet a snapshot waits that could not be saved, and one that is to be rid of the words of messages
// which were changed or removed without an erasure.
const (
	retryAfter   = 30
	removedAfter = 150
)

// pausePer is how many times as long as the last snapshot took the next waits: messages of a contact may end every second
// for days, and each makes the snapshot unreadable.
const pausePer = 50

// snapshot replaces the snapshot and reports whether it did. What fails leaves the one before or none, and is tried again
// later: the index can always be built anew.
func (x *Index) snapshot(ctx context.Context) bool {
	erased := x.erased.Swap(false)
	err := x.save(ctx)
	if errors.Is(err, sqlite.ErrBehind) && x.catchUp(ctx) == nil {
		err = x.save(ctx)
	}
	if err != nil {
		x.erased.Store(erased)
	}
	x.changes = 0 // a full disk is asked again after as many changes
	return err == nil
}

// Close ends the feeding, saves a snapshot when that is worth it and the context lasts, and clears the index. Close it
// before the store. Closing twice is no error.
func (x *Index) Close(ctx context.Context) error {
	x.closing.Do(func() {
		x.store.Follow(nil)
		x.begin.Do(func() { x.late(ctx) })
		if x.end != nil {
			x.end()
			<-x.ended
		}
		if x.started.Load() && (x.changes >= worthSaving || x.image.docs.dead > 0 || x.erased.Load()) {
			x.snapshot(ctx)
		}
		x.image.zero()
	})
	return nil
}

// late takes in an erasure of a process that never searched, so that the next one finds a snapshot that it can open.
func (x *Index) late(ctx context.Context) {
	defer close(x.ended)
	if !x.erased.Load() {
		close(x.loaded)
		return
	}
	x.open(ctx)
	if x.image.docs.len() > 0 && x.catchUp(ctx) == nil {
		x.snapshot(ctx)
	}
}
