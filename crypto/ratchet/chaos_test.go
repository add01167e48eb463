package ratchet

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/cryptotest"
	"time"
)

// Chaos is how much of it a run of the tests goes through; the step that fails and its seed are printed,
// and `go test -run 'Chaos/seed=N$'` repeats it, keys included.
const (
	chaosSeeds      = 200
	chaosSeedsShort = 16
	chaosSteps      = 2000
)

// I1 to I4: under loss, reordering, duplicates, altered bits, splices, restarts, failed commits and
// passing days every genuine message that the limits of section 6.7 allow opens at its first delivery,
// and nothing else opens ever. What the limits allow is computed by a model that knows no keys.
func TestChaos(t *testing.T) {
	seeds := chaosSeeds
	if testing.Short() {
		seeds = chaosSeedsShort
	}
	var sum tally
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, uint64(seed))
			c := newChaos(t, uint64(seed))
			for c.step = range chaosSteps {
				c.act()
			}
			sum.add(c.tally)
		})
	}
	t.Logf("%d seeds of %d steps: %+v", seeds, chaosSteps, sum)
	if t.Failed() {
		return
	}
	// The chaos must contain what it is about; with -run one seed is chosen and this says nothing.
	if sum.seeds == seeds {
		for what, n := range map[string]int{
			"opened": sum.opened, "late": sum.late, "turns": sum.turns, "duplicates": sum.duplicates, "forged": sum.forged,
			"restarts": sum.restarts, "beyond a limit": sum.beyond, "undone": sum.undone,
		} {
			if n < seeds {
				t.Errorf("%s: only %d in %d seeds", what, n, seeds)
			}
		}
	}
}

// tally counts what happened.
type tally struct {
	seeds                                         int
	sent, opened, late, turns, duplicates, beyond int
	forged, restarts, undone                      int
}

func (s *tally) add(o tally) {
	s.seeds++
	s.sent, s.opened, s.late, s.turns = s.sent+o.sent, s.opened+o.opened, s.late+o.late, s.turns+o.turns
	s.duplicates, s.beyond = s.duplicates+o.duplicates, s.beyond+o.beyond
	s.forged, s.restarts, s.undone = s.forged+o.forged, s.restarts+o.restarts, s.undone+o.undone
}

// parcel is a genuine message and what a model without keys knows about it.
type parcel struct {
	text             string
	message          []byte
	chain            int
	number, previous uint32
}

// resident is one side under chaos.
type resident struct {
	*side
	chain            int    // own chain, from 0; -1 before an acceptor has one
	number, previous uint32 // of the next own message
	model            receiver
	incoming         []*parcel // under way to this side
	past             []*parcel // delivered to it at least once, the newest
}

type chaos struct {
	t     *testing.T
	rand  *rand.Rand
	step  int
	storm bool // long bursts, so that limits are reached
	alice *resident
	bob   *resident
	other []byte // a message of another session
	tally
}

func newChaos(t *testing.T, seed uint64) *chaos {
	a, b, _ := newSession(t)
	carol, _, _ := newSession(t)
	return &chaos{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), storm: seed%8 == 0,
		alice: &resident{side: a}, bob: &resident{side: b, chain: -1}, other: carol.send("elsewhere"),
	}
}

func (c *chaos) fail(format string, args ...any) {
	c.t.Helper()
	c.t.Fatalf("step %d: %s", c.step, fmt.Sprintf(format, args...))
}

func (c *chaos) act() {
	from, to := c.alice, c.bob
	if c.rand.IntN(2) == 0 {
		from, to = to, from
	}
	switch n := c.rand.IntN(100); {
	case n < 27:
		c.write(from, to, false)
	case n < 62:
		if p := c.pick(&to.incoming, true); p != nil {
			c.deliver(to, p)
		}
	case n < 66:
		c.pick(&to.incoming, true) // lost
	case n < 74:
		if p := c.pick(&to.past, false); p != nil {
			c.deliver(to, p)
		}
	case n < 86:
		c.forge(from, to)
	case n < 92:
		to.restart()
		c.restarts++
	case n < 96:
		c.undo(from, to)
	case n < 98:
		d := time.Duration(c.rand.IntN(30)-2) * time.Hour
		from.now, to.now = from.now.Add(d), to.now.Add(d)
	default:
		c.burst(from, to)
	}
}

// write seals a message; a lost one never gets under way.
func (c *chaos) write(from, to *resident, lost bool) {
	text := fmt.Sprintf("%d of chain %d", from.number, from.chain)
	next, message, err := Encrypt(from.state, []byte(text), associated)
	if from.chain < 0 {
		if !errors.Is(err, ErrNotReady) {
			c.fail("an acceptor that has opened nothing writes: %v", err)
		}
		return
	}
	if err != nil {
		c.fail("write: %v", err)
	}
	from.state = next
	if !lost {
		to.incoming = append(to.incoming, &parcel{text, message, from.chain, from.number, from.previous})
	}
	from.number++
	c.sent++
}

// burst writes many at once; most are lost.
func (c *chaos) burst(from, to *resident) {
	n := 1 + c.rand.IntN(12)
	if c.storm && c.rand.IntN(4) == 0 {
		n = 300 + c.rand.IntN(1000)
	}
	for i := range n {
		c.write(from, to, i < n-1 && c.rand.IntN(8) > 0)
	}
}

