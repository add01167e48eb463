package profile_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/app/apptest/leak"
	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/crypto/filecrypt"
	"sotto/transport/relay"
	"sotto/transport/relay/store/memory"
	"sotto/transport/wire"
)

// glassRelay is a real relay on loopback, without TLS, through which every decoded frame and every byte can be seen.
type glassRelay struct {
	pass  string
	blobs *memory.Blobs

	mu     sync.Mutex
	frames [][]byte
	sent   []*wire.Send
	conns  []*glassConn
}

func newGlassRelay(t *testing.T) *glassRelay {
	t.Helper()
	g := &glassRelay{blobs: memory.NewBlobs(0)}
	secret := wire.NewPassSecret()
	store := memory.New()
	r, err := relay.New(relay.Options{
		Store: store, Blobs: g.blobs, Identity: relay.NewIdentity(), Secret: secret, Limits: relay.EmbeddedLimits(),
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
	served.Go(func() { _ = r.Serve(glassListener{l, g}) })
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

// lying returns what the relay keeps of files.
func (g *glassRelay) lying(t *testing.T) (out [][]byte) {
	t.Helper()
	list, err := g.blobs.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range list {
		blob, err := g.blobs.Open(info.File)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, blob.Size())
		if _, err := blob.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// plantedFile is what a person may say and show with a file.
type plantedFile struct {
	name, caption, content string
	picture                []byte
}

// send sends the file and returns when the relay has it.
func (f plantedFile) send(t *testing.T, from *profile.Profile, conv chat.ConversationID) chat.Message {
	t.Helper()
	m, err := from.Messenger.SendFile(t.Context(), conv, messenger.FileToSend{
		Name: f.name, Type: "application/vnd.oasis.opendocument.text", Size: int64(len(f.content)), Width: 640, Height: 480,
		Thumbnail: f.picture, Caption: f.caption,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(f.content)), nil },
	}, messenger.SendOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := from.Messenger.WaitState(t.Context(), m.ID, chat.Sent); err != nil {
		t.Fatal(err)
	}
	return m
}

// allowRead lets a contact know what was read, so that a file goes at the relay once it was fetched.
func allowRead(t *testing.T, p, of *profile.Profile) {
	t.Helper()
	choice := privacy.Choice{Subject: of.Messenger.Self().ID, Purpose: chat.ReadReceipts, Given: true, Method: "privacy-page"}
	if err := p.Ledger.Record(t.Context(), choice); err != nil {
		t.Fatal(err)
	}
}

// takeIn asks for the file of a message and returns when it is here.
func takeIn(t *testing.T, p *profile.Profile, id chat.MessageID) {
	t.Helper()
	arrived := eventOf(p, messenger.EventFile, string(chat.FileHere))
	if err := p.Messenger.FetchFile(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	await(t, arrived)
}

func TestOfAFileTheRelaySeesAPaddedLengthAlone(t *testing.T) {
	glass := newGlassRelay(t)
	ada, ben := create(t, "Ada", glass.pass), create(t, "Ben", glass.pass)
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	file := plantedFile{
		name: "Scheidungsvertrag 2026.odt", caption: "do not show this to Claire",
		content: strings.Repeat("meet me behind the greenhouse. ", 7000), picture: bytes.Repeat([]byte("\xff\xd8\xff small picture"), 20),
	}
	arrived := eventOf(ben, messenger.EventMessage)
	m := file.send(t, ada, conv)
	await(t, arrived)
	var key []byte
	err := ada.View(t.Context(), func(tx chat.Tx) error {
		a, err := tx.Attachments().Get(m.ID)
		key = a.Key
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	scanner := leak.NewScanner(
		leak.Secret{Name: "name", Value: []byte("Scheidungsvertrag")}, leak.Secret{Name: "type", Value: []byte("opendocument")},
		leak.Secret{Name: "caption", Value: []byte(file.caption)}, leak.Secret{Name: "content", Value: []byte("behind the greenhouse")},
		leak.Secret{Name: "thumbnail", Value: file.picture}, leak.Secret{Name: "file key", Value: key},
	)
	lying := glass.lying(t)
	if len(lying) != 1 || int64(len(lying[0])) != filecrypt.SealedSize(int64(len(file.content))) || len(lying[0]) == len(file.content) {
		t.Fatalf("%d files on the relay", len(lying))
	}
	seen := append(lying, glass.seen()...)
	allowRead(t, ben, ada)
	takeIn(t, ben, m.ID)
	seen = append(seen, glass.seen()...)
	for _, b := range seen {
		for _, h := range scanner.Scan("the relay", b) {
			t.Error(h)
		}
	}
	if len(scanner.Scan("planted", []byte(file.content))) == 0 {
		t.Error("the scan does not find the content in clear")
	}
	if err := ben.Messenger.Sync(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if left := glass.lying(t); len(left) != 0 {
		t.Errorf("%d files are left on the relay after they were fetched", len(left))
	}
}

// seen returns every frame so far.
func (g *glassRelay) seen() [][]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.frames)
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
