package model

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"sotto/app/apptest"
	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/transport/wire"
)

// state is one state of the world: what both parties have committed and what the relay holds. Nothing else survives
// between two steps.
type state struct {
	stores [2]*memstore.Store
	gates  [2]*apptest.Ledger
	ids    [2]chat.ContactID
	links  [2]string
	net    *network
	clock  time.Time

	said     [2]int          // texts of each party so far
	spent    budget          // faults so far
	backup   [2]*image       // what can be restored
	restored [2]bool         // came back from an older store
	lied     bool            // the relay took its cells back with it
	altered  bool            // the relay delivered something else than it took
	forgot   bool            // the root itself is without sessions
	lost     map[string]bool // texts that a fault explains away, for the side that has not got them

	number int32 // in its search, from 1
	parent *state
	step   string
	actor  int            // party that acted in the step before
	act    func(*process) // what it did; nil: something else happened

	mu        sync.Mutex
	violation string
}

// image is an older store of a party and what the relay's cells held then.
type image struct {
	store *memstore.Store
	cells map[wire.Mailbox][]byte
	key   string
}

// budget counts faults.
type budget struct{ crashes, drops, alters, backups, restores int }

func (b budget) String() string {
	var out strings.Builder
	for _, f := range []struct {
		n    int
		what string
	}{{b.crashes, "crash"}, {b.drops, "loss"}, {b.alters, "alteration"}, {b.backups, "copy"}, {b.restores, "return"}} {
		if f.n > 0 {
			fmt.Fprintf(&out, ", %d %s", f.n, f.what)
		}
	}
	return out.String()
}

func name(party int) string { return [2]string{"Ada", "Ben"}[party] }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (s *state) now() time.Time { return s.clock }

// broken notes the first violation.
func (s *state) broken(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.violation == "" {
		s.violation = fmt.Sprintf(format, args...)
	}
}

func (s *state) anyRestored() bool { return s.restored[0] || s.restored[1] }

// upset reports whether a side may have had reason to give up its session and ask for what it missed (I13).
func (s *state) upset() bool { return s.anyRestored() || s.altered }

// mayMiss reports whether a fault explains that a party has not got a text of the other.
func (s *state) mayMiss(party int, text string) bool {
	return s.lost[text] || s.restored[party] || s.lied
}

// next returns a copy for a step, a minute later. It shares the stores: a process works on a copy of its own.
func (s *state) next(step string) *state {
	n := s.copyWith(s.stores[0], s.stores[1], s.net.clone())
	n.step, n.clock = step, s.clock.Add(time.Minute)
	return n
}

func (s *state) copyWith(a, b *memstore.Store, net *network) *state {
	n := &state{
		stores: [2]*memstore.Store{a, b}, gates: s.gates, ids: s.ids, links: s.links, net: net, clock: s.clock, said: s.said,
		spent: s.spent, backup: s.backup, restored: s.restored, lied: s.lied, altered: s.altered, forgot: s.forgot, lost: map[string]bool{}, parent: s, step: s.step,
	}
	for k := range s.lost {
		n.lost[k] = true
	}
	return n
}

// trace lists the steps that lead here.
func (s *state) trace() string {
	var steps []string
	for at := s; at.parent != nil; at = at.parent {
		steps = append(steps, at.step)
	}
	slices.Reverse(steps)
	return strings.Join(steps, " · ")
}

func (s *state) view(party int, f func(tx chat.Tx)) {
	must(s.stores[party].View(context.Background(), func(tx chat.Tx) error { f(tx); return nil }))
}

// thread returns the conversation as a party sees it.
func (s *state) thread(party int) (out []chat.Message) {
	s.view(party, func(tx chat.Tx) {
		var err error
		out, err = tx.Messages().Page(messenger.DirectConversation(s.ids[0], s.ids[1]), 0, 1000)
		must(err)
	})
	return out
}

// texts returns what an author wrote as a party sees it, in order.
func (s *state) texts(party, author int) (out []string) {
	for _, m := range s.thread(party) {
		if m.Author == s.ids[author] {
			out = append(out, m.Text)
		}
	}
	return out
}