// pick takes a parcel, mostly an early one, out of the list or leaves it there.
func (c *chaos) pick(list *[]*parcel, out bool) *parcel {
	if len(*list) == 0 {
		return nil
	}
	i := min(c.rand.IntN(len(*list)), c.rand.IntN(len(*list)))
	p := (*list)[i]
	if out {
		*list = slices.Delete(*list, i, i+1)
	}
	return p
}

// deliver hands a genuine message over and compares what happens with the model.
func (c *chaos) deliver(to *resident, p *parcel) {
	want := to.model.verdict(p)
	next, plaintext, opened, err := c.decrypt(to, p.message, associated)
	switch {
	case want == nil && (err != nil || string(plaintext) != p.text):
		c.fail("%q reads %q, %v", p.text, plaintext, err)
	case want != nil && !errors.Is(err, want):
		c.fail("%q: %v, want %v", p.text, err, want)
	}
	switch {
	case errors.Is(want, ErrDuplicate):
		c.duplicates++
		return
	case want != nil:
		c.beyond++
		return
	}
	turn := to.model.newest() < p.chain
	if opened.Turn != turn || opened.Number != p.number {
		c.fail("%q is reported as %+v", p.text, opened)
	}
	if !turn && p.number < to.model.chains[0].next || p.chain < to.model.newest() {
		c.late++
	}
	to.state = next
	to.model.open(p)
	if turn {
		c.turns++
		to.chain++
		to.previous, to.number = to.number, 0
	}
	c.opened++
	if stored := to.state.Status(start).SkippedKeys; stored != to.model.stored() {
		c.fail("%d keys are stored, want %d", stored, to.model.stored())
	}
	to.past = append(to.past, p)
	if len(to.past) > 100 {
		to.past = to.past[1:]
	}
}

// undo lets a step happen whose commit fails: it has not happened, and what it would have sent is lost.
func (c *chaos) undo(from, to *resident) {
	c.undone++
	if _, _, err := Encrypt(from.state, []byte("never left"), associated); err != nil && from.chain >= 0 {
		c.fail("write: %v", err)
	}
	if p := c.pick(&to.incoming, false); p != nil {
		_, plaintext, _, err := c.decrypt(to, p.message, associated)
		if want := to.model.verdict(p); !errors.Is(err, want) || want == nil && string(plaintext) != p.text {
			c.fail("%q reads %q, %v, want %v", p.text, plaintext, err, want)
		}
	}
}

// forge makes something that nobody sent out of what was sent.
func (c *chaos) forge(from, to *resident) {
	genuine := c.pick(&to.incoming, false)
	if genuine == nil || c.rand.IntN(4) == 0 {
		genuine = c.pick(&to.past, false)
	}
	if genuine == nil {
		return
	}
	m := bytes.Clone(genuine.message)
	ad := associated
	switch n := c.rand.IntN(20); {
	case n < 8: // a bit, anywhere
		m[c.rand.IntN(len(m))] ^= 1 << c.rand.IntN(8)
	case n < 13: // a bit of what steers the ratchet
		m[c.rand.IntN(HeaderSize)] ^= 1 << c.rand.IntN(8)
	case n == 13:
		m = m[:c.rand.IntN(len(m))]
	case n == 14:
		m = append(m, byte(c.rand.IntN(256)))
	case n == 15:
		ad = associated[1:]
	case n == 16: // of another session
		m = bytes.Clone(c.other)
	case n == 17: // of another session, relabelled
		m = append(bytes.Clone(m[:2+16]), c.other[2+16:]...)
		m[1] = c.other[1]
	default: // spliced from two, or reflected
		with := c.pick(&to.incoming, false)
		if n == 19 || with == nil {
			with = c.pick(&from.incoming, false)
		}
		if with == nil {
			return
		}
		if cut := c.rand.IntN(min(len(m), len(with.message))); n < 19 {
			m = append(m[:cut], with.message[cut:]...)
		} else {
			m = bytes.Clone(with.message)
		}
		if bytes.Equal(m, genuine.message) || n < 19 && bytes.Equal(m, with.message) {
			return
		}
	}
	_, plaintext, _, err := c.decrypt(to, m, ad)
	if !errors.Is(err, ErrUndecryptable) && !errors.Is(err, ErrDuplicate) {
		c.fail("a forgery reads %q, %v", plaintext, err)
	}
	c.forged++
}

// decrypt is Decrypt, with a look at what a refusal leaves behind (I1): the state given back is the one
// handed in, and now and then its bytes are compared.
func (c *chaos) decrypt(to *resident, message, ad []byte) (State, []byte, Opened, error) {
	var before []byte
	if c.step%8 == 0 {
		before = to.state.Marshal()
	}
	next, plaintext, opened, err := Decrypt(to.state, message, ad, to.now)
	if err != nil && (next != to.state || plaintext != nil) {
		c.fail("a refused message changes the state: %v", err)
	}
	if before != nil && !bytes.Equal(to.state.Marshal(), before) {
		c.fail("Decrypt changes the state it was given")
	}
	return next, plaintext, opened, err
}
