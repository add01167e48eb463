package relay

// hashBlocks is how many blocks of one upload are in memory: one that comes, one that is hashed, one between.
const hashBlocks = 3

// hasher hashes what came of an upload while more of it comes.
type hasher struct {
	free  chan []byte // blocks to read into
	came  chan []byte
	ended chan struct{}
}

// hashing begins it; nobody else may look at the hash of held before end.
func hashing(held *upload, size int64) *hasher {
	h := &hasher{free: make(chan []byte, hashBlocks), came: make(chan []byte, hashBlocks), ended: make(chan struct{})}
	for range hashBlocks {
		h.free <- make([]byte, min(block, size))
	}
	go func() {
		defer close(h.ended)
		for b := range h.came {
			if held.sum != nil {
				held.sum.Write(b)
				held.hashed += int64(len(b))
			}
			h.free <- b[:cap(b)]
		}
	}()
	return h
}

// end waits until all is hashed.
func (h *hasher) end() {
	close(h.came)
	<-h.ended
}
