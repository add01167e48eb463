package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/leak"
	"sotto/app/profile"
	"sotto/chat"
)

// The scenario of the first whole Sotto: a relay process and three profiles, 200 messages each way, one side offline
// half of the time, everyone killed at seeded moments.
const (
	perSide      = 200
	clientKills  = 5
	relayKills   = 3
	settlingTime = 2 * time.Minute
)

func TestNothingIsLostOrStoredTwiceThoughEveryoneIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and kills whole programs")
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SOTTO_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (set SOTTO_SEED to repeat it)", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))

	relay := startMortalRelay(t)
	ada := &mortal{peer: startPeer(t, "Ada Lovelace-Byron", "--relay", relay.pass)}
	ben := &mortal{peer: startPeer(t, "Benjamin Abelard")}
	eve := startPeer(t, "Eve Adversaria", "--relay", relay.pass)
	acquaint(t, ada.peer, ben.peer)
	intrude(t, ada.peer, eve)

	secrets := []leak.Secret{
		{Name: "name of Ada", Value: []byte("Ada Lovelace-Byron")},
		{Name: "name of Ben", Value: []byte("Benjamin Abelard")},
		{Name: "name of Eve", Value: []byte("Eve Adversaria")},
		{Name: "request text", Value: []byte("we met at the library")},
		{Name: "relay pass", Value: []byte(strings.TrimPrefix(relay.pass, "sotto-relay://"))},
	}
	for _, p := range []*peer{ada.peer, ben.peer, eve} {
		raw, err := hex.DecodeString(p.id)
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, leak.Secret{Name: "fingerprint of " + p.name, Value: raw})
	}

	// Both online, then one offline while the other writes, in turn; kills fall where the seed says.
	third := perSide / 4
	relayDies := map[int]bool{}
	for len(relayDies) < relayKills {
		relayDies[rnd.IntN(perSide-1)+1] = true
	}
	for _, m := range []*mortal{ada, ben} {
		m.to = map[*mortal]string{ada: ben.id, ben: ada.id}[m]
		m.kills = map[int]time.Duration{}
		for len(m.kills) < clientKills {
			m.kills[rnd.IntN(perSide)] = time.Duration(rnd.IntN(40)) * time.Millisecond
		}
	}
	relayAt := func(i int) {
		if relayDies[i] {
			relay.restart()
		}
	}
	for range third {
		relayAt(ada.sent)
		ada.write()
		ben.write()
	}
	ben.kill()
	for range 2 * third {
		relayAt(ada.sent)
		ada.write()
	}
	scan(t, "after kill -9", secrets[:], ada.peer, ben.peer, eve, relay)
	ben.serve()
	ada.kill()
	for range 2 * third {
		ben.write()
	}
	ada.serve()
	for range perSide - 3*third {
		relayAt(ada.sent)
		ada.write()
		ben.write()
	}

	deadline := time.Now().Add(settlingTime)
	for {
		problem := differences(ada, ben)
		if problem == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("seed %d: after %v %s", seed, settlingTime, problem)
		}
		ada.call("sync", map[string]any{"wait": "3s"})
		ben.call("sync", map[string]any{"wait": "3s"})
	}
	if got := eve.messages(ada.id); slices.ContainsFunc(got, func(m messageObject) bool { return m.Direction == "in" }) {
		t.Errorf("the rejected profile received %d messages", len(got))
	}
	for _, m := range ada.messages(ben.id)[:20] {
		secrets = append(secrets, leak.Secret{Name: "text", Value: []byte(m.Text)})
	}
	scan(t, "while running", secrets, ada.peer, ben.peer, eve, relay)
	t.Logf("%d messages each way, kills: %d of clients, %d of the relay", perSide, ada.died+ben.died, relay.died)

	ada.end()
	ben.end()
	for _, m := range []*mortal{ada, ben} {
		noKeysLeft(t, m)
	}
}

