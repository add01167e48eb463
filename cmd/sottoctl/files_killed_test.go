package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/leak"
	"sotto/app/apptest/narrow"
	"sotto/crypto/filecrypt"
)

// What may fall upon a file on its way.
const (
	cutAll       = "the connections are cut"
	killSender   = "the sender is killed"
	killReceiver = "the receiver is killed"
	killRelay    = "the relay is killed"
)

// passage is a file on its way between two profiles through a relay that all can lose.
type passage struct {
	t        testing.TB
	relay    *mortalRelay
	narrow   *narrow.Narrow
	ada, bo  *mortal
	happened map[string]int
	caption  string   // of the file
	said     *journal // all that the processes say beside their answers
	// dies and lives look at a *peer or the *mortalRelay just before its process is killed, and when there is a new one.
	dies, lives func(party any)
}

func newPassage(t testing.TB) *passage {
	t.Helper()
	ignore := func(any) {}
	p := &passage{t: t, relay: startMortalRelay(t), happened: map[string]int{}, said: &journal{}, dies: ignore, lives: ignore}
	p.relay.words = p.said
	p.relay.restart() // so that all it says is heard
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(p.said.text())
		}
	})
	p.narrow = narrow.Start(t, p.relay.listen)
	pass := p.narrow.Pass(p.relay.pass)
	p.ada = &mortal{peer: startPeerIn(t, p.said, "Ada", "--relay", pass)}
	p.bo = &mortal{peer: startPeerIn(t, p.said, "Bo", "--relay", pass)}
	acquaint(t, p.ada.peer, p.bo.peer)
	p.bo.call("consent.grant", map[string]any{"purpose": "read-receipts", "contact": "Ada"}).ok() // what was fetched goes at once
	return p
}

// suffer does what a step says.
func (p *passage) suffer(s narrow.Step) {
	p.t.Helper()
	defer close(s.Done)
	p.happened[s.What]++
	switch s.What {
	case cutAll:
		p.narrow.Cut()
	case killRelay:
		p.dies(p.relay)
		p.relay.restart()
		p.lives(p.relay)
		p.narrow.Cut()
	case killSender:
		p.again(p.ada)
	case killReceiver:
		p.again(p.bo)
	}
}

func (p *passage) again(m *mortal) {
	p.t.Helper()
	p.dies(m.peer)
	m.kill()
	m.serve()
	m.call("whoami", nil).ok() // it is open
	p.lives(m.peer)
}

// until suffers narrow.Steps while it asks again and again, until enough says so. A request whose process was killed is asked anew.
func (p *passage) until(m *mortal, method string, params map[string]any, enough func() bool) {
	p.t.Helper()
	late := time.After(4 * patience)
	for !enough() {
		answer := m.begin(method, params)
		for answered := false; !answered; {
			select {
			case s := <-p.narrow.Reached:
				p.suffer(s)
			case <-answer:
				answered = true
			case <-late:
				p.t.Fatalf("%s of %s does not end; it suffered %v, %d steps are left", method, m.name, p.happened, p.narrow.Left())
			}
		}
	}
}

// file returns where the file of a message is, as a peer lists it; nil when the message is not there.
func (p *peer) file(contact, message string) *fileObject {
	p.t.Helper()
	for _, m := range p.messages(contact) {
		if m.ID == message {
			return m.File
		}
	}
	return nil
}

// carry sends a file from Ada to Bo through what is planned, and compares what arrives.
func (p *passage) carry(path string, uploading, downloading []narrow.Step) (sending, fetching time.Duration) {
	p.t.Helper()
	began := time.Now()
	p.narrow.Plan(uploading...)
	var sent messageObject
	p.ada.call("send", map[string]any{"contact": "Bo", "file": path, "caption": p.caption, "wait": "0"}).into(&sent)
	p.until(p.ada, "sync", map[string]any{"wait": "1s"}, func() bool {
		f := p.ada.file("Bo", sent.ID)
		return f != nil && f.State == "here" && p.bo.file("Ada", sent.ID) != nil
	})
	sending = time.Since(began)
	if left := p.narrow.Left(); left > 0 {
		p.t.Errorf("%d steps of the upload did not happen", left)
	}
	began = time.Now()
	p.narrow.Plan(downloading...)
	p.until(p.bo, "fetch", map[string]any{"message": sent.ID, "wait": "1s"}, func() bool { return p.bo.file("Ada", sent.ID).State == "here" })
	fetching = time.Since(began)
	if left := p.narrow.Left(); left > 0 {
		p.t.Errorf("%d steps of the download did not happen", left)
	}
	out := filepath.Join(p.t.TempDir(), "out")
	p.bo.call("save", map[string]any{"message": sent.ID, "out": out}).ok()
	same(p.t, path, out)
	return sending, fetching
}

