package export_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"sotto/app/privacy/export"
	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/storage/blob"
)

// childFull tells the test that it is the child.
const childFull = "SOTTO_TEST_FULL_EXPORT"

// TestAFileThatFindsNoRoomLeavesNothing lets files end on a full disk: while they are exported, staged and taken in.
func TestAFileThatFindsNoRoomLeavesNothing(t *testing.T) {
	if os.Getenv(childFull) == "" { // in a process of its own: the limit is one of the whole process
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), childFull+"=1")
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	within := func(size uint64, act func() error) error {
		t.Helper()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
		err := act()
		return errors.Join(err, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
	}
	empty := func(what, dir string) {
		t.Helper()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", what, left, err)
		}
	}
	const size = 4 << 20
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 5)
	m := w.attach(ada, "large", make([]byte, 5))
	a, err := files.Seal(t.Context(), w.x.Blobs, io.LimitReader(zeros{}, size), size, nil)
	if err != nil {
		t.Fatal(err)
	}
	a.Message = m.ID
	w.update(func(tx chat.Tx) error {
		m.File.Size = size
		_, err := tx.Messages().Put(m)
		return errors.Join(err, tx.Attachments().Put(a))
	})
	for _, form := range []export.Encryption{export.Plain, export.ExportCode} {
		for _, room := range []uint64{1 << 20, size - 1} {
			err := within(room, func() error {
				_, err := w.x.Write(t.Context(), export.Request{Out: filepath.Join(w.dir, "out"), Encrypt: form})
				return err
			})
			if !errors.Is(err, chat.ErrDiskFull) {
				t.Errorf("%q in %d bytes: %v", form, room, err)
			}
			empty(fmt.Sprintf("%q", form), w.dir)
		}
	}
	out, _ := w.write(export.Request{Out: filepath.Join(w.dir, "out")})
	for _, room := range []uint64{1 << 20, size + 100} { // while it is staged, while it is sealed
		fresh := w.elsewhere()
		folder := t.TempDir()
		if fresh.x.Blobs, err = blob.Open(folder); err != nil {
			t.Fatal(err)
		}
		i := fresh.importer()
		err := within(room, func() error {
			_, err := i.Import(t.Context(), export.ImportRequest{Path: out})
			return err
		})
		if !errors.Is(err, chat.ErrDiskFull) {
			t.Errorf("an import in %d bytes: %v", room, err)
		}
		empty("the stage", i.Temp)
		empty("the files", folder)
		if got, err := i.Import(t.Context(), export.ImportRequest{Path: out}); err != nil || got.Files != 1 {
			t.Errorf("afterwards: %+v, %v", got, err)
		}
	}
}
