package profile_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/storage"
)

// friends are two profiles on one relay that talk.
func friends(t *testing.T) (ada, ben *profile.Profile, conv chat.ConversationID) {
	t.Helper()
	glass := newGlassRelay(t)
	ada, ben = create(t, "Ada", glass.pass), create(t, "Ben", glass.pass)
	introduce(t, ada, ben)
	return ada, ben, ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
}

// hand lets one send a file and the other fetch it, and returns its message.
func hand(t *testing.T, from, to *profile.Profile, conv chat.ConversationID, name string, data []byte) chat.MessageID {
	t.Helper()
	arrived := eventOf(to, messenger.EventMessage)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := from.SendFile(t.Context(), conv, path, profile.FileOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	await(t, arrived)
	bring(t, to, m.ID)
	return m.ID
}

func bring(t *testing.T, p *profile.Profile, id chat.MessageID) {
	t.Helper()
	here := eventOf(p, messenger.EventFile, string(chat.FileHere))
	if err := p.Messenger.FetchFile(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	await(t, here)
}

// photo is a JPEG with a place in it.
func photo(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x ^ y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	comment := append([]byte{0xff, 0xfe, 0, 22}, "taken at 52.5N 13.4E"...)
	return append(append(bytes.Clone(b.Bytes()[:2]), comment...), b.Bytes()[2:]...)
}

func TestAFileIsSentFetchedAndSavedAsItWas(t *testing.T) {
	ada, ben, conv := friends(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	id := hand(t, ada, ben, conv, "letter to Ben.txt", want)
	dir := t.TempDir()
	target := filepath.Join(dir, "saved.txt")
	var last int64
	if err := ben.SaveFile(t.Context(), id, target, func(done, total int64) {
		if done <= last || total != int64(len(want)) {
			t.Errorf("told %d of %d after %d", done, total, last)
		}
		last = done
	}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(target)
	if err != nil || !bytes.Equal(got, want) || last != int64(len(want)) {
		t.Errorf("%d bytes saved, %d told, of %d; %v", len(got), last, len(want), err)
	}
	if info, err := os.Stat(target); err != nil || info.Mode() != 0o600 {
		t.Errorf("saved with %v, %v", info.Mode(), err)
	}

	t.Run("what is there is not overwritten unless that is asked for", func(t *testing.T) {
		if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ben.SaveFile(t.Context(), id, target, nil); !errors.Is(err, chat.ErrExists) {
			t.Errorf("saved over what is there: %v", err)
		}
		if got, err := os.ReadFile(target); err != nil || string(got) != "mine" {
			t.Errorf("it holds %d bytes, %v", len(got), err)
		}
		if err := ben.ReplaceFile(t.Context(), id, target, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, want) {
			t.Errorf("it holds %d bytes, %v", len(got), err)
		}
		if err := ben.ReplaceFile(t.Context(), id, dir, nil); !errors.Is(err, chat.ErrExists) {
			t.Errorf("replaced a folder: %v", err)
		}
	})

	t.Run("a save that is cancelled leaves nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := ben.SaveFile(ctx, id, filepath.Join(dir, "never"), func(int64, int64) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("left: %v, %v", left, err)
		}
	})

	t.Run("what a killed save left is removed by the next", func(t *testing.T) {
		old, fresh := filepath.Join(dir, ".sotto-saving-1"), filepath.Join(dir, ".sotto-saving-2")
		for _, name := range []string{old, fresh} {
			if err := os.WriteFile(name, []byte("part"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		hours := time.Now().Add(-2 * time.Hour)
		if err := errors.Join(os.Chtimes(old, hours, hours), ben.SaveFile(t.Context(), id, filepath.Join(dir, "next"), nil)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(old); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it is still there: %v", err)
		}
		if _, err := os.Lstat(fresh); err != nil {
			t.Errorf("one that may be under way is gone: %v", err)
		}
	})

	t.Run("one's own file comes out the same, and that is recorded", func(t *testing.T) {
		var b bytes.Buffer
		if err := ada.WriteFile(t.Context(), id, &b, nil); err != nil || !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%d bytes, %v", b.Len(), err)
		}
		saved := 0
		err := ada.View(t.Context(), func(tx chat.Tx) error {
			all, err := tx.Audit().List(0, 1000)
			for _, e := range all {
				if e.Action == "file.saved" {
					saved++
				}
			}
			return err
		})
		if err != nil || saved != 1 {
			t.Errorf("%d entries, %v", saved, err)
		}
	})

	t.Run("the audit log says so without a name", func(t *testing.T) {
		acts := map[string]int{}
		err := ben.View(t.Context(), func(tx chat.Tx) error {
			all, err := tx.Audit().List(0, 1000)
			for _, e := range all {
				if !strings.HasPrefix(e.Action, "file.") {
					continue
				}
				acts[e.Action]++
				if e.Subject != ada.Messenger.Self().ID.String() || e.Detail != "" {
					t.Errorf("the entry is %+v", e)
				}
			}
			return err
		})
		if err != nil || acts["file.saved"] != 3 || len(acts) != 1 {
			t.Errorf("acts %v, %v", acts, err)
		}
	})

	t.Run("attachments are counted", func(t *testing.T) {
		s, err := ben.Space(t.Context())
		if err != nil || s.Attachments < int64(len(want)) || s.Files != 1 {
			t.Errorf("%d bytes of %d attachments, %v", s.Attachments, s.Files, err)
		}
	})
}

// sendBytes sends what is in memory, as when a picture is pasted.
func sendBytes(t *testing.T, p *profile.Profile, conv chat.ConversationID, name string, data []byte, o profile.FileOptions) (chat.Message, error) {
	t.Helper()
	out, err := media.PrepareBytes(t.Context(), name, data, media.Options{KeepMetadata: o.KeepMetadata})
	if err != nil {
		return chat.Message{}, err
	}
	return p.SendPrepared(t.Context(), conv, out, o, nil)
}

func TestAFileThatIsNotHereIsNeitherOpenedNorSaved(t *testing.T) {
	ada, ben, conv := friends(t)
	arrived := eventOf(ben, messenger.EventMessage)
	m, err := sendBytes(t, ada, conv, "pasted.jpg", photo(t, 64, 48), profile.FileOptions{Caption: "look"})
	if err != nil {
		t.Fatal(err)
	}
	await(t, arrived)
	dir := t.TempDir()
	_, err = ben.OpenCopy(t.Context(), m.ID)
	for what, err := range map[string]error{
		"open": err, "save": ben.SaveFile(t.Context(), m.ID, filepath.Join(dir, "x"), nil),
		"write": ben.WriteFile(t.Context(), m.ID, &bytes.Buffer{}, nil),
	} {
		if !errors.Is(err, chat.ErrNotFetched) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 || ben.Copies() != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAPictureLosesItsMetadataAndGetsAPreviewWhereItArrives(t *testing.T) {
	ada, ben, conv := friends(t)
	original := photo(t, 1600, 1200)
	id := hand(t, ada, ben, conv, "holiday.jpg", original)
	var got bytes.Buffer
	if err := ben.WriteFile(t.Context(), id, &got, nil); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(got.Bytes(), []byte("52.5N")) || !bytes.Contains(original, []byte("52.5N")) || got.Len() < len(original)/2 {
		t.Errorf("%d bytes arrived of %d, with the place: %v", got.Len(), len(original), bytes.Contains(got.Bytes(), []byte("52.5N")))
	}
	m, err := ben.Messenger.Message(t.Context(), id)
	if err != nil || m.File.Width != 1600 || m.File.Height != 1200 || m.File.Type != "image/jpeg" {
		t.Errorf("the message says %+v, %v", m.File, err)
	}
	if small, err := ben.Preview(t.Context(), id); err != nil || len(small) <= chat.MaxThumbnail || len(small) > chat.MaxPreview {
		t.Errorf("a preview of %d bytes, %v", len(small), err)
	}
	if kept, err := ben.Messenger.Preview(t.Context(), id); err != nil || len(kept) <= chat.MaxThumbnail {
		t.Errorf("a preview of %d bytes is kept, %v", len(kept), err)
	}
	if own, err := ada.Preview(t.Context(), id); err != nil || len(own) <= chat.MaxThumbnail {
		t.Errorf("the sender has a preview of %d bytes, %v", len(own), err)
	}

	kept, err := sendBytes(t, ada, conv, "as it is.jpg", original, profile.FileOptions{KeepMetadata: true})
	if err != nil {
		t.Fatal(err)
	}
	got.Reset()
	if err := ada.WriteFile(t.Context(), kept.ID, &got, nil); err != nil || !bytes.Equal(got.Bytes(), original) {
		t.Errorf("%d bytes are sent of %d, %v", got.Len(), len(original), err)
	}
}

func TestWhatToMindIsSaidBeforeAndAfterAFileIsFetched(t *testing.T) {
	ada, ben, conv := friends(t)
	arrived := eventOf(ben, messenger.EventMessage)
	m, err := sendBytes(t, ada, conv, "holiday.jpg", append([]byte("MZ"), make([]byte, 300)...), profile.FileOptions{Name: "holiday.jpg.scr"})
	if err != nil {
		t.Fatal(err)
	}
	await(t, arrived)
	before, err := ben.CheckFile(t.Context(), m.ID)
	if err != nil || len(before) == 0 {
		t.Errorf("by its name: %v, %v", before, err)
	}
	bring(t, ben, m.ID)
	after, err := ben.CheckFile(t.Context(), m.ID)
	if err != nil || !strings.Contains(fmt.Sprint(after), string(media.WarnExecutable)) {
		t.Errorf("by its bytes: %v, %v", after, err)
	}
}

// copyOf opens a copy and checks that it is the file.
func copyOf(t *testing.T, p *profile.Profile, id chat.MessageID, want []byte) string {
	t.Helper()
	path, err := p.OpenCopy(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("the copy holds %d bytes of %d, %v", len(got), len(want), err)
	}
	return path
}

func gone(t *testing.T, when, path string) {
	t.Helper()
	if _, err := os.Lstat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: the folder of the copy is still there: %v", when, err)
	}
}

func TestAPlaintextCopyGoesWhenItIsClosedWithTheLockAndWhenTheProfileIsClosed(t *testing.T) {
	ada, ben, conv := friends(t)
	want := bytes.Repeat([]byte("confidential "), 1000)
	id := hand(t, ada, ben, conv, "../plan: B?.txt", want)
	path := copyOf(t, ben, id, want)
	if filepath.Base(path) != media.SafeName("../plan: B?.txt") || !strings.Contains(path, string(filepath.Separator)+storage.TempFolder+string(filepath.Separator)) {
		t.Errorf("the copy is called %s", filepath.Base(path))
	}
	if err := ben.CloseCopies(); err != nil || ben.Copies() != 0 {
		t.Errorf("%d copies, %v", ben.Copies(), err)
	}
	gone(t, "closed", path)

	path = copyOf(t, ben, id, want)
	locked, err := ben.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone(t, "locked", path)
	if _, err := ben.OpenCopy(t.Context(), id); !errors.Is(err, chat.ErrLocked) {
		t.Errorf("a locked profile opens a copy: %v", err)
	}
	again, err := locked.Unlock(t.Context(), profile.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	path = copyOf(t, again, id, want)
	opened := 0
	err = again.View(t.Context(), func(tx chat.Tx) error {
		all, err := tx.Audit().List(0, 1000)
		for _, e := range all {
			if e.Action != "file.opened" {
				continue
			}
			opened++
			if e.Subject != ada.Messenger.Self().ID.String() || e.Detail != "" {
				t.Errorf("the entry is %+v", e)
			}
		}
		return err
	})
	if err != nil || opened != 3 {
		t.Errorf("%d entries of three copies, %v", opened, err)
	}
	closed(t, again)
	gone(t, "the profile closed", path)
}

// The child opens a copy of this message in the profile of childDir, says its path, and waits to be killed.
const childCopies = "SOTTO_TEST_COPIES"

func openCopy(dir, message string) {
	ctx := context.Background()
	p, err := profile.Open(ctx, profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		fmt.Println("opening:", err)
		os.Exit(1)
	}
	id, err := chat.ParseMessageID(message)
	if err != nil {
		fmt.Println("message:", err)
		os.Exit(1)
	}
	path, err := p.OpenCopy(ctx, id)
	if err != nil {
		fmt.Println("copy:", err)
		os.Exit(1)
	}
	fmt.Println(path)
	bufio.NewReader(os.Stdin).ReadString('\n') //nolint:errcheck // until it is killed
}

func TestAPlaintextCopyOfAKilledProcessIsOverwrittenAtTheNextStart(t *testing.T) {
	for name, start := range map[string]func(*testing.T, string){
		"a window starts": func(t *testing.T, dir string) {
			if err := profile.WipeCopies(dir); err != nil {
				t.Fatal(err)
			}
		},
		"somebody tries a passphrase": func(t *testing.T, dir string) {
			_, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase("wrong")})
			if !errors.Is(err, chat.ErrWrongSecret) {
				t.Fatalf("a wrong passphrase answered %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { killWithACopy(t, start) })
	}
}

func TestTheCopiesOfARunningProfileAreItsOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	createIn(t, dir, "Ada", "")
	if err := profile.WipeCopies(dir); !errors.Is(err, chat.ErrProfileInUse) {
		t.Errorf("another process may wipe: %v", err)
	}
	if err := profile.WipeCopies(t.TempDir()); err != nil {
		t.Errorf("a folder without a profile: %v", err)
	}
}

// killWithACopy kills a process that has a copy open, and starts anew.
func killWithACopy(t *testing.T, start func(*testing.T, string)) {
	t.Helper()
	glass := newGlassRelay(t)
	living, dir := filepath.Join(t.TempDir(), "living"), filepath.Join(t.TempDir(), "killed")
	ada, ben := create(t, "Ada", glass.pass), createIn(t, living, "Ben", glass.pass)
	introduce(t, ada, ben)
	want := []byte("confidential")
	id := hand(t, ada, ben, ada.Messenger.ConversationWith(ben.Messenger.Self().ID), "plan.txt", want)
	if err := os.CopyFS(dir, os.DirFS(living)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childCopies+"="+id.String(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // its process is killed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the child says nothing")
	}
	path := lines.Text()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("after the kill the copy holds %q, %v", got, err)
	}
	beside := filepath.Join(t.TempDir(), "beside") // a second name shows what was written over the first
	if err := os.Link(path, beside); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	gone(t, "started again", path)
	if got, err := os.ReadFile(beside); err != nil || !bytes.Equal(got, make([]byte, len(want))) {
		t.Errorf("it was not overwritten: %q, %v", got, err)
	}
	closed(t, openIn(t, dir))
}
