package narrow

import (
	"cmp"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Way is a direction through a narrow.
type Way int

// Ways.
const (
	Up   Way = iota // to the relay
	Down            // from it
)

// Step is what is to happen when so many bytes have gone one way. Whoever takes it from the narrow closes Done; until then
// the connection that reached it stands still.
type Step struct {
	Way  Way
	At   int64 // bytes from the Plan on
	What string
	Done chan struct{}
}

// Narrow is a running proxy; it ends with its test.
type Narrow struct {
	Reached chan Step

	t       testing.TB
	to      string
	address string

	mu    sync.Mutex
	conns map[net.Conn]bool
	moved [2]int64
	steps [2][]Step
}

// Start puts a proxy before an address.
func Start(t testing.TB, to string) *Narrow {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &Narrow{t: t, to: to, address: l.Addr().String(), Reached: make(chan Step), conns: map[net.Conn]bool{}}
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
		n.Cut()
		running.Wait()
	})
	return n
}

// Pass returns a relay pass or address with the proxy in the place of what it stands before.
func (n *Narrow) Pass(pass string) string {
	through := strings.Replace(pass, n.to, n.address, 1)
	if through == pass {
		n.t.Fatal("narrow: the pass does not name what the proxy stands before")
	}
	return through
}

func (n *Narrow) serve(c net.Conn, ended <-chan struct{}) {
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
	both.Go(func() { n.carry(r, c, Up, ended) })
	both.Go(func() { n.carry(c, r, Down, ended) })
	both.Wait()
}

func (n *Narrow) carry(to, from net.Conn, w Way, ended <-chan struct{}) {
	defer to.Close()   //nolint:errcheck // it may be cut
	defer from.Close() //nolint:errcheck // it may be cut
	buffer := make([]byte, 16<<10)
	for {
		got, err := from.Read(buffer)
		if got > 0 {
			for _, s := range n.count(w, got) {
				select {
				case n.Reached <- s:
					<-s.Done
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
func (n *Narrow) count(w Way, bytes int) (reached []Step) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.moved[w] += int64(bytes)
	for len(n.steps[w]) > 0 && n.moved[w] >= n.steps[w][0].At {
		reached = append(reached, n.steps[w][0])
		n.steps[w] = n.steps[w][1:]
	}
	return reached
}

// Plan sets what is to happen, counted from now. What was planned before and did not happen stays.
func (n *Narrow) Plan(steps ...Step) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range steps {
		s.At += n.moved[s.Way]
		s.Done = make(chan struct{})
		n.steps[s.Way] = append(n.steps[s.Way], s)
	}
	for w := range n.steps {
		slices.SortStableFunc(n.steps[w], func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	}
}

// Left returns how many steps have not happened.
func (n *Narrow) Left() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.steps[Up]) + len(n.steps[Down])
}

// Moved returns how many bytes have gone one way.
func (n *Narrow) Moved(w Way) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.moved[w]
}

// Cut ends every connection.
func (n *Narrow) Cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		c.Close() //nolint:errcheck // that is what is wanted
	}
}
