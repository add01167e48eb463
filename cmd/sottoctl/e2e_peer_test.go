package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// relayProcess is a sotto-relay with nothing on it.
type relayProcess struct{ pass string }

func startRelay(t testing.TB) relayProcess {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sotto-relay")
	if out, err := exec.Command("go", "build", "-o", program, "sotto/cmd/sotto-relay").CombinedOutput(); err != nil {
		t.Fatalf("building the relay: %v\n%s", err, out)
	}
	cmd := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "relay"))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt) //nolint:errcheck // it may have ended
		io.Copy(io.Discard, stdout)      //nolint:errcheck // drained so that it can end
		cmd.Wait()                       //nolint:errcheck // its exit is not what is tested
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if pass, ok := strings.CutPrefix(lines.Text(), "pass: "); ok {
			return relayProcess{pass: pass}
		}
	}
	t.Fatal("the relay printed no pass")
	return relayProcess{}
}

// peer is a profile with an rpc process.
type peer struct {
	t      testing.TB
	name   string
	id     string
	dir    string
	secret string
	words  io.Writer // what its rpc process says beside the answers

	cmd    *exec.Cmd
	stdin  io.WriteCloser
	events chan eventObject
	ended  chan error

	mu      sync.Mutex
	n       int
	waiting map[int]chan reply

	progress []progressObject
}

func startPeer(t testing.TB, name string, initFlags ...string) *peer {
	t.Helper()
	p, _ := newPeer(t, name, initFlags...)
	p.serve()
	p.call("subscribe", map[string]any{"since": 0}).ok()
	return p
}

// newPeer makes a profile.
func newPeer(t testing.TB, name string, initFlags ...string) (*peer, initObject) {
	t.Helper()
	return newPeerAt(t, t.TempDir(), name, initFlags...)
}

// newPeerAt is newPeer in a folder.
func newPeerAt(t testing.TB, base, name string, initFlags ...string) (*peer, initObject) {
	t.Helper()
	p := peerAt(t, base, name)
	out, code := p.sottoctl(append([]string{"--json", "init", "--name", name}, initFlags...)...)
	var made initObject
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != exitDone || made.RecoveryCode == "" {
		t.Fatalf("init: exit %d, %s", code, out)
	}
	p.id = made.ID
	return p, made
}

