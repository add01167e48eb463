package relay

import (
	"context"

	"sotto/transport/relay/store"
)

// syncEvery is after how many bytes of one part the disk begins to sync them.
const syncEvery = 16 << 20

// syncer brings a file to the disk while more of it comes, and records how far it is there.
type syncer struct {
	relay  *Relay
	file   store.BlobFile
	part   store.BlobPart
	synced int64
	under  chan error // a sync under way
	err    error
}

// reached begins a sync when enough has come since the last one, at most one at a time.
func (s *syncer) reached(size int64) {
	if size-s.synced < syncEvery {
		return
	}
	if s.wait(); s.err != nil {
		return
	}
	s.synced = size
	s.under = make(chan error, 1)
	go func() { s.under <- s.sync(size) }()
}

func (s *syncer) wait() {
	if s.under == nil {
		return
	}
	if err := <-s.under; s.err == nil {
		s.err = err
	}
	s.under = nil
}

func (s *syncer) sync(size int64) error {
	if err := s.part.Sync(); err != nil {
		return err
	}
	// What has come is kept whatever happens to the connection, so its context is not this one's.
	return s.relay.opts.Store.SyncBlob(context.WithoutCancel(s.relay.ctx), s.file, size)
}

// finish returns when all is on the disk and recorded.
func (s *syncer) finish(size int64) error {
	s.wait()
	if s.err == nil && size != s.synced {
		s.err = s.sync(size)
	}
	return s.err
}