func same(t testing.TB, a, b string) {
	t.Helper()
	want, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(b)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived of %d, or others; %v", len(got), len(want), err)
	}
}

// misfortunes spreads narrow.Steps over a share of a file's bytes at places that the seed says.
func misfortunes(r *rand.Rand, w narrow.Way, size int64, what ...string) []narrow.Step {
	steps := make([]narrow.Step, len(what))
	for i, n := range r.Perm(len(what)) {
		part := size * 9 / 10 / int64(len(what))
		steps[i] = narrow.Step{Way: w, At: part*int64(i) + r.Int64N(part) + 1, What: what[n]}
	}
	return steps
}

func seedOf(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SOTTO_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (set SOTTO_SEED to repeat it)", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// secretsOf are what a file says of itself, and its size in the forms in which programs write sizes.
func secretsOf(name, caption, inside, typ string, size int64) []leak.Secret {
	list := []leak.Secret{
		{Name: "name", Value: []byte(name)},
		{Name: "caption", Value: []byte(caption)},
		{Name: "content", Value: []byte(inside)},
		{Name: "type", Value: []byte(typ)},
		{Name: "size", Value: []byte(strconv.FormatInt(size, 10))},
		{Name: "size, big endian", Value: binary.BigEndian.AppendUint64(nil, uint64(size))},
		{Name: "size, little endian", Value: binary.LittleEndian.AppendUint64(nil, uint64(size))},
	}
	for word := range strings.FieldsSeq(strings.TrimSuffix(name, filepath.Ext(name))) {
		list = append(list, leak.Secret{Name: "a word of the name", Value: []byte(word)})
	}
	return list
}

// TestAFileArrivesThoughItsWayIsCutAndEveryoneIsKilled sends 8 MiB through a proxy that stops at seeded bytes, and looks
// at everything that lies anywhere when somebody is killed, for what nobody is to know.
func TestAFileArrivesThoughItsWayIsCutAndEveryoneIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and kills whole programs")
	}
	r := seedOf(t)
	p := newPassage(t)
	const (
		name, caption       = "Geheimrezept Zwetschgenkuchen.pdf", "nobody may know of the plum cake"
		inside              = "two pounds of plums, and not one less\n"
		size          int64 = 8<<20 + 4243
	)
	b := contentOf(20, int(size))
	copy(b, "%PDF-1.4\n"+strings.Repeat(inside, 100))
	copy(b[size/2:], strings.Repeat(inside, 100))
	path := fileIn(t, t.TempDir(), name, b)
	p.caption = caption
	secrets := secretsOf(name, caption, inside, "application/pdf", size)
	folders := map[string]string{"Ada": p.ada.dir, "Bo": p.bo.dir, "the relay": p.relay.data}
	p.dies = func(any) {
		scanFolders(t, "on the way", secrets, folders)
		p.padded(size)
	}
	p.carry(path,
		misfortunes(r, narrow.Up, size, cutAll, cutAll, cutAll, killSender, killRelay),
		misfortunes(r, narrow.Down, size, cutAll, cutAll, cutAll, killReceiver, killRelay))
	t.Logf("suffered: %v", p.happened)
	scanFolders(t, "arrived", secrets, folders)
	for _, s := range secrets {
		if strings.Contains(p.said.text(), string(s.Value)) {
			t.Errorf("a log holds the %s", s.Name)
		}
	}
	leftovers(t, p)
}

// padded looks at how large what lies at the relay is.
func (p *passage) padded(size int64) {
	p.t.Helper()
	folder := filepath.Join(p.relay.data, "blobs")
	entries, err := os.ReadDir(folder)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			p.t.Fatal(err)
		}
		if info.Size() == size || info.Size() > filecrypt.SealedSize(size) {
			p.t.Errorf("%d bytes lie at the relay of a file of %d", info.Size(), size)
		}
	}
}

// leftovers looks for what a file that has arrived must not leave: its blob on the relay, and parts in the profiles.
func leftovers(t *testing.T, p *passage) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		p.bo.call("sync", map[string]any{"wait": "1s"})
		var found []string
		for _, dir := range []string{filepath.Join(p.relay.data, "blobs"), filepath.Join(p.ada.dir, "tmp"), filepath.Join(p.bo.dir, "tmp")} {
			entries, err := os.ReadDir(dir)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			for _, e := range entries {
				found = append(found, e.Name())
			}
		}
		for _, m := range []*mortal{p.ada, p.bo} {
			entries, err := os.ReadDir(filepath.Join(m.dir, "blobs"))
			if err != nil || len(entries) != 1 || strings.HasSuffix(entries[0].Name(), ".part") {
				found = append(found, fmt.Sprintf("%d blobs of %s, %v", len(entries), m.name, err))
			}
		}
		if len(found) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("left behind: %q", found)
		}
	}
}