// differences compares, for both directions, what was written with what arrived.
func differences(ada, ben *mortal) string {
	a, b := ada.messages(ben.id), ben.messages(ada.id)
	for _, d := range []struct {
		who           string
		from, to      []messageObject
		texts, author string
	}{
		{"Ada's", a, b, ada.name, ada.id},
		{"Ben's", b, a, ben.name, ben.id},
	} {
		out, in := ids(d.from, d.author), ids(d.to, d.author)
		if len(out) != perSide {
			return fmt.Sprintf("%s own list holds %d of %d messages", d.who, len(out), perSide)
		}
		if !slices.Equal(out, in) {
			return fmt.Sprintf("%s %d messages are %d on the other side, or in another order", d.who, len(out), len(in))
		}
		seen := map[string]bool{}
		for _, m := range d.to {
			if seen[m.ID] {
				return "a message is stored twice: " + m.ID
			}
			seen[m.ID] = true
		}
	}
	return ""
}

func ids(list []messageObject, author string) (out []string) {
	for _, m := range list {
		if m.From == author && strings.HasPrefix(m.Text, "scenario ") {
			out = append(out, m.ID)
		}
	}
	return out
}

// mortal is a peer that is killed now and then while it writes.
type mortal struct {
	*peer
	to    string
	sent  int
	died  int
	kills map[int]time.Duration // number of a message -> how long after its sending began
}

// write sends the next message, killing the process when its turn has come. A message whose sending was cut off is sent
// again only when it is not in the list: what was committed is not written twice.
func (m *mortal) write() {
	m.t.Helper()
	text := fmt.Sprintf("scenario %s message number %04d", m.name, m.sent)
	params := map[string]any{"contact": m.to, "text": text, "wait": "0s"}
	if delay, ok := m.kills[m.sent]; ok {
		request := m.begin("send", params)
		time.Sleep(delay) // the moment of the crash is what is random here
		m.kill()
		<-request // an answer, or none
		m.serve()
		if !slices.ContainsFunc(m.messages(m.to), func(o messageObject) bool { return o.Text == text }) {
			m.call("send", params).ok()
		}
	} else {
		m.call("send", params).ok()
	}
	m.sent++
}

// begin writes a request and returns what closes or answers when it is over.
func (m *mortal) begin(method string, params map[string]any) <-chan reply {
	m.t.Helper()
	m.mu.Lock()
	m.n++
	id, answer := m.n, make(chan reply, 1)
	m.waiting[id] = answer
	m.mu.Unlock()
	line, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.stdin.Write(append(line, '\n')); err != nil {
		m.t.Fatal(err)
	}
	return answer
}

// kill is kill -9, and waits until the process is gone.
func (m *mortal) kill() {
	m.t.Helper()
	if err := m.cmd.Process.Kill(); err != nil {
		m.t.Fatal(err)
	}
	<-m.ended
	m.died++
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, answer := range m.waiting {
		close(answer)
		delete(m.waiting, id)
	}
}

// acquaint makes two profiles contacts of each other.
func acquaint(t testing.TB, inviter, invited *peer) {
	t.Helper()
	var invitation inviteObject
	inviter.call("invite", nil).into(&invitation)
	invited.call("add", map[string]any{"link": invitation.Link, "message": "we met at the library", "confirm_relay": true}).ok()
	inviter.event("request", func(e eventObject) bool { return e.Request != nil && e.Request.ID == invited.id })
	inviter.call("accept", map[string]any{"id": invited.id}).ok()
	invited.event("contact", func(e eventObject) bool { return e.Contact != nil && e.Contact.State == "accepted" })
	var a, b safetyObject
	inviter.call("verify", map[string]any{"contact": invited.id}).into(&a)
	invited.call("verify", map[string]any{"contact": inviter.id, "number": strings.Join(a.Number, " ")}).into(&b)
	if b.Verified != "verified" {
		t.Errorf("after comparing: %s", b.Verified)
	}
}

// intrude lets the third profile ask and be rejected.
func intrude(t *testing.T, ada, eve *peer) {
	t.Helper()
	var invitation inviteObject
	ada.call("invite", map[string]any{"reusable": true}).into(&invitation)
	eve.call("add", map[string]any{"link": invitation.Link, "message": "let me in please", "confirm_relay": true}).ok()
	ada.event("request", func(e eventObject) bool { return e.Request != nil && e.Request.ID == eve.id })
	ada.call("reject", map[string]any{"id": eve.id}).ok()
	eve.call("send", map[string]any{"contact": ada.id, "text": "a second try", "wait": "1s"})
}

