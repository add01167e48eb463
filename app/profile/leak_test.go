package profile_test

import (
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/app/apptest/leak"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/transport/relay"
	"sotto/transport/relay/store/memory"
	"sotto/transport/wire"
)

// glassRelay is a real relay on loopback through which every decoded frame can be seen.
type glassRelay struct {
	pass string

	mu     sync.Mutex
	frames [][]byte
	sent   []*wire.Send
}

func newGlassRelay(t *testing.T) *glassRelay {
	t.Helper()
	g := &glassRelay{}
	secret := wire.NewPassSecret()
	store := memory.New()
	r, err := relay.New(relay.Options{
		Store: store, Identity: relay.NewIdentity(), Secret: secret, Limits: relay.EmbeddedLimits(),
		Observe: func(_ relay.Direction, f wire.Frame) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.frames = append(g.frames, everyByte(f.Body))
			if s, ok := f.Body.(*wire.Send); ok {
				copied := *s
				copied.Envelope = append([]byte(nil), s.Envelope...)
				g.sent = append(g.sent, &copied)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	var served sync.WaitGroup
	served.Go(func() { _ = r.Serve(l) })
	t.Cleanup(func() {
		_ = r.Shutdown(t.Context())
		served.Wait()
		_ = store.Close()
	})
	g.pass = wire.Pass{Address: wire.Address{Host: "127.0.0.1", Port: port, Mode: wire.Plain}, Secret: secret}.Text()
	return g
}

// everyByte writes out a frame's fields: byte strings as they are, the rest as text.
func everyByte(b wire.Body) []byte {
	text := fmt.Sprintf("%x", b)
	raw, _ := hex.DecodeString(strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789abcdef", r) {
			return r
		}
		return -1
	}, text))
	out := append([]byte(fmt.Sprintf("%s\n%v\n", text, b)), raw...)
	if s, ok := b.(*wire.Send); ok {
		out = append(out, s.Envelope...)
	}
	if p, ok := b.(*wire.PrekeyPut); ok {
		out = append(out, p.Bundle...)
	}
	return out
}

func TestWhatTheRelaySeesAndWhatLiesOnDiskHoldsNoPlaintext(t *testing.T) {
	glass := newGlassRelay(t)
	root := t.TempDir()
	var people []*profile.Profile
	for _, name := range []string{"Ada Lovelace-Byron", "Benjamin Abelard"} {
		p, _, err := profile.Create(t.Context(), profile.CreateOptions{
			Options: cheap, Dir: filepath.Join(root, name[:3]), Name: name, Passphrase: passphrase, Relay: glass.pass,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close() //nolint:errcheck // the test is over
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		people = append(people, p)
	}
	ada, ben := people[0], people[1]
	introduce(t, ada, ben)

	secrets := []leak.Secret{
		{Name: "name of Ada", Value: []byte("Ada Lovelace-Byron")},
		{Name: "name of Ben", Value: []byte("Benjamin Abelard")},
		{Name: "relay address", Value: []byte(strings.SplitN(strings.TrimPrefix(glass.pass, "sotto-relay://"), "@", 2)[1])},
		{Name: "request text", Value: []byte("it is me")},
	}
	for _, p := range people {
		id, device := p.Messenger.Self().ID, p.Messenger.Self().Device
		secrets = append(secrets,
			leak.Secret{Name: "fingerprint", Value: id[:]},
			leak.Secret{Name: "device id", Value: device[:]},
			leak.Secret{Name: "certificate", Value: p.Messenger.Identity().Certificate().Bytes()[40:72]},
		)
	}
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	talk := func(from, to *profile.Profile, text string) {
		arrived := eventOf(to, messenger.EventMessage)
		if _, err := from.Messenger.Send(t.Context(), conv, text, messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
		await(t, arrived)
		if len(text) >= 6 {
			secrets = append(secrets, leak.Secret{Name: "text", Value: []byte(text)})
		}
	}
	for i := range 12 {
		talk(ada, ben, fmt.Sprintf("the %dth letter to Benjamin", i))
		talk(ben, ada, fmt.Sprintf("and the %dth answer of his", i))
	}

	scanner := leak.NewScanner(secrets...)
	hits, files, err := scanner.ScanDir(root)
	if err != nil || files < 4 {
		t.Fatalf("%d files, %v", files, err)
	}
	glass.mu.Lock()
	defer glass.mu.Unlock()
	for _, f := range glass.frames {
		hits = append(hits, scanner.Scan("a frame", f)...)
	}
	for _, h := range hits {
		t.Error(h)
	}
	if len(glass.frames) < 48 {
		t.Errorf("only %d frames were seen", len(glass.frames))
	}
	planted := append(everyByte(&wire.Send{Envelope: append(make([]byte, 100), "the 3th letter to Benjamin"...)}), 0)
	if len(scanner.Scan("planted", planted)) == 0 {
		t.Error("the scan does not find a planted text in a frame")
	}
}

func TestTextsOfOneSizeClassGiveEnvelopesOfEqualLength(t *testing.T) {
	glass := newGlassRelay(t)
	ada, ben := create(t, "Ada", glass.pass), create(t, "Ben", glass.pass)
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	sizes := func(text string) int {
		glass.mu.Lock()
		before := len(glass.sent)
		glass.mu.Unlock()
		m, err := ada.Messenger.Send(t.Context(), conv, text, messenger.SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := ada.Messenger.WaitState(t.Context(), m.ID, chat.Sent); err != nil {
			t.Fatal(err)
		}
		glass.mu.Lock()
		defer glass.mu.Unlock()
		if len(glass.sent) != before+1 {
			t.Fatalf("%d envelopes for one text", len(glass.sent)-before)
		}
		return len(glass.sent[before].Envelope)
	}
	if err := ada.Messenger.Sync(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	// The first exchange carries key material in every message; afterwards short and 1.4 KB texts look alike.
	reply := eventOf(ada, messenger.EventMessage)
	if _, err := ben.Messenger.Send(t.Context(), conv, "go on", messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, reply)
	if short, long := sizes("a"), sizes(strings.Repeat("b", 1400)); short != 4096 || long != short {
		t.Errorf("1 byte gives %d, 1,400 bytes give %d; want 4096 for both", short, long)
	}
	if large := sizes(strings.Repeat("c", 6000)); large != 16384 {
		t.Errorf("6,000 bytes give %d, want 16384", large)
	}
}
