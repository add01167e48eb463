package profile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sotto/chat"
)

// written returns a write of content that afterwards waits for ctx where it should hang.
func written(content string) func(context.Context, *os.File) error {
	return func(_ context.Context, f *os.File) error {
		_, err := f.WriteString(content)
		return err
	}
}

func TestACopyLiesInAFolderOfItsOwnThatOnlyItsOwnerEnters(t *testing.T) {
	c := newCopies(filepath.Join(t.TempDir(), "tmp"))
	path, err := c.make(t.Context(), chat.MessageID{1}, "letter.txt", written("plain"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir, c.tmp: 0o700 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, want %v; %v", filepath.Base(name), info.Mode(), want, err)
		}
	}
	again, err := c.make(t.Context(), chat.MessageID{1}, "letter.txt", written("other"))
	if err != nil || again != path {
		t.Errorf("the copy that is there is not used again: %v", err)
	}
	other, err := c.make(t.Context(), chat.MessageID{2}, "letter.txt", written("of another"))
	if err != nil || filepath.Dir(other) == filepath.Dir(path) {
		t.Errorf("two messages share a folder: %v", err)
	}
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if again, err = c.make(t.Context(), chat.MessageID{1}, "letter.txt", written("anew")); err != nil || again == path {
		t.Errorf("a copy that somebody removed is not made anew: %v", err)
	}
}

func TestAWipedCopyIsOverwrittenBeforeItGoes(t *testing.T) {
	c := newCopies(filepath.Join(t.TempDir(), "tmp"))
	path, err := c.make(t.Context(), chat.MessageID{1}, "letter.txt", written("plain"))
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(filepath.Dir(path), ".~lock.letter.txt#") // other programs leave files beside
	outside := filepath.Join(t.TempDir(), "outside")
	for name, content := range map[string]string{beside: "somebody", outside: "untouched"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(filepath.Dir(path), "link")); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "kept") // a second name shows what was written over the first
	if err := os.Link(path, kept); err != nil {
		t.Fatal(err)
	}
	if err := c.wipe(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(c.tmp); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if b, err := os.ReadFile(kept); err != nil || string(b) != "\x00\x00\x00\x00\x00" {
		t.Errorf("it was not overwritten: %q, %v", b, err)
	}
	if b, err := os.ReadFile(outside); err != nil || string(b) != "untouched" {
		t.Errorf("a link out of the folder was followed: %q, %v", b, err)
	}
	if _, err := c.make(t.Context(), chat.MessageID{1}, "letter.txt", written("plain")); err != nil {
		t.Errorf("no copy after a wipe: %v", err)
	}
}

func TestACopyThatIsBeingWrittenGoesWithTheLock(t *testing.T) {
	c := newCopies(filepath.Join(t.TempDir(), "tmp"))
	begun := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		_, err := c.make(t.Context(), chat.MessageID{1}, "letter.txt", func(ctx context.Context, f *os.File) error {
			_, err := f.WriteString("plain")
			close(begun)
			<-ctx.Done()
			return errors.Join(err, ctx.Err())
		})
		failed <- err
	}()
	<-begun
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("the writing ended with %v", err)
	}
	if left, err := os.ReadDir(c.tmp); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := c.make(t.Context(), chat.MessageID{1}, "letter.txt", written("plain")); !errors.Is(err, chat.ErrLocked) {
		t.Errorf("a copy after the lock: %v", err)
	}
}

func TestACopyThatFailsLeavesNothing(t *testing.T) {
	c := newCopies(filepath.Join(t.TempDir(), "tmp"))
	_, err := c.make(t.Context(), chat.MessageID{1}, "letter.txt", func(_ context.Context, f *os.File) error {
		_, err := f.WriteString("half")
		return errors.Join(err, chat.ErrFileDamaged)
	})
	if !errors.Is(err, chat.ErrFileDamaged) || c.count() != 0 {
		t.Errorf("%d copies, %v", c.count(), err)
	}
	if left, err := os.ReadDir(c.tmp); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
