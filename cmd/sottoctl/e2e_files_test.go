package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto/app/media"
	"sotto/chat"
)

// content makes bytes that do not compress and stand nowhere else.
func contentOf(seed uint64, size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	r.Read(b) //nolint:errcheck // it cannot fail
	return b
}

func fileIn(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFilesTravelBetweenTwoProfiles goes through a sotto-relay process and sottoctl processes.
func TestFilesTravelBetweenTwoProfiles(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs whole programs")
	}
	relay := startRelay(t)
	ada, bo := startPeer(t, "Ada", "--relay", relay.pass), startPeer(t, "Bo", "--relay", relay.pass)
	acquaint(t, ada, bo)
	here := t.TempDir()
	there := t.TempDir()

	for i, c := range []struct {
		name string
		size int
	}{
		{"empty.txt", 0},
		{"one byte", 1},
		{"одна глава.bin", 64 << 10},
		{"写真 📷 2026.dat", 1 << 20},
		{"كتاب الألف.pdf", 4097},
		{"con.txt", 100}, // a device of Windows
		{"a name & 'quotes' $(ls).sh", 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := contentOf(uint64(i), c.size)
			path := fileIn(t, here, c.name, want)
			var sent messageObject
			ada.call("send", map[string]any{"contact": "Bo", "file": path, "caption": "look: " + c.name, "require": "sent", "wait": "20s"}).into(&sent)
			if f := sent.File; sent.Kind != "attachment" || f == nil || f.Name != c.name || f.Size != int64(c.size) || f.State != "here" || f.Done != f.Total {
				t.Fatalf("sent %+v %+v", sent, sent.File)
			}
			got := bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
			if f := got.Message.File; f == nil || f.State != "offered" || f.Name != c.name || f.Size != int64(c.size) || got.Message.Text != "look: "+c.name {
				t.Fatalf("arrived %+v %+v", got.Message, f)
			}
			var fetched fetchedObject
			bo.call("fetch", map[string]any{"message": sent.ID, "wait": "20s"}).into(&fetched)
			if fetched.File.State != "here" || fetched.Warnings == nil {
				t.Fatalf("fetched %+v %v", fetched.File, fetched.Warnings)
			}
			bo.event("file", func(e eventObject) bool {
				return e.MessageID == sent.ID && e.Detail == "here" && e.Message.File.State == "here"
			})
			var saved savedObject
			bo.call("save", map[string]any{"message": sent.ID, "out": there}).into(&saved)
			b, err := os.ReadFile(saved.Path)
			if err != nil || !bytes.Equal(b, want) {
				t.Errorf("%d bytes were saved of %d, %v", len(b), c.size, err)
			}
			if filepath.Dir(saved.Path) != there || saved.Name != c.name || saved.Size != int64(c.size) {
				t.Errorf("saved %+v", saved)
			}
			bo.call("save", map[string]any{"message": sent.ID, "out": there}).fails(exitFailed, "file-exists")
			bo.call("save", map[string]any{"message": sent.ID, "out": there, "force": true}).ok()
			ada.call("save", map[string]any{"message": sent.ID, "out": filepath.Join(there, "own")}).ok()
			if b, err := os.ReadFile(filepath.Join(there, "own")); err != nil || !bytes.Equal(b, want) {
				t.Errorf("the own file comes out as %d bytes, %v", len(b), err)
			}
			os.Remove(filepath.Join(there, "own")) //nolint:errcheck // the next run says so
		})
	}

	t.Run("files of a conversation, in pages", func(t *testing.T) {
		var all, tail, head []messageObject
		bo.call("files", map[string]any{"contact": "Ada"}).into(&all)
		bo.call("files", map[string]any{"contact": "Ada", "limit": 3}).into(&tail)
		bo.call("files", map[string]any{"contact": "Ada", "before": tail[0].ID}).into(&head)
		if len(all) != 7 || len(tail) != 3 || len(head) != 4 || all[0].ID != head[0].ID || all[4].ID != tail[0].ID {
			t.Errorf("%d files in all, %d and %d in pages", len(all), len(head), len(tail))
		}
		for _, m := range all {
			if m.File == nil || m.File.State != "here" {
				t.Errorf("among the files: %+v", m)
			}
		}
	})

	t.Run("a file is found by its name", func(t *testing.T) {
		var found []hitObject
		bo.call("search", map[string]any{"query": "глава", "kind": "attachment"}).into(&found)
		for _, h := range found {
			if len(h.NameHits) != 1 || string([]rune(h.File.Name)[h.NameHits[0][0]:h.NameHits[0][1]]) != "глава" {
				t.Errorf("of the name %q matched %v", h.File.Name, h.NameHits)
			}
		}
		if len(found) != 1 || found[0].File == nil || found[0].File.Name != "одна глава.bin" {
			t.Errorf("found %+v", found)
		}
	})

	t.Run("what is said of files that may do harm", func(t *testing.T) {
		path := fileIn(t, here, "holiday.jpg.exe", append([]byte("MZ"), make([]byte, 200)...))
		var sent messageObject
		ada.call("send", map[string]any{"contact": "Bo", "file": path, "require": "sent", "wait": "20s"}).into(&sent)
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		var fetched fetchedObject
		bo.call("fetch", map[string]any{"message": sent.ID}).into(&fetched)
		if len(fetched.Warnings) == 0 {
			t.Error("a program is not warned of")
		}
		for _, code := range fetched.Warnings {
			if _, known := cautions[media.Warning(code)]; !known {
				t.Errorf("%q has no words", code)
			}
		}
	})

	t.Run("what cannot be done is named", func(t *testing.T) {
		var text messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "no file", "wait": "0"}).into(&text)
		ada.call("fetch", map[string]any{"message": text.ID}).fails(exitMissing, "not-found")
		ada.call("save", map[string]any{"message": text.ID, "out": there}).fails(exitMissing, "not-found")
		ada.call("send", map[string]any{"contact": "Bo", "file": filepath.Join(here, "none")}).fails(exitMissing, "no-file")
		ada.call("send", map[string]any{"contact": "Bo", "file": here}).fails(exitUsage, "usage")
		ada.call("send", map[string]any{"contact": "Bo", "file": "-", "name": "x"}).fails(exitUsage, "usage")
		big := filepath.Join(here, "big")
		if err := errors.Join(os.WriteFile(big, nil, 0o600), os.Truncate(big, chat.MaxFile+1)); err != nil {
			t.Fatal(err)
		}
		ada.call("send", map[string]any{"contact": "Bo", "file": big}).fails(exitFailed, "too-large")
		bo.call("save", map[string]any{"message": strings.Repeat("0", 32), "out": there}).fails(exitMissing, "not-found")
	})

	t.Run("a file that was withdrawn is not fetched", func(t *testing.T) {
		var sent messageObject
		path := fileIn(t, here, "regret.txt", []byte("I should not have"))
		ada.call("send", map[string]any{"contact": "Bo", "file": path, "require": "sent", "wait": "20s"}).into(&sent)
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		ada.call("delete.message", map[string]any{"message": sent.ID, "for_everyone": true}).ok()
		bo.event("delete", func(e eventObject) bool { return e.MessageID == sent.ID })
		bo.call("fetch", map[string]any{"message": sent.ID}).fails(exitMissing, "not-found")
	})

	t.Run("with consent, small files are fetched by themselves", func(t *testing.T) {
		var set settingObject
		bo.call("set", map[string]any{"key": "download-limit", "value": "1kB"}).into(&set)
		if set.Value != "1000" {
			t.Errorf("set %+v", set)
		}
		bo.call("set", map[string]any{"key": "download-limit", "value": "a lot"}).fails(exitUsage, "usage")
		bo.call("consent.grant", map[string]any{"purpose": "automatic-download", "contact": "Ada"}).ok()
		var small, large messageObject
		ada.call("send", map[string]any{"contact": "Bo", "file": fileIn(t, here, "large", contentOf(8, 1001)), "wait": "20s", "require": "sent"}).into(&large)
		ada.call("send", map[string]any{"contact": "Bo", "file": fileIn(t, here, "small", contentOf(9, 1000)), "wait": "20s", "require": "sent"}).into(&small)
		bo.event("file", func(e eventObject) bool { return e.MessageID == small.ID && e.Detail == "here" })
		for _, m := range bo.messages("Ada") {
			if m.ID == large.ID && m.File.State != "offered" {
				t.Errorf("the large one is %s", m.File.State)
			}
		}
	})

	t.Run("acts on files stand in the audit log without their names", func(t *testing.T) {
		var entries []auditObject
		bo.call("audit.list", map[string]any{"limit": 1000}).into(&entries)
		saved := 0
		for _, e := range entries {
			if e.Action == "file.saved" {
				saved++
				if e.Subject != ada.id || e.Detail != "" {
					t.Errorf("the entry is %+v", e)
				}
			}
		}
		if saved != 14 {
			t.Errorf("%d entries of files that were saved", saved)
		}
	})

	t.Run("from standard input, and to standard output", func(t *testing.T) {
		ada.end()
		bo.end()
		want := contentOf(10, 300_000)
		line := piped(t, ada, want, "--json", "send", "Bo", "--file", "-", "--name", "piped.bin", "--require", "sent", "--wait", "20s")
		var sent messageObject
		if err := json.Unmarshal(line, &sent); err != nil || sent.File == nil || sent.File.Name != "piped.bin" || sent.File.Size != 300_000 {
			t.Fatalf("sent %s, %v", line, err)
		}
		piped(t, bo, nil, "sync")
		if got := piped(t, bo, nil, "save", sent.ID, "--out", "-"); !bytes.Equal(got, want) {
			t.Errorf("%d bytes came out of %d", len(got), len(want))
		}
		text := string(piped(t, bo, nil, "messages", "Ada"))
		if !strings.Contains(text, "[piped.bin, 300.0 kB]") || !strings.Contains(text, "[large, 1.0 kB, not fetched] ") && !strings.Contains(text, "[large, 1.0 kB, not fetched]\n") {
			t.Errorf("the messages are printed as %s", text)
		}
		bo.exits(exitFailed, "file-exists", "save", sent.ID, "--out", fileIn(t, here, "taken", nil))
		out := filepath.Join(here, "new")
		if got := piped(t, bo, nil, "save", sent.ID, "--out", out); string(got) != out+"\n" {
			t.Errorf("printed %q", got)
		}
		if b, err := os.ReadFile(out); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%d bytes were saved, %v", len(b), err)
		}
	})
}

// piped carries out one command with an input and returns its output.
func piped(t *testing.T, p *peer, in []byte, args ...string) []byte {
	t.Helper()
	cmd := p.command(args...)
	var words bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &words)
	}
	return out
}