// scan searches everything the profiles and the relay keep on disk. The same scan finds a copy that is planted.
func scan(t *testing.T, when string, secrets []leak.Secret, a, b, c *peer, relay *mortalRelay) {
	t.Helper()
	scanFolders(t, when, secrets, map[string]string{a.name: a.dir, b.name: b.dir, c.name: c.dir, "relay": relay.data})
}

func scanFolders(t testing.TB, when string, secrets []leak.Secret, folders map[string]string) {
	t.Helper()
	scanner := leak.NewScanner(secrets...)
	for place, dir := range folders {
		hits, files, err := scanner.ScanDir(dir)
		if err != nil || files == 0 {
			t.Fatalf("%s: scanning %s: %d files, %v", when, place, files, err)
		}
		for _, h := range hits {
			if place == "relay" && h.Secret == "relay pass" {
				continue
			}
			t.Errorf("%s: files of %s: %v", when, place, h)
		}
		planted := filepath.Join(dir, "planted")
		if err := os.WriteFile(planted, append([]byte{0}, secrets[0].Value...), 0o600); err != nil {
			t.Fatal(err)
		}
		hits, _, err = scanner.ScanDir(dir)
		if !slices.ContainsFunc(hits, func(h leak.Hit) bool { return h.Place == "planted" }) || err != nil {
			t.Errorf("%s: the scan of %s does not find a planted copy", when, place)
		}
		if err := os.Remove(planted); err != nil {
			t.Fatal(err)
		}
	}
}

// noKeysLeft opens the profile and looks at its ratchet states: all messages have arrived, so none may hold a skipped
// message key.
func noKeysLeft(t *testing.T, m *mortal) {
	t.Helper()
	secret, err := os.ReadFile(m.secret)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Open(t.Context(), profile.OpenOptions{Dir: m.dir, Secret: profile.Passphrase(strings.TrimSpace(string(secret)))})
	if err != nil {
		t.Fatal(err)
	}
	to, err := chat.ParseContactID(m.to)
	if err != nil {
		t.Fatal(err)
	}
	security, err := p.Messenger.Security(t.Context(), to)
	if security.SkippedKeys > 0 {
		t.Errorf("%s: the ratchet state keeps %d keys of messages that arrived", m.name, security.SkippedKeys)
	}
	if err := errors.Join(err, p.Close()); err != nil {
		t.Error(err)
	}
}

// mortalRelay is a relay process that is killed and started again at the same address with the same data.
type mortalRelay struct {
	t                           testing.TB
	program, listen, data, pass string
	ops                         string    // where its counters are read; may be empty
	words                       io.Writer // its log
	cmd                         *exec.Cmd
	died                        int
}

func startMortalRelay(t testing.TB) *mortalRelay {
	t.Helper()
	r := &mortalRelay{t: t, program: filepath.Join(t.TempDir(), "sotto-relay"), data: filepath.Join(t.TempDir(), "relay"), words: os.Stderr}
	if out, err := exec.Command("go", "build", "-o", r.program, "sotto/cmd/sotto-relay").CombinedOutput(); err != nil {
		t.Fatalf("building the relay: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.listen = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r.start()
	t.Cleanup(func() {
		r.cmd.Process.Kill() //nolint:errcheck // it may have ended
		r.cmd.Wait()         //nolint:errcheck // killed
	})
	return r
}

func (r *mortalRelay) start() {
	r.t.Helper()
	// The limit on sending is for strangers; here one sender writes 200 messages in seconds.
	r.cmd = exec.CommandContext(context.Background(), r.program, "serve", "--listen", r.listen, "--data", r.data, "--ops", r.ops, "--send-burst", "10000")
	r.cmd.Stderr = r.words
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if pass, ok := strings.CutPrefix(lines.Text(), "pass: "); ok {
			r.pass = pass
			return
		}
	}
	r.t.Fatal("the relay printed no pass")
}

// restart is kill -9 and a new start.
func (r *mortalRelay) restart() {
	r.t.Helper()
	r.kill()
	r.start()
}

func (r *mortalRelay) kill() {
	r.t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	r.cmd.Wait() //nolint:errcheck // killed
	r.died++
}
