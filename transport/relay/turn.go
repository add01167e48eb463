package relay

import (
	"hash"
	"sync"

	"sotto/transport/relay/store"
)

// maxUploads is how many uploads are kept at hand with their hash.
const maxUploads = 4096

// uploads gives each unfinished file to one request at a time: the newest, because the one before it may hang on a
// connection that its client has given up.
type uploads struct {
	mu   sync.Mutex
	held map[store.BlobFile]*upload
}

type upload struct {
	turn   sync.Mutex // the file is this request's
	users  int        // requests that hold or want it, of uploads.mu
	newest *transfer  // of uploads.mu

	// Of whoever has the turn: SHA-256 of the first hashed bytes; nil when not known.
	sum    hash.Hash
	hashed int64
}

// take waits until the file is this request's, ending the request that had it. It reports false when a newer one has
// ended this one. done gives the file on.
func (u *uploads) take(t *transfer, file store.BlobFile) (h *upload, done func(), ok bool) {
	u.mu.Lock()
	h = u.held[file]
	if h == nil {
		u.prune()
		h = &upload{}
		u.held[file] = h
	}
	h.users++
	if h.newest != nil {
		h.newest.cancel()
	}
	h.newest = t
	u.mu.Unlock()
	h.turn.Lock() // its holder was told to end, and only syncs
	done = func() {
		h.turn.Unlock()
		u.mu.Lock()
		defer u.mu.Unlock()
		h.users--
		if h.newest == t {
			h.newest = nil
		}
	}
	if t.ctx.Err() != nil {
		done()
		return nil, nil, false
	}
	return h, done, true
}

// prune forgets uploads nobody works on when there are many; u.mu is held. Their hash is computed anew when needed.
func (u *uploads) prune() {
	if len(u.held) < maxUploads {
		return
	}
	for file, h := range u.held {
		if h.users == 0 {
			delete(u.held, file)
		}
	}
}

// end ends the request that works on a file.
func (u *uploads) end(file store.BlobFile) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if h := u.held[file]; h != nil && h.newest != nil {
		h.newest.cancel()
	}
}

// forget drops what is kept of an upload that has ended: its row is committed or gone, and nobody appends any more.
func (u *uploads) forget(file store.BlobFile) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.held, file)
}
