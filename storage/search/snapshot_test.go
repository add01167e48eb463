package search

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

// never keeps an index from saving by itself.
var never = Options{Changes: 1 << 40, Quiet: 1 << 40}

// unsealed answers what the snapshot of a history holds.
func unsealed(t testing.TB, h *history) []byte {
	t.Helper()
	file, err := os.ReadFile(h.path())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range h.store.SearchKeys() {
		if b, err := unseal(file, key); err == nil {
			return b
		}
	}
	t.Fatal("no present key opens the snapshot")
	return nil
}

func (x *Index) saved(t testing.TB) {
	t.Helper()
	if err := x.Save(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestTheSnapshotIsSealedUnderANewKeyEachTime(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, never)
	h.put(t, message(0, "marmalade"))
	x.saved(t)
	first, err := os.ReadFile(h.path())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(first, []byte("marmalade")) {
		t.Error("the snapshot shows a word")
	}
	if !bytes.Contains(unsealed(t, h), []byte("\x00marmalade\x00")) {
		t.Error("the decrypted snapshot does not hold the word") // positive control
	}
	x.saved(t)
	for _, key := range h.store.SearchKeys() {
		if _, err := unseal(first, key); err == nil {
			t.Error("a present key opens the snapshot before")
		}
	}
	if info, err := os.Stat(h.path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWordsOfDeletedMessagesAreNotInTheSnapshot(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, never)
	kept, edited, removed, elsewhere := message(0, "kept"), message(1, "rhubarb"), message(2, "gooseberry"), message(3, "elderflower")
	elsewhere.Conversation = conv(2)
	h.put(t, kept, edited, removed, elsewhere)
	x.saved(t)
	for _, w := range []string{"rhubarb", "gooseberry", "elderflower"} {
		if !bytes.Contains(unsealed(t, h), []byte(w)) {
			t.Fatalf("%q is not in the snapshot before", w) // positive control
		}
	}
	edited.Text = "changed"
	h.put(t, edited)
	h.update(t, func(tx chat.Tx) error { return tx.Messages().Delete(removed.ID) })
	if err := h.store.Erase(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(2)) }); err != nil {
		t.Fatal(err)
	}
	x.saved(t)
	b := unsealed(t, h)
	for _, w := range []string{"rhubarb", "gooseberry", "elderflower"} {
		if bytes.Contains(b, []byte(w)) {
			t.Errorf("%q is still in the snapshot", w)
		}
	}
	for _, id := range [][]byte{slices.Concat([]byte{2, 1}, make([]byte, 30))} {
		if bytes.Contains(b, id) {
			t.Error("the deleted conversation is still in the snapshot")
		}
	}
	if !bytes.Contains(b, []byte("\x00kept\x00")) || !bytes.Contains(b, []byte("\x00changed\x00")) {
		t.Error("what is there is not in the snapshot")
	}
}

func TestAnErasureReplacesTheSnapshot(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{Changes: 1 << 40, Quiet: time.Millisecond})
	h.put(t, message(0, "kept"), message(1, "gooseberry"))
	x.saved(t)
	old, err := os.ReadFile(h.path())
	if err != nil {
		t.Fatal(err)
	}
	err = h.store.Erase(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(message(1, "").ID) })
	if err != nil {
		t.Fatal(err)
	}
	for { // the index replaces it by itself
		now, err := os.ReadFile(h.path())
		if err == nil && !bytes.Equal(now, old) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := x.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(unsealed(t, h), []byte("gooseberry")) {
		t.Error("the word is in the new snapshot")
	}
}

func TestAnErasureMakesTheSnapshotUnreadableAtOnce(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, never)
	h.put(t, message(0, "kept"), message(1, "gooseberry"))
	x.saved(t)
	copied := h.copy(t) // as it lies there when the process dies before the index saw the erasure
	copied.open(t)
	err := copied.store.Erase(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(message(1, "").ID) })
	if err != nil {
		t.Fatal(err)
	}
	copied.close(t)
	copied.open(t)
	defer copied.close(t)
	file, err := os.ReadFile(copied.path())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range copied.store.SearchKeys() {
		if _, err := unseal(file, key); err == nil {
			t.Error("a key of the history opens the snapshot that holds the erased word")
		}
	}
	if got := texts(t, copied.index(t, never), chat.Query{Text: "e"}); got != nil {
		t.Errorf("found %q", got)
	}
	if got := texts(t, copied.index(t, never), chat.Query{Text: "kept"}); len(got) != 1 {
		t.Errorf("after building anew: %q", got)
	}
}

