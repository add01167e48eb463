package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sotto/transport/client"
	"sotto/transport/wire"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sotto-relay": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: filepath.Join("testdata", "script")})
}

// process is a running `sotto-relay serve`.
type process struct {
	*exec.Cmd
	pass  wire.Pass
	words bytes.Buffer
	out   string
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command("sotto-relay", append([]string{"serve"}, args...)...)}
	p.Stderr = &p.words
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	lines := bufio.NewReader(stdout)
	for _, name := range []string{"address: ", "pass: "} {
		line, err := lines.ReadString('\n')
		text, ok := strings.CutPrefix(strings.TrimSpace(line), name)
		if err != nil || !ok {
			t.Fatalf("read %q, %v; stderr: %s", line, err, p.words.String())
		}
		p.out += line
		if p.pass, err = wire.ParsePass(text); err != nil {
			t.Fatal(err)
		}
		if name == "address: " && p.pass.Secret != "" {
			t.Error("the address holds the password")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return p
}

func TestCheckFindsAServingRelayAndItsImpostor(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	check := func(pass wire.Pass) (string, string, error) {
		var out, words bytes.Buffer
		cmd := exec.Command("sotto-relay", "check", pass.Text())
		cmd.Stdout, cmd.Stderr = &out, &words
		err := cmd.Run()
		return out.String(), words.String(), err
	}
	if out, words, err := check(p.pass); err != nil || out != "connection: ok\nmailbox: ok\nfiles: ok\n" {
		t.Errorf("check: %q, %q, %v", out, words, err)
	}
	impostor := p.pass
	impostor.Address.Pin[0] ^= 1
	if out, words, err := check(impostor); err == nil || out != "" || !strings.Contains(words, "another relay") {
		t.Errorf("check of an impostor: %q, %q, %v", out, words, err)
	}
	stranger := p.pass
	stranger.Secret = wire.NewPassSecret()
	if _, words, err := check(stranger); err == nil || !strings.Contains(words, "does not accept this pass") {
		t.Errorf("check with another pass: %q, %v", words, err)
	}
	info, err := os.Stat(filepath.Join(dir, "data"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v", info.Mode(), err)
	}
}

func TestOneProcessPerDataDirectory(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	start(t, "--listen", "127.0.0.1:0", "--data", data, "--tls", "none")
	second := exec.Command("sotto-relay", "serve", "--listen", "127.0.0.1:0", "--data", data)
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another relay uses this data directory") {
		t.Errorf("a second one: %s, %v", out, err)
	}
}

func TestTerminatedRelayDrainsAndKeepsAddressAndPass(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, "--listen", "127.0.0.1:0", "--data", data)
	gone := make(chan wire.Event, 16)
	c := client.New(client.Options{Address: p.pass.Address, OnEvent: func(e wire.Event) { gone <- e }})
	defer c.Close()
	box := newBox(t, c, p.pass.Secret)
	c.Subscribe(box.Owned())
	if e := <-gone; e.Kind != wire.Online {
		t.Fatalf("event %+v", e)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if e := <-gone; e.Kind != wire.Offline || !errors.Is(e.Err, wire.ErrUnavailable) {
		t.Errorf("the client was not told that the relay goes away: %+v", e)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("exit: %v; %s", err, p.words.String())
	}
	port := p.pass.Address.HostPort()
	again := start(t, "--listen", port, "--data", data)
	if again.out != p.out {
		t.Errorf("printed %q, before %q", again.out, p.out)
	}
}

func newBox(t *testing.T, c *client.Client, secret wire.PassSecret) wire.MailboxSpec {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := wire.MailboxSpec{
		OwnerKey: key, Salt: wire.NewSalt(), Kind: wire.ContactMailbox, Credential: wire.Credential{Secret: secret},
	}
	if _, err := c.CreateMailbox(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

// freePort returns a loopback address that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestKilledRelayLosesNoAcknowledgedEnvelope kills the relay at random moments while eight senders keep
// it busy, and then looks for every envelope that was answered OK.
func TestKilledRelayLosesNoAcknowledgedEnvelope(t *testing.T) {
	kills := 10
	if testing.Short() {
		kills = 3
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	args := []string{
		"--listen", freePort(t), "--data", filepath.Join(t.TempDir(), "data"), "--send-burst", "0",
		"--max-messages", "1000000", "--max-mebibytes", "100000",
	}
	p := start(t, args...)
	c := client.New(client.Options{
		Address: p.pass.Address, BackoffMin: 2 * time.Millisecond, BackoffMax: 20 * time.Millisecond, Timeout: 10 * time.Second,
	})
	defer c.Close()
	box := newBox(t, c, p.pass.Secret)
	token := wire.NewToken()
	if err := c.PutToken(t.Context(), box.Mailbox(), token.Hash(), wire.TokenLimits{}); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	acknowledged := map[uint64]bool{}
	reached := make(chan struct{}, 1)
	var senders sync.WaitGroup
	for s := range uint64(8) {
		senders.Go(func() {
			for n := uint64(0); ctx.Err() == nil; n++ {
				number := s<<32 | n
				body := make([]byte, 4096)
				binary.BigEndian.PutUint64(body, number)
				if err := c.Send(ctx, box.Mailbox(), token, wire.NewEnvelopeID(), body); err != nil {
					select {
					case <-ctx.Done():
					case <-time.After(2 * time.Millisecond):
					}
					continue
				}
				mu.Lock()
				acknowledged[number] = true
				mu.Unlock()
				select {
				case reached <- struct{}{}:
				default:
				}
			}
		})
	}
	for range kills {
		for range 1 + random.IntN(200) {
			<-reached
		}
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait()
		p = start(t, args...)
	}
	stop()
	senders.Wait()

	c.Subscribe(box.Owned())
	missing := len(acknowledged)
	total := missing
	for missing > 0 {
		select {
		case push := <-c.Pushes():
			if number := binary.BigEndian.Uint64(push.Envelope); acknowledged[number] {
				delete(acknowledged, number)
				missing--
			}
			if err := c.Ack(t.Context(), push.Mailbox, push.Seq); err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%d of %d acknowledged envelopes are lost after %d kills", missing, total, kills)
		}
	}
	t.Logf("%d acknowledged envelopes, %d kills, none lost", total, kills)
}
