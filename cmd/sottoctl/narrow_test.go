package main

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// way is a direction through a narrow: to the relay, or from it.
type way int

const (
	up way = iota
	down
)

// step is what is to happen when so many bytes have gone one way. Whoever takes it from the narrow closes done; until then
// the connection that reached it stands still.
type step struct {
	way  way
	at   int64
	what string
	done chan struct{}
}

// narrow is a TCP proxy before a relay. It counts what goes through and stops for each step.
type narrow struct {
	t        *testing.T
	pass     string // of the relay behind it
	to       string
	happened chan step

	mu    sync.Mutex
	conns map[net.Conn]bool
	moved [2]int64
	steps [2][]step
}

// startNarrow puts a proxy before a relay.
func startNarrow(t *testing.T, pass, to string) *narrow {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &narrow{t: t, to: to, pass: strings.Replace(pass, to, l.Addr().String(), 1), happened: make(chan step), conns: map[net.Conn]bool{}}
	if n.pass == pass {
		t.Fatal("the pass does not name where the relay listens")
	}
	ended := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { n.serve(c, ended) })
		}
	})
	t.Cleanup(func() {
		close(ended)
		l.Close() //nolint:errcheck // the test is over
		n.cut()
		running.Wait()
	})
	return n
}

func (n *narrow) serve(c net.Conn, ended <-chan struct{}) {
	defer c.Close() //nolint:errcheck // it may be cut
	r, err := net.Dial("tcp4", n.to)
	if err != nil {
		return
	}
	defer r.Close() //nolint:errcheck // it may be cut
	n.mu.Lock()
	n.conns[c], n.conns[r] = true, true
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.conns, c)
		delete(n.conns, r)
	}()
	var both sync.WaitGroup
	both.Go(func() { n.carry(r, c, up, ended) })
	both.Go(func() { n.carry(c, r, down, ended) })
	both.Wait()
}

func (n *narrow) carry(to, from net.Conn, w way, ended <-chan struct{}) {
	defer to.Close()   //nolint:errcheck // it may be cut
	defer from.Close() //nolint:errcheck // it may be cut
	buffer := make([]byte, 16<<10)
	for {
		got, err := from.Read(buffer)
		if got > 0 {
			for _, s := range n.count(w, got) {
				select {
				case n.happened <- s:
					<-s.done
				case <-ended:
					return
				}
			}
			if _, err := to.Write(buffer[:got]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// count adds bytes and returns the steps that are reached.
func (n *narrow) count(w way, bytes int) (reached []step) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.moved[w] += int64(bytes)
	for len(n.steps[w]) > 0 && n.moved[w] >= n.steps[w][0].at {
		reached = append(reached, n.steps[w][0])
		n.steps[w] = n.steps[w][1:]
	}
	return reached
}

// plan sets what is to happen, counted from now.
func (n *narrow) plan(steps ...step) {
	n.mu.Lock()
	defer n.mu.Unlock()
	slices.SortFunc(steps, func(a, b step) int { return int(a.at - b.at) })
	for _, s := range steps {
		s.at += n.moved[s.way]
		s.done = make(chan struct{})
		n.steps[s.way] = append(n.steps[s.way], s)
	}
}

// left returns how many steps have not happened.
func (n *narrow) left() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.steps[up]) + len(n.steps[down])
}

// cut ends every connection.
func (n *narrow) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		c.Close() //nolint:errcheck // that is what is wanted
	}
}
