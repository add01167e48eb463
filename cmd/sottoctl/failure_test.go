package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/crypto/encode"
	"sotto/transport/wire"
)

// TestEveryFailureOfTheNetworkIsNamedAndLosesNothing lets relay, links and invitations fail in the ways people meet, and
// looks each time at the code, the exit, and at what was there before. Ada is on a relay process, Bo and Cleo were made
// with the defaults.
func TestEveryFailureOfTheNetworkIsNamedAndLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs whole programs")
	}
	said := &journal{}
	relay := startMortalRelay(t)
	relay.words = said
	relay.restart() // so that all it says is heard
	ada := startPeerIn(t, said, "Ada Lovelace-Byron", "--relay", relay.pass)
	bo := startPeerIn(t, said, "Bo Diddley-Bates")
	cleo := startPeerIn(t, said, "Cleo de Merode")
	used := acquaintOverLink(t, ada, bo)
	w := &witness{t: t, ada: ada, bo: bo}
	w.say("before anything failed")

	var open inviteObject
	ada.call("invite", map[string]any{"reusable": true}).into(&open)

	lead := forgeRelay(t, open.Link, hostileRelay(t, silent(t)))
	unanswered := (&mortal{peer: cleo}).begin("add", map[string]any{"link": lead, "confirm_relay": true})

	t.Run("malformed links", func(t *testing.T) {
		for name, link := range malformedLinks(open.Link) {
			r := cleo.call("add", map[string]any{"link": link, "confirm_relay": true})
			if r.err == nil || r.err.Data == nil || r.err.Data.Code != "malformed" || r.err.Data.Exit != exitUsage {
				t.Errorf("%s: %s %+v", name, r.result, r.err)
			}
		}
		later := forge(t, open.Link, func(b []byte) []byte { b[0]++; return b })
		cleo.call("add", map[string]any{"link": later, "confirm_relay": true}).fails(exitFailed, "newer-format")
		cleo.nobody()
	})

	t.Run("an expired invitation", func(t *testing.T) {
		var short inviteObject
		ada.call("invite", map[string]any{"expires": "1s"}).into(&short)
		for end := time.Now().Add(patience); ; {
			r := cleo.call("add", map[string]any{"link": short.Link})
			if r.err == nil || r.err.Data == nil || time.Now().After(end) {
				t.Fatalf("answered %s %+v", r.result, r.err)
			}
			if r.err.Data.Code != "needs-confirmation" {
				r.fails(exitFailed, "invite-expired")
				break
			}
		}
		cleo.nobody()
	})

	t.Run("used-up and withdrawn invitations", func(t *testing.T) {
		cleo.call("add", map[string]any{"link": used, "confirm_relay": true}).fails(exitFailed, "invite-used")
		unknown := forge(t, open.Link, func(b []byte) []byte { b[40] ^= 1; return b }) // another token
		cleo.call("add", map[string]any{"link": unknown, "confirm_relay": true}).fails(exitFailed, "invite-used")
		ada.call("add", map[string]any{"link": open.Link}).fails(exitFailed, "own-invite")
		bo.call("add", map[string]any{"link": open.Link}).fails(exitFailed, "exists")
		cleo.nobody()
	})

	t.Run("a relay that answers nonsense", func(t *testing.T) {
		answers := map[string]<-chan reply{}
		for name, behave := range nonsense(t) {
			link := forgeRelay(t, open.Link, hostileRelay(t, behave))
			answers[name] = (&mortal{peer: cleo}).begin("add", map[string]any{"link": link, "confirm_relay": true})
		}
		late := time.After(patience)
		for name, answer := range answers {
			select {
			case r := <-answer:
				if r.err == nil || r.err.Data == nil || r.err.Data.Code != "offline" || r.err.Data.Exit != exitNetwork {
					t.Errorf("%s: answered %s %+v", name, r.result, r.err)
				}
			case <-late:
				t.Fatalf("%s: no answer", name)
			}
		}
		cleo.nobody()
	})

	t.Run("a relay that gives another bundle", func(t *testing.T) {
		link := forgeRelay(t, open.Link, hostileRelay(t, emptyHanded(t)))
		r := cleo.call("add", map[string]any{"link": link, "confirm_relay": true})
		r.fails(exitUsage, "malformed")
		if r.err != nil && strings.Contains(r.err.Message, "not a whole") {
			t.Errorf("a sound link is said to be broken: %s", r.err.Message)
		}
		cleo.nobody()
	})

	t.Run("a client that sends nonsense to the relay", func(t *testing.T) {
		for name, message := range map[string][]byte{
			"truncated frame": {0x83, 0x0f}, "oversize message": make([]byte, wire.MaxMessage+1), "no frame": []byte("GET / HTTP/1.1"),
		} {
			conn := dialRelay(t, relay.pass)
			if _, _, err := conn.Read(t.Context()); err != nil { // HELLO
				t.Fatal(err)
			}
			conn.Write(t.Context(), binaryMessage, message) //nolint:errcheck // the relay may hang up in the middle
			if _, _, err := conn.Read(t.Context()); err == nil {
				t.Errorf("%s: the relay goes on with the connection", name)
			}
		}
		w.say("after nonsense")
	})

	t.Run("the relay is down", func(t *testing.T) {
		relay.kill()
		ada.event("connection", func(e eventObject) bool { return e.On != nil && !*e.On })
		var first messageObject
		ada.call("send", map[string]any{"contact": bo.id, "text": "queued", "wait": "0"}).into(&first)
		w.expect(ada, first)
		late := bo.call("send", map[string]any{"contact": ada.id, "text": "required", "wait": "1s", "require": "sent"})
		late.fails(exitNetwork, "not-sent")
		w.expect(bo, durable(t, late))
		ada.call("sync", map[string]any{"wait": "1s"}).fails(exitNetwork, "offline")
		ada.call("invite", nil).fails(exitNetwork, "offline")
		cleo.call("add", map[string]any{"link": open.Link, "confirm_relay": true}).fails(exitNetwork, "offline")
		cleo.nobody()
		if s := ada.status(); s.Online || s.Error != "offline" {
			t.Errorf("status %+v", s)
		}
		relay.start()
		ada.call("sync", nil).ok()
		w.say("after the relay came back")
	})

	t.Run("another relay answers at that address", func(t *testing.T) {
		relay.kill()
		impostor := &mortalRelay{
			t: t, program: relay.program, listen: relay.listen, data: filepath.Join(t.TempDir(), "another"), ops: freePort(t), words: os.Stderr,
		}
		impostor.start()
		t.Cleanup(func() { impostor.cmd.Process.Kill() }) //nolint:errcheck // it has ended, unless the test failed before
		ada.event("alert", func(e eventObject) bool { return e.Detail == "relay-identity" })
		var held messageObject
		ada.call("send", map[string]any{"contact": bo.id, "text": "not for the impostor", "wait": "0"}).into(&held)
		w.expect(ada, held)
		late := bo.call("send", map[string]any{"contact": ada.id, "text": "nor this", "wait": "1s", "require": "sent"})
		late.fails(exitNetwork, "not-sent")
		w.expect(bo, durable(t, late))
		ada.call("sync", map[string]any{"wait": "1s"}).fails(exitNetwork, "pin-mismatch")
		ada.call("invite", nil).fails(exitNetwork, "pin-mismatch")
		cleo.call("add", map[string]any{"link": open.Link, "confirm_relay": true}).fails(exitNetwork, "pin-mismatch")
		cleo.nobody()
		if s := ada.status(); s.Online || s.Error != "pin-mismatch" {
			t.Errorf("status %+v", s)
		}
		if page := metrics(t, impostor.ops); strings.Contains(page, "sotto_relay_requests_total{") || !strings.Contains(page, "sotto_relay_connections 0") {
			t.Errorf("the impostor was asked for something:\n%s", page)
		}
		impostor.kill()
		relay.start()
		ada.call("invite", nil).ok() // nobody has to wait for a back-off
		ada.call("sync", nil).ok()
		bo.call("sync", nil).ok()
		w.say("after the impostor went")
	})

	t.Run("a relay that keeps silent holds nobody for long", func(t *testing.T) {
		select {
		case r := <-unanswered:
			r.method = "add"
			r.fails(exitNetwork, "offline")
		case <-time.After(patience):
			t.Fatal("no answer")
		}
		cleo.nobody()
	})

	t.Run("the invitation still serves", func(t *testing.T) {
		cleo.call("add", map[string]any{"link": open.Link, "confirm_relay": true, "require": "sent", "wait": "20s"}).ok()
		ada.event("request", func(e eventObject) bool { return e.ContactID == cleo.id })
	})

	t.Run("what the programs say beside the answers names nobody and no place", func(t *testing.T) {
		for _, p := range []*peer{ada, bo, cleo} {
			p.end()
		}
		relay.kill()
		private := []string{
			open.Link, used, relay.pass, relay.listen, "127.0.0.1", relay.data, os.TempDir(), "before anything failed",
			"not for the impostor", "correct horse", base64.RawURLEncoding.EncodeToString([]byte(ada.id)),
		}
		for _, p := range []*peer{ada, bo, cleo} {
			private = append(private, p.name, strings.Fields(p.name)[1], p.id, p.id[:8], p.dir)
		}
		if hits := said.holds(private); len(hits) > 0 {
			t.Errorf("said %q in:\n%s", hits, said.text())
		}
		planted := &journal{}
		planted.Write([]byte("time=now level=ERROR msg=\"Handshake from 127.0.0.1:4711 of BO DIDDLEY-BATES failed\"\n")) //nolint:errcheck // to memory
		if hits := planted.holds(private); len(hits) != 3 {
			t.Errorf("in a planted line the same search finds %q", hits)
		}
	})
}