// copy copies the files of a history as they lie there.
func (h *history) copy(t testing.TB) *history {
	t.Helper()
	out := &history{dir: filepath.Join(t.TempDir(), "copy")}
	if err := os.CopyFS(out.dir, os.DirFS(h.dir)); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestASnapshotThatCannotBeUsedIsBuiltAnew(t *testing.T) {
	other := newHistory(t)
	y := other.index(t, never)
	other.put(t, message(0, "foreign"))
	y.saved(t)
	foreign, err := os.ReadFile(other.path())
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(file []byte) []byte{
		"missing":  func([]byte) []byte { return nil },
		"empty":    func([]byte) []byte { return []byte{} },
		"cut":      func(b []byte) []byte { return b[:len(b)-1] },
		"longer":   func(b []byte) []byte { return append(b, 0) },
		"altered":  func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"version":  func(b []byte) []byte { b[len(fileMagic)-1]++; return b },
		"before":   func(b []byte) []byte { b[len(fileMagic)-1] = 1; return b }, // knew no names of files
		"foreign":  func([]byte) []byte { return foreign },
		"no parts": func([]byte) []byte { return append([]byte(fileMagic), 0, 0, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory(t)
			x := h.index(t, never)
			h.put(t, message(0, "one"), message(1, "two"))
			x.saved(t)
			if err := x.Close(ctx); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(h.path())
			if err != nil {
				t.Fatal(err)
			}
			if b = spoil(b); b == nil {
				err = os.Remove(h.path())
			} else {
				err = os.WriteFile(h.path(), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			x = h.index(t, never)
			if got := texts(t, x, chat.Query{Conversation: conv(1)}); !slices.Equal(got, []string{"two", "one"}) {
				t.Errorf("found %q", got)
			}
		})
	}
}

func TestAnOlderSnapshotIsNotUsed(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, never)
	h.put(t, message(0, "one"))
	x.saved(t)
	older, err := os.ReadFile(h.path())
	if err != nil {
		t.Fatal(err)
	}
	h.put(t, message(1, "two"))
	x.saved(t)
	if err := x.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.path(), older, 0o600); err != nil {
		t.Fatal(err)
	}
	x = h.index(t, never)
	if got := texts(t, x, chat.Query{Conversation: conv(1)}); !slices.Equal(got, []string{"two", "one"}) {
		t.Errorf("found %q", got)
	}
}

func TestUnlockingCatchesUpWithWhatCameAndWent(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, never)
	edited, removed := message(1, "second"), message(2, "third")
	h.put(t, message(0, "first"), edited, removed)
	x.saved(t)
	if err := x.Close(ctx); err != nil {
		t.Fatal(err)
	}
	edited.Text = "zweite"
	h.put(t, edited, message(3, "fourth"))
	h.update(t, func(tx chat.Tx) error { return tx.Messages().Delete(removed.ID) })
	h.close(t)
	h.open(t)
	x = New(h.store, h.path(), never)
	defer x.Close(ctx) //nolint:errcheck // it answers nil
	if loaded := x.load(); loaded.docs.len() != 3 || loaded.mark.Row != 3 {
		t.Fatalf("the snapshot holds %d messages up to row %d", loaded.docs.len(), loaded.mark.Row)
	}
	if got := texts(t, x, chat.Query{Conversation: conv(1)}); !slices.Equal(got, []string{"fourth", "zweite", "first"}) {
		t.Errorf("found %q", got)
	}
}

func TestKilledWhileSavingItFindsTheSame(t *testing.T) {
	for _, point := range []string{"written", "keyed", "renamed"} {
		t.Run(point, func(t *testing.T) {
			h := newHistory(t)
			var copied *history
			o := never
			o.reached = func(at string) {
				if at == point {
					copied = h.copy(t)
				}
			}
			x := h.index(t, o)
			h.put(t, message(0, "one"), message(1, "two"))
			x.saved(t)
			copied.open(t)
			defer copied.close(t)
			if loaded := New(copied.store, copied.path(), never).load(); point != "written" && loaded.docs.len() != 2 {
				t.Errorf("the snapshot is not found after %q", point)
			}
			if got := texts(t, copied.index(t, never), chat.Query{Conversation: conv(1)}); !slices.Equal(got, []string{"two", "one"}) {
				t.Errorf("found %q", got)
			}
		})
	}
}

