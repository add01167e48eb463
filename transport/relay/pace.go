package relay

import (
	"net/http"
	"sync"
	"time"
)

// A client that brings or takes less than a block in blockTime is given up (docs/PROTOCOL.md section 9.9).
const (
	block     = 64 << 10
	blockTime = time.Minute
)

// pace gives every block of one request its time on the connection.
type pace struct {
	conn *http.ResponseController

	mu    sync.Mutex
	ended bool
}

func newPace(w http.ResponseWriter) *pace {
	p := &pace{conn: http.NewResponseController(w)}
	p.next()
	return p
}

// next gives the next block its time, from now on. The clock is the system's: it is the connection's.
func (p *pace) next() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	end := time.Now().Add(blockTime)
	_ = p.conn.SetReadDeadline(end)
	_ = p.conn.SetWriteDeadline(end)
}

// end makes a read that waits return, and all that follow. An answer may still be written.
func (p *pace) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	_ = p.conn.SetReadDeadline(time.Unix(1, 0))
	_ = p.conn.SetWriteDeadline(time.Now().Add(time.Second))
}