// journal keeps what processes write to standard error.
type journal struct {
	mu sync.Mutex
	b  strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// holds returns which of the words were said, in whatever case.
func (j *journal) holds(words []string) (hits []string) {
	said := strings.ToLower(j.text())
	for _, w := range words {
		if strings.Contains(said, strings.ToLower(w)) {
			hits = append(hits, w)
		}
	}
	return hits
}

// startPeerIn is startPeer with its words kept.
func startPeerIn(t testing.TB, words io.Writer, name string, initFlags ...string) *peer {
	t.Helper()
	p, _ := newPeer(t, name, initFlags...)
	p.words = words
	p.serve()
	p.call("subscribe", map[string]any{"since": 0}).ok()
	return p
}

// witness keeps what was written, and holds both sides against it.
type witness struct {
	t       *testing.T
	ada, bo *peer
	mine    []messageObject // in the order of each author
}

// expect remembers a message that must arrive some time.
func (w *witness) expect(author *peer, m messageObject) {
	w.t.Helper()
	if m.ID == "" || m.From != author.id {
		w.t.Fatalf("the message of %s is %+v", author.name, m)
	}
	w.mine = append(w.mine, m)
}

// say sends a text each way and waits until everything written so far is on both sides, once and in order.
func (w *witness) say(text string) {
	w.t.Helper()
	for _, p := range []*peer{w.ada, w.bo} {
		other := map[*peer]*peer{w.ada: w.bo, w.bo: w.ada}[p]
		var sent messageObject
		p.call("send", map[string]any{"contact": other.id, "text": text, "wait": "20s", "require": "sent"}).into(&sent)
		w.expect(p, sent)
	}
	w.settled()
}

func (w *witness) settled() {
	w.t.Helper()
	for end := time.Now().Add(patience); ; {
		wrong := w.compare()
		if wrong == "" {
			return
		}
		if time.Now().After(end) {
			w.t.Fatal(wrong)
		}
		w.ada.call("sync", map[string]any{"wait": "2s"})
		w.bo.call("sync", map[string]any{"wait": "2s"})
	}
}

func (w *witness) compare() string {
	for _, at := range []*peer{w.ada, w.bo} {
		other := map[*peer]*peer{w.ada: w.bo, w.bo: w.ada}[at]
		var got []messageObject
		at.call("messages", map[string]any{"contact": other.id, "limit": 1000}).into(&got)
		for _, author := range []*peer{w.ada, w.bo} {
			var want, here []string
			for _, m := range w.mine {
				if m.From == author.id {
					want = append(want, m.ID+" "+m.Text)
				}
			}
			for _, m := range got {
				if m.From == author.id {
					here = append(here, m.ID+" "+m.Text)
				}
				if m.From == author.id && author == at && (m.State == "queued" || m.State == "failed") {
					return at.name + " has not sent " + m.Text
				}
			}
			if !slices.Equal(want, here) {
				return at.name + " holds of " + author.name + ":\n" + strings.Join(here, "\n") + "\nwant\n" + strings.Join(want, "\n")
			}
		}
	}
	return ""
}

// durable is the object that a failed call says is stored all the same.
func durable(t *testing.T, r reply) (m messageObject) {
	t.Helper()
	if r.err == nil || r.err.Data == nil || r.err.Data.Result == nil {
		t.Fatalf("%s answered no result: %+v", r.method, r.err)
	}
	raw, err := json.Marshal(r.err.Data.Result)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// nobody checks that failed attempts left no contact behind.
func (p *peer) nobody() {
	p.t.Helper()
	var contacts []contactObject
	p.call("contacts", nil).into(&contacts)
	if len(contacts) != 0 {
		p.t.Errorf("%s has contacts %+v", p.name, contacts)
	}
}

// status is what the profile says of its home relay.
func (p *peer) status() relayObject {
	p.t.Helper()
	var s statusObject
	p.call("status", nil).into(&s)
	for _, r := range s.Relays {
		if r.Home {
			return r
		}
	}
	p.t.Fatalf("%s names no home relay: %+v", p.name, s)
	return relayObject{}
}

// acquaintOverLink is acquaint, and returns the link that is used up then.
func acquaintOverLink(t *testing.T, inviter, invited *peer) string {
	t.Helper()
	var invitation inviteObject
	inviter.call("invite", nil).into(&invitation)
	invited.call("add", map[string]any{"link": invitation.Link, "confirm_relay": true}).ok()
	inviter.event("request", func(e eventObject) bool { return e.ContactID == invited.id })
	inviter.call("accept", map[string]any{"id": invited.id, "require": "sent", "wait": "20s"}).ok()
	invited.event("contact", func(e eventObject) bool { return e.Contact != nil && e.Contact.State == "accepted" })
	inviter.call("sync", nil).ok() // the relay has heard that the invitation is used up
	return invitation.Link
}

// malformedLinks are what is left of a link after mails, messengers and people.
func malformedLinks(link string) map[string]string {
	body := strings.TrimPrefix(link, "sotto:")
	flipped := []byte(body)
	flipped[len(flipped)/2] ^= 1
	return map[string]string{
		"empty":          "",
		"scheme alone":   "sotto:",
		"another scheme": "https:" + body,
		"no scheme":      body,
		"cut":            link[:len(link)-1],
		"half":           link[:len(link)/2],
		"first bytes":    link[:len("sotto:")+4],
		"doubled":        link + link,
		"with a tail":    link + "A",
		"mistyped":       "sotto:" + string(flipped),
		"with a gap":     link[:40] + " " + link[40:],
		"with padding":   link + "=",
		"other alphabet": "sotto:" + strings.Repeat("+/", len(body)/2),
		"not base64":     "sotto:" + strings.Repeat("ä", 40),
		"a relay":        "sotto-relay://relay.example:443#web",
		"very long":      "sotto:" + strings.Repeat("A", 1<<16),
		"zeros":          "sotto:" + base64.RawURLEncoding.EncodeToString(make([]byte, 200)),
	}
}

// forge changes the bytes of a link and makes its checksum fit again: the checksum is against typing errors only.
func forge(t *testing.T, link string, change func([]byte) []byte) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(link, "sotto:"))
	if err != nil {
		t.Fatal(err)
	}
	b = change(b[:len(b)-4])
	sum := encode.Hash(encode.Invitation, b)
	return "sotto:" + base64.RawURLEncoding.EncodeToString(append(b, sum[:4]...))
}

// forgeRelay lets a link lead to another relay.
func forgeRelay(t *testing.T, link, relay string) string {
	return forge(t, link, func(b []byte) []byte {
		const head = 2 + 4*32 + 8
		r := encode.NewReader(b[head:])
		grant := r.Bytes(32)
		return encode.Append(encode.Append(b[:head:head], grant), []byte(relay))
	})
}

// metrics reads the relay's counters.
func metrics(t *testing.T, ops string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ops+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		response.Body.Close() //nolint:errcheck // read only
		if err != nil {
			t.Fatal(err)
		}
		// Handshakes that are refused right now count as connections for a moment.
		if strings.Contains(string(page), "sotto_relay_connections 0") || ctx.Err() != nil {
			return string(page)
		}
	}
}

// freePort returns a loopback address that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // free from here on
	return l.Addr().String()
}