func TestASnapshotThatMissedAnErasureIsNotKept(t *testing.T) {
	h := newHistory(t)
	o := never
	var x *Index
	o.reached = func(at string) {
		if at == "written" {
			if err := h.store.Erase(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(message(0, "").ID) }); err != nil {
				t.Error(err)
			}
			x.options.reached = nil
		}
	}
	x = h.index(t, o)
	h.put(t, message(0, "gooseberry"), message(1, "two"))
	if err := x.Save(ctx); err == nil {
		t.Error("a snapshot with an erased word was kept")
	}
	for _, suffix := range []string{"", suffix} { // the next one is made later, without the word
		if _, err := os.Stat(h.path() + suffix); err == nil {
			t.Error("its file is there")
		}
	}
}

func TestADiskThatRefusesTheSnapshotDoesNotStopTheSearch(t *testing.T) {
	h := newHistory(t)
	x := New(h.store, filepath.Join(h.dir, "missing", "search.sealed"), Options{Changes: 1})
	h.put(t, message(0, "one"))
	if got := texts(t, x, chat.Query{Text: "one"}); len(got) != 1 {
		t.Errorf("found %q", got)
	}
	if err := x.Save(ctx); err == nil || strings.Contains(err.Error(), h.dir) {
		t.Errorf("saving: %v, want an error without a path", err)
	}
	if err := x.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestAnErasureWithoutASearchKeepsTheSnapshotUsable(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, never)
	h.put(t, message(0, "one"), message(1, "two"))
	x.saved(t)
	if err := x.Close(ctx); err != nil {
		t.Fatal(err)
	}
	x = New(h.store, h.path(), never) // as a command that deletes and never searches
	if err := h.store.Erase(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(message(0, "").ID) }); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if b := unsealed(t, h); bytes.Contains(b, []byte("\x00one\x00")) || !bytes.Contains(b, []byte("\x00two\x00")) {
		t.Error("the snapshot is not the present one")
	}
}

func FuzzDecode(f *testing.F) {
	h := newHistory(f)
	x := New(h.store, h.path(), never)
	h.put(f, message(0, "one two"), message(1, "東京 three"))
	if err := x.Wait(ctx); err != nil {
		f.Fatal(err)
	}
	x.image.settle(true)
	f.Add(x.image.encode())
	f.Add([]byte{})
	if err := x.Close(ctx); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var x *image
		var err error
		alloc.Check(t, len(b), func() { x, err = decode(b) })
		if err != nil {
			return
		}
		w := wanted{pieces: []piece{{text: "o"}}, until: 1<<64 - 1}
		x.candidates(w, 1<<64-1, 10)
		x.settle(true)
	})
}

func FuzzUnseal(f *testing.F) {
	f.Add([]byte(fileMagic + "\x00\x00\x00\x01\x00\x00\x00\x01x"))
	f.Add([]byte(fileMagic + "\xff\xff\xff\xff"))
	h := newHistory(f)
	x := New(h.store, h.path(), never)
	x.saved(f)
	if b, err := os.ReadFile(h.path()); err == nil {
		f.Add(b)
	}
	key := h.store.SearchKeys()[0]
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = unseal(b, key) })
	})
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{`a "b c`, "東京", "NEAR(a) *", "\x00\xff", "„x“ e\u0301 \u202e", strings.Repeat("q", 100)} {
		f.Add(q, "a b c 東京 e\u0301 x")
	}
	f.Fuzz(func(t *testing.T, query, text string) {
		var terms []term
		var pieces []piece
		var err error
		// Joining marks takes a few bytes for each, one after the other.
		alloc.CheckBesides(t, len(query), 128*uint64(len(query)), func() { terms, pieces, err = parse(query) })
		if err != nil {
			return
		}
		fold := &folder{}
		ranges, _, ok := fold.match(terms, text, "")
		last := 0
		for _, r := range ranges {
			if r[0] < last || r[1] <= r[0] || r[1] > len(text) {
				t.Fatalf("ranges %v in %d bytes", ranges, len(text))
			}
			last = r[1]
		}
		if !ok || len(terms) == 0 {
			return
		}
		// What matches is among the candidates: each piece is held by an entry.
		fold.trace = false
		fold.fold(text)
		for _, p := range pieces {
			held := false
			words(fold.text, func(w []byte) {
				at := bytes.Index(w, []byte(p.text))
				held = held || at == 0 || at > 0 && !p.begin
			})
			if !held {
				t.Fatalf("%q matches %q, and no entry holds %q", query, text, p.text)
			}
		}
	})
}
