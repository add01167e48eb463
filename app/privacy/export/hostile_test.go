package export_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/privacy/export"
	"sotto/chat"
)

// sparse makes an archive of files that take 1.5 KiB in it and size bytes outside of it (GNU tar, PAX sparse format 1.0).
// The writer refuses the names of its records; they are put in afterwards, where no checksum covers them.
func sparse(t *testing.T, files, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for i := range files {
		records := map[string]string{
			"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.realsize": fmt.Sprint(size),
			"XNU.sparse.name": fmt.Sprintf("sotto-export/%d", i),
		}
		body := fmt.Sprintf("1\n%d\n0\n", size)
		body += strings.Repeat("\x00", 512-len(body))
		h := &tar.Header{Name: "x", Mode: 0o600, Size: int64(len(body)), Typeflag: tar.TypeReg, Format: tar.FormatPAX, PAXRecords: records}
		if err := archive.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(out.Bytes(), []byte("XNU."), []byte("GNU."))
}

func TestAnArchiveWithHolesDoesNotFillTheDisk(t *testing.T) {
	const files, size = 200, 300 << 10
	code := "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"
	var sealed bytes.Buffer
	w, err := openpgp.SymmetricallyEncrypt(&sealed, []byte(code), nil, &packet.Config{
		DefaultCipher: packet.CipherAES256, S2KConfig: &s2k.Config{S2KMode: s2k.IteratedSaltedS2K, S2KCount: 65536},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(sparse(t, files, size)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bomb")
	if err := os.WriteFile(path, sealed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	i := newWorld(t).importer()
	_, err = i.Look(t.Context(), export.ImportRequest{Path: path, Code: code})
	if !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("a file of %d KiB that unpacks to %d MiB was answered by %v", sealed.Len()>>10, files*size>>20, err)
	}
	if left, err := os.ReadDir(i.Temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What comes out of an archive waits for nothing: it is neither sent nor answered.
func TestWhatIsTakenInIsNeitherWaitingNorUnread(t *testing.T) {
	w := newWorld(t)
	sent := w.fill(ada, 4)
	unread, waiting := sent[0], sent[1]
	w.update(func(tx chat.Tx) error {
		unread.State, waiting.State = chat.Delivered, chat.Queued
		_, err := tx.Messages().Put(unread)
		if err == nil {
			_, err = tx.Messages().Put(waiting)
		}
		return err
	})
	out, _ := w.write(export.Request{})
	fresh := w.elsewhere()
	if _, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: out}); err != nil {
		t.Fatal(err)
	}
	fresh.view(func(tx chat.Tx) error {
		m, err := tx.Messages().Get(unread.ID)
		if err != nil || m.State != chat.Read {
			t.Errorf("a received message came in as %s, %v: reading it would be told to its author", m.State, err)
		}
		if m, err = tx.Messages().Get(waiting.ID); err != nil || m.State != chat.Failed {
			t.Errorf("a message that nothing will send came in as %s, %v", m.State, err)
		}
		return nil
	})
}
