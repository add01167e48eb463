package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/app/apptest/narrow"
)

// TestWhatCanHappenToAFileIsNamed lets files fail in the ways people meet, and looks at what is said.
func TestWhatCanHappenToAFileIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs whole programs")
	}
	p := newPassage(t)
	ada, bo := p.ada, p.bo
	dir := t.TempDir()
	send := func(name string, size int, wait string) (o messageObject) {
		t.Helper()
		path := fileIn(t, dir, name, contentOf(40, size))
		ada.call("send", map[string]any{"contact": "Bo", "file": path, "wait": wait}).into(&o)
		return o
	}

	t.Run("while the relay is away a file waits, and can be withdrawn", func(t *testing.T) {
		p.relay.kill()
		p.narrow.Cut()
		waiting := send("waiting", 1000, "0")
		if waiting.State != "queued" || waiting.File.State != "sending" {
			t.Errorf("it is %s, its file %s", waiting.State, waiting.File.State)
		}
		path := fileIn(t, dir, "required", nil)
		ada.call("send", map[string]any{"contact": "Bo", "file": path, "wait": "1s", "require": "sent"}).fails(exitNetwork, "not-sent")
		for _, m := range ada.messages("Bo") {
			if m.File == nil {
				continue
			}
			var withdrawn idObject
			ada.call("cancel", map[string]any{"message": m.ID}).into(&withdrawn)
			if withdrawn.ID != m.ID {
				t.Errorf("cancelled %+v", withdrawn)
			}
		}
		var left []messageObject
		ada.call("files", map[string]any{"contact": "Bo"}).into(&left)
		if len(left) != 0 {
			t.Errorf("%d files are left", len(left))
		}
		if blobs, err := os.ReadDir(filepath.Join(ada.dir, "blobs")); err != nil || len(blobs) != 0 {
			t.Errorf("%d blobs are left, %v", len(blobs), err)
		}
		p.relay.start()
	})

	t.Run("a call that waits for a file is interrupted, and the file goes on", func(t *testing.T) {
		const size = 4 << 20
		sent := send("slow.bin", size, "0")
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		p.narrow.Plan(narrow.Step{Way: narrow.Down, At: size / 2, What: "interrupt"})
		answer := bo.begin("fetch", map[string]any{"message": sent.ID})
		bo.mu.Lock()
		call := bo.n
		bo.mu.Unlock()
		s := <-p.narrow.Reached
		var interrupted interruptedObject
		bo.call("interrupt", map[string]any{"call": call}).into(&interrupted)
		if !interrupted.Interrupted {
			t.Error("there was nothing to interrupt")
		}
		r := <-answer
		r.peer, r.method = bo.peer, "fetch"
		r.fails(exitFailed, "interrupted")
		if f := bo.file("Ada", sent.ID); f.State != "fetching" {
			t.Errorf("the file is %s", f.State)
		}
		close(s.Done)
		bo.event("file", func(e eventObject) bool { return e.MessageID == sent.ID && e.Detail == "here" })

		bo.mu.Lock()
		defer bo.mu.Unlock()
		told := 0
		for i, o := range bo.progress {
			if o.Message != sent.ID || o.Doing != doingFetching {
				continue
			}
			told++
			if o.Total <= size || o.Done > o.Total || i > 0 && bo.progress[i-1].Message == o.Message && bo.progress[i-1].Done > o.Done {
				t.Errorf("told %+v after %+v", o, bo.progress[max(i-1, 0)])
			}
		}
		if told == 0 {
			t.Error("no progress was told")
		}
	})

	t.Run("a fetch is cancelled, and taken up again", func(t *testing.T) {
		const size = 4 << 20
		sent := send("again.bin", size, "0")
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		p.narrow.Plan(narrow.Step{Way: narrow.Down, At: size / 2, What: "cancel"})
		bo.call("fetch", map[string]any{"message": sent.ID, "wait": "0"}).ok()
		s := <-p.narrow.Reached
		var cancelled messageObject
		bo.call("cancel", map[string]any{"message": sent.ID}).into(&cancelled)
		close(s.Done)
		if cancelled.File == nil || cancelled.File.State != "offered" {
			t.Errorf("cancelled: %+v", cancelled.File)
		}
		bo.call("save", map[string]any{"message": sent.ID, "out": filepath.Join(dir, "again")}).ok()
		same(t, filepath.Join(dir, "again.bin"), filepath.Join(dir, "again"))
	})

	t.Run("a file that does not come in time is said to be on its way", func(t *testing.T) {
		sent := send("late.bin", 1<<20, "0")
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		p.relay.kill()
		p.narrow.Cut()
		bo.call("fetch", map[string]any{"message": sent.ID, "wait": "1s"}).fails(exitNetwork, "not-fetched")
		bo.call("save", map[string]any{"message": sent.ID, "out": filepath.Join(dir, "late"), "wait": "1s"}).fails(exitNetwork, "not-fetched")
		if _, err := os.Lstat(filepath.Join(dir, "late")); !os.IsNotExist(err) {
			t.Errorf("a part of it was saved: %v", err)
		}
		p.relay.start()
		bo.call("fetch", map[string]any{"message": sent.ID, "wait": "20s"}).ok()
	})

	t.Run("a file that the relay has lost or altered is refused by name", func(t *testing.T) {
		for what, harm := range map[string]func(path string) error{
			"file-gone": os.Remove,
			"file-damaged": func(path string) error {
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				b[len(b)/2] ^= 1
				return os.WriteFile(path, b, 0o600)
			},
		} {
			blobs := func() []os.DirEntry {
				entries, err := os.ReadDir(filepath.Join(p.relay.data, "blobs"))
				if err != nil {
					t.Fatal(err)
				}
				return entries
			}
			before := map[string]bool{} // what was fetched leaves the relay later, with the day
			for _, e := range blobs() {
				before[e.Name()] = true
			}
			sent := send(what, 200_000, "20s")
			bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
			p.relay.kill()
			harmed := 0
			for _, e := range blobs() {
				if before[e.Name()] {
					continue
				}
				if err := harm(filepath.Join(p.relay.data, "blobs", e.Name())); err != nil {
					t.Fatal(err)
				}
				harmed++
			}
			p.relay.start()
			p.narrow.Cut()
			exit := map[string]int{"file-gone": exitMissing, "file-damaged": exitFailed}[what]
			out := filepath.Join(dir, what+".out")
			bo.call("save", map[string]any{"message": sent.ID, "out": out, "wait": "20s"}).fails(exit, what)
			if f := bo.file("Ada", sent.ID); harmed != 1 || f.State != "failed" || f.Failure != what {
				t.Errorf("%d files harmed, the file is %+v", harmed, f)
			}
			if _, err := os.Lstat(out); !os.IsNotExist(err) {
				t.Errorf("%s: something was saved: %v", what, err)
			}
			bo.call("fetch", map[string]any{"message": sent.ID, "wait": "5s"}).fails(exit, what)
		}
	})

	t.Run("what stands in the way stays as it is", func(t *testing.T) {
		sent := send("whole.bin", 100, "20s")
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		bo.call("save", map[string]any{"message": sent.ID, "out": filepath.Join(dir, "none", "x"), "wait": "20s"}).fails(exitMissing, "no-file")
		bo.call("save", map[string]any{"message": sent.ID, "out": filepath.Join(bo.dir, "x")}).fails(exitUsage, "inside-profile")
		taken := fileIn(t, dir, "taken", []byte("mine"))
		bo.call("save", map[string]any{"message": sent.ID, "out": taken}).fails(exitFailed, "file-exists")
		if b, err := os.ReadFile(taken); err != nil || !bytes.Equal(b, []byte("mine")) {
			t.Errorf("what was there is %q, %v", b, err)
		}
		bo.call("save", map[string]any{"message": sent.ID, "out": taken, "force": true}).ok()
		same(t, filepath.Join(dir, "whole.bin"), taken)
	})
}

func TestProgressIsToldFirstLastAndElseNowAndThen(t *testing.T) {
	var told []int64
	tell := rarely(func(done, _ int64) { told = append(told, done) })
	began := time.Now()
	for done := int64(0); done <= 1000; done++ {
		tell(done, 1000)
	}
	tell(1000, 1000)
	most := 3 + int(time.Since(began)/progressEvery)
	if len(told) < 2 || len(told) > most || told[0] != 0 || told[len(told)-1] != 1000 {
		t.Errorf("told %v", told)
	}
}