// peerAt is a peer without a profile.
func peerAt(t testing.TB, base, name string) *peer {
	t.Helper()
	p := &peer{
		t: t, name: name, dir: filepath.Join(base, name), secret: filepath.Join(base, name+".pass"),
		words: os.Stderr, events: make(chan eventObject, 10000), ended: make(chan error, 1), waiting: map[int]chan reply{},
	}
	if err := os.WriteFile(p.secret, []byte("correct horse battery staple "+name+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *peer) command(args ...string) *exec.Cmd {
	flags := []string{"--profile", p.dir, "--passphrase-file", p.secret}
	if slices.Contains(args, "--passphrase-file") {
		flags = flags[:2]
	}
	return exec.Command("sottoctl", append(flags, args...)...)
}

// sottoctl runs one command and returns what it printed and its exit code.
func (p *peer) sottoctl(args ...string) (string, int) {
	p.t.Helper()
	cmd := p.command(args...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// serve starts the rpc process.
func (p *peer) serve() {
	p.t.Helper()
	p.cmd = p.command("rpc")
	p.cmd.Stderr = p.words
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go p.hear(stdout)
	p.t.Cleanup(func() { p.stdin.Close(); p.cmd.Process.Kill() }) //nolint:errcheck // it may have ended
}

func (p *peer) hear(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct {
			ID     *int
			Method string
			Result json.RawMessage
			Error  *rpcError
			Params json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			p.t.Errorf("%s printed %q: %v", p.name, lines.Text(), err)
			continue
		}
		if line.ID == nil {
			p.heard(line.Method, line.Params)
			continue
		}
		p.mu.Lock()
		answer := p.waiting[*line.ID]
		delete(p.waiting, *line.ID)
		p.mu.Unlock()
		answer <- reply{peer: p, result: line.Result, err: line.Error}
	}
	p.ended <- p.cmd.Wait()
}

// heard takes a notification.
func (p *peer) heard(method string, params json.RawMessage) {
	switch method {
	case "event":
		var e eventObject
		if err := json.Unmarshal(params, &e); err != nil {
			p.t.Errorf("%s printed the event %s: %v", p.name, params, err)
		}
		p.events <- e
	case "progress":
		var o progressObject
		if err := json.Unmarshal(params, &o); err != nil {
			p.t.Errorf("%s printed the progress %s: %v", p.name, params, err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.progress = append(p.progress, o)
	default:
		p.t.Errorf("%s printed the notification %q", p.name, method)
	}
}

// end closes the input and waits for a clean end.
func (p *peer) end() {
	p.t.Helper()
	p.stdin.Close()
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("%s ended with %v", p.name, err)
		}
	case <-time.After(patience):
		p.t.Fatalf("%s did not end", p.name)
	}
}

// reply is the answer to one call.
type reply struct {
	peer   *peer
	method string
	result json.RawMessage
	err    *rpcError
}

func (p *peer) call(method string, params map[string]any) reply {
	p.t.Helper()
	p.mu.Lock()
	p.n++
	id, answer := p.n, make(chan reply, 1)
	p.waiting[id] = answer
	p.mu.Unlock()
	request := map[string]any{"jsonrpc": "2.0", "id": id, "method": method}
	if params != nil {
		request["params"] = params
	}
	line, err := json.Marshal(request)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		p.t.Fatalf("%s %s: %v", p.name, method, err)
	}
	select {
	case r := <-answer:
		r.method = method
		return r
	case <-time.After(patience):
		p.t.Fatalf("%s does not answer %s", p.name, method)
	}
	return reply{}
}

func (r reply) ok() {
	r.peer.t.Helper()
	if r.err != nil {
		r.peer.t.Fatalf("%s %s: %d %s %+v", r.peer.name, r.method, r.err.Code, r.err.Message, r.err.Data)
	}
}

func (r reply) into(object any) {
	r.peer.t.Helper()
	r.ok()
	if err := json.Unmarshal(r.result, object); err != nil {
		r.peer.t.Fatalf("%s %s answered %s: %v", r.peer.name, r.method, r.result, err)
	}
}

// first reads the only object of an array.
func (r reply) first(object any) {
	r.peer.t.Helper()
	var list []json.RawMessage
	r.into(&list)
	if len(list) != 1 {
		r.peer.t.Fatalf("%s %s answered %s, want one object", r.peer.name, r.method, r.result)
	}
	reply{peer: r.peer, method: r.method, result: list[0]}.into(object)
}

func (r reply) fails(exit int, code string) {
	r.peer.t.Helper()
	if r.err == nil || r.err.Code != rpcFailure-exit || r.err.Data == nil || r.err.Data.Code != code || r.err.Data.Exit != exit {
		r.peer.t.Errorf("%s %s answered %s %+v, want exit %d %s", r.peer.name, r.method, bytes.TrimSpace(r.result), r.err, exit, code)
	}
}

func (p *peer) messages(contact string) (list []messageObject) {
	p.t.Helper()
	p.call("messages", map[string]any{"contact": contact, "limit": 1000}).into(&list)
	return list
}

// event waits for the next event of a type (any for "") that fits; those before it are dropped.
func (p *peer) event(typ string, fits func(eventObject) bool) eventObject {
	p.t.Helper()
	deadline := time.After(patience)
	var seen []string
	for {
		select {
		case e := <-p.events:
			if typ == "" || e.Type == typ {
				if fits(e) {
					return e
				}
			}
			seen = append(seen, fmt.Sprintf("%s %s %s", e.Type, e.Detail, e.State))
		case <-deadline:
			p.t.Fatalf("%s hears no such %s event; heard %q", p.name, typ, seen)
		}
	}
}