func (s *state) sessions(party int) (out []chat.Session) {
	s.view(party, func(tx chat.Tx) {
		var err error
		out, err = tx.Sessions().ForPeer(s.ids[1-party])
		must(err)
	})
	return out
}

// contact returns where the other party stands with a party, empty when unknown.
func (s *state) contact(party int) (state chat.ContactState) {
	s.view(party, func(tx chat.Tx) {
		if c, err := tx.Contacts().Get(s.ids[1-party]); err == nil {
			state = c.State
		}
	})
	return state
}

func (s *state) queue(party int) (out []chat.QueueItem) {
	s.view(party, func(tx chat.Tx) {
		var err error
		out, err = tx.Queue().List()
		must(err)
	})
	return out
}

// rejected returns how many envelopes a party refused.
func (s *state) rejected(party int) int {
	var r struct{ Count int }
	s.view(party, func(tx chat.Tx) {
		if b, err := tx.Settings().Get("messenger/rejected"); err == nil {
			must(json.Unmarshal(b, &r))
		}
	})
	return r.Count
}

func (s *state) alerts(party int, code string) (n int) {
	s.view(party, func(tx chat.Tx) {
		list, err := tx.Events().Since(0, 10000)
		must(err)
		for _, e := range list {
			var body messenger.Event
			must(json.Unmarshal(e.Body, &body))
			if body.Type == messenger.EventAlert && body.Detail == code {
				n++
			}
		}
	})
	return n
}

// fingerprint hashes what an envelope that is no news must leave as it was: everything for a repeated one. One that was
// altered may make a side give up its session and ask for a new one (I13), but changes neither a ratchet nor the rest (I1).
func (s *state) fingerprint(party int, known []chat.Session, everything bool) [32]byte {
	h := sha256.New()
	enc := json.NewEncoder(h)
	s.view(party, func(tx chat.Tx) {
		sessions, err := tx.Sessions().ForPeer(s.ids[1-party])
		must(err)
		if everything {
			must(enc.Encode(sessions))
		}
		for _, k := range known {
			session, err := tx.Sessions().Get(k.ID)
			must(err)
			must(enc.Encode([]any{session.State[stateHead:], session.Header}))
		}
		routes, err := tx.Routes().ForPeer(s.ids[1-party])
		must(err)
		contacts, err := tx.Contacts().List()
		must(err)
		boxes, err := tx.Mailboxes().List()
		must(err)
		must(enc.Encode([]any{routes, contacts}))
		for _, mb := range boxes {
			keys, err := tx.Prekeys().ForMailbox(mb.ID)
			must(err)
			must(enc.Encode(keys))
		}
	})
	if everything {
		must(enc.Encode(s.queue(party)))
	}
	must(enc.Encode(s.thread(party)))
	return [32]byte(h.Sum(nil))
}

// stateHead is what stands before the ratchet in a stored session (docs/PROTOCOL.md section 7): version, flags, binding,
// the session before; then the length of the ratchet.
const stateHead = 1 + 1 + 32 + 16

// names gives ids short names in the order they are first met, so that states that differ in random bytes only are one.
type names map[string]string

func (n names) of(kind, id string) string {
	if _, ok := n[id]; !ok {
		n[id] = fmt.Sprintf("%s%d", kind, len(n))
	}
	return n[id]
}

// key is the abstract state: two states with the same key behave alike.
func (s *state) key() [sha256.Size]byte {
	b, known := &strings.Builder{}, names{}
	for party := range 2 {
		s.describe(b, known, party)
	}
	for _, box := range s.net.boxes {
		fmt.Fprintf(b, "\nbox %d pre %d cell %t:", box.owner, len(box.prekeys), box.cell != nil)
		for _, l := range box.waiting {
			b.WriteString(" " + describeLetter(known, l))
		}
	}
	lost := make([]string, 0, len(s.lost))
	for k := range s.lost {
		lost = append(lost, k)
	}
	sort.Strings(lost)
	fmt.Fprintf(b, "\nsaid %v spent %v restored %v lied %t altered %t lost %v", s.said, s.spent, s.restored, s.lied, s.altered, lost)
	for party, i := range s.backup {
		if i != nil {
			fmt.Fprintf(b, "\nbackup %d %s", party, i.key)
		}
	}
	return sha256.Sum256([]byte(b.String()))
}

// partyKey is the abstract state of one party alone.
func (s *state) partyKey(party int) string {
	b := &strings.Builder{}
	s.describe(b, names{}, party)
	return b.String()
}

func describeLetter(known names, l letter) string {
	h := readHeader(l.envelope)
	return fmt.Sprintf("%s[%t %t%t %d %s %s %d %d]", l.carries, l.altered, h.initial, h.pair != nil, h.flags, known.of("s", h.session),
		known.of("c", h.chain), h.previous, h.number)
}

// describe writes the abstract state of one party.
func (s *state) describe(b *strings.Builder, known names, party int) {
	fmt.Fprintf(b, "\n%s %s:", name(party), s.contact(party))
	for _, m := range s.thread(party) {
		fmt.Fprintf(b, " %s/%s/%s", m.Text, m.Direction, m.State)
	}
	for _, item := range s.queue(party) {
		c, err := content.Decode(item.Content)
		must(err)
		_, wired := s.net.sealed[c.ID.String()]
		fmt.Fprintf(b, " q:%s/%s/%t/%t", label(c), item.State, item.Envelope != nil, wired)
	}
	fmt.Fprintf(b, " rejected %d", s.rejected(party))
	sessions := s.sessions(party)
	for i, session := range sessions {
		fmt.Fprintf(b, "\n %s archived %t header %t ", known.of("s", hex.EncodeToString(session.ID[:])), !session.Archived.IsZero(), session.Header != nil)
		s.describeRatchet(b, known, party, session)
		if i > 0 { // which of two bindings is the smaller decides who sends
			fmt.Fprintf(b, " %t", string(session.State[2:34]) < string(sessions[0].State[2:34]))
		}
	}
	s.view(party, func(tx chat.Tx) {
		boxes, err := tx.Mailboxes().List()
		must(err)
		for _, mb := range boxes {
			keys, err := tx.Prekeys().ForMailbox(mb.ID)
			must(err)
			fmt.Fprintf(b, "\n mb %t %t %t %d", mb.Contact.IsZero(), mb.Renewed.IsZero(), mb.Retired.IsZero(), len(keys))
		}
	})
}

// describeRatchet writes the public parts of a stored ratchet (docs/PROTOCOL.md sections 6.9 and 7).
func (s *state) describeRatchet(b *strings.Builder, known names, party int, session chat.Session) {
	fmt.Fprintf(b, "flags %d after %s ", session.State[1], known.of("s", hex.EncodeToString(session.State[34:stateHead])))
	r := session.State[stateHead+4:]
	role, parts := r[1], r[2]
	id, own, peer := hex.EncodeToString(r[3:19]), hex.EncodeToString(r[115:147]), hex.EncodeToString(r[147:179])
	fmt.Fprintf(b, "role %d parts %d own %s peer %s", role, parts, known.of("c", own), known.of("c", peer))
	r = r[191:]
	if parts&1 != 0 {
		n, previous, flags := binary.BigEndian.Uint32(r[32:]), binary.BigEndian.Uint32(r[36:]), r[40]
		_, used := s.net.slots[slotName(party, header{session: id, chain: own, number: n})]
		fmt.Fprintf(b, " send %d %d %d %t", n, previous, flags, used)
		r = r[41:]
		switch flags {
		case 2:
			r = r[1088:]
		case 6:
			r = r[2176:]
		}
	}
	for bit, size := range map[byte]int{2: 64, 4: 64, 8: 1184} {
		if parts&bit != 0 {
			r = r[size:]
		}
	}
	chains := int(r[0])
	r = r[1:]
	for range chains {
		open := r[64] == 1
		fmt.Fprintf(b, " (%s %t", known.of("c", hex.EncodeToString(r[:32])), open)
		r = r[65:]
		if open {
			r = r[32:]
		}
		fmt.Fprintf(b, " %d", binary.BigEndian.Uint32(r))
		stored := int(binary.BigEndian.Uint16(r[8:]))
		r = r[10:]
		for range stored {
			fmt.Fprintf(b, " k%d", binary.BigEndian.Uint32(r))
			r = r[36:]
		}
		b.WriteString(")")
	}
}
