package export_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/privacy/export"
	"sotto/chat"
)

// unpack opens an encrypted export with go-crypto and returns the folder.
func unpack(t *testing.T, sealed []byte, code string) (string, error) {
	t.Helper()
	asked := false
	prompt := func([]openpgp.Key, bool) ([]byte, error) {
		if asked {
			return nil, errors.New("wrong code")
		}
		asked = true
		return []byte(code), nil
	}
	m, err := openpgp.ReadMessage(bytes.NewReader(sealed), nil, prompt, &packet.Config{})
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(m.UnverifiedBody)
	if err != nil {
		return "", err
	}
	dir := t.TempDir()
	untar(t, dir, plain)
	return filepath.Join(dir, "sotto-export"), nil
}

func untar(t *testing.T, dir string, b []byte) {
	t.Helper()
	archive := tar.NewReader(bytes.NewReader(b))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil || !filepath.IsLocal(header.Name) {
			t.Fatalf("%q: %v", header.Name, err)
		}
		content, err := io.ReadAll(archive)
		name := filepath.Join(dir, header.Name)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEncryptedExportOpensWithItsCodeOnly(t *testing.T) {
	w := newWorld(t)
	w.say(ada, "behind the code", "also behind it")
	out, s := w.write(export.Request{Out: filepath.Join(w.dir, "sealed.gpg"), Encrypt: export.ExportCode})
	if !regexp.MustCompile(`^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$`).MatchString(s.Code) {
		t.Errorf("code %q has less than the 120 bits of six groups", s.Code)
	}
	if got := w.entries(); len(got) != 1 {
		t.Errorf("left %v", got)
	}
	sealed := read(t, w.dir, "sealed.gpg")
	if bytes.Contains(sealed, []byte("behind")) || bytes.Contains(sealed, []byte("manifest.json")) {
		t.Error("the file shows what is in it")
	}
	folder, err := unpack(t, sealed, s.Code)
	if err != nil {
		t.Fatal(err)
	}
	got, err := export.Verify(folder, clock.AddDate(0, 0, 1))
	if err != nil || got.Manifest.Root != s.Manifest.Root {
		t.Errorf("what came out: %v", err)
	}
	find(t, folder, "messages.jsonl", "behind the code")
	if _, err := unpack(t, sealed, strings.ToLower(s.Code)); err == nil {
		t.Error("another code opens it")
	}
	for _, i := range []int{len(sealed) / 3, len(sealed) / 2, len(sealed) - 3} {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := unpack(t, altered, s.Code); err == nil {
			t.Errorf("byte %d altered, and it opens", i)
		}
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestGnuPGOpensAnEncryptedExport(t *testing.T) {
	gpg, err := exec.LookPath("gpg")
	if err != nil {
		t.Skip("no gpg here")
	}
	w := newWorld(t)
	w.say(ada, "behind the code")
	out, s := w.write(export.Request{Out: filepath.Join(w.dir, "sealed.gpg"), Encrypt: export.ExportCode})
	home, err := os.MkdirTemp("", "gpg") // short: gpg's sockets have a limit
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	cmd := exec.CommandContext(t.Context(), gpg, "--homedir", home, "--batch", "--no-autostart", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--decrypt", out)
	cmd.Stdin = strings.NewReader(s.Code)
	var plain, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &plain, &words
	if err := cmd.Run(); err != nil {
		t.Fatalf("gpg: %v\n%s", err, words.String())
	}
	if strings.Contains(words.String(), "WARNING: message was not integrity protected") || !strings.Contains(words.String(), "AES256") {
		t.Errorf("gpg says %s", words.String())
	}
	dir := t.TempDir()
	untar(t, dir, plain.Bytes())
	if err := verify(filepath.Join(dir, "sotto-export")); err != nil {
		t.Error(err)
	}
}

func TestAnEncryptedExportNeverLiesOnTheDiskInPlain(t *testing.T) {
	w := newWorld(t)
	w.say(ada, make([]string, 900)...)
	w.say(bob, "the needle in it")
	looked := 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := w.x.Write(ctx, export.Request{
		Out: filepath.Join(w.dir, "sealed.gpg"), Encrypt: export.ExportCode,
		Progress: func(done, total int) {
			for _, f := range filesIn(t, w.dir) {
				looked++
				b := read(t, w.dir, f)
				if bytes.Contains(b, []byte("needle")) || bytes.Contains(b, []byte(`"type":`)) || bytes.Contains(b, []byte("<html")) {
					t.Errorf("%s is plain", f)
				}
			}
			if done == total {
				cancel() // before it is sealed
			}
		},
	})
	if !errors.Is(err, context.Canceled) || looked < 10 {
		t.Errorf("Write = %v after %d looks", err, looked)
	}
	if got := w.entries(); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

func TestFormsThisVersionDoesNotWriteAreRefused(t *testing.T) {
	w := newWorld(t)
	for form, want := range map[export.Encryption]error{export.Backup: chat.ErrUnsupported, "rot13": chat.ErrMalformed} {
		_, err := w.x.Write(t.Context(), export.Request{Out: filepath.Join(w.dir, "out"), Encrypt: form})
		if !errors.Is(err, want) || len(w.entries()) != 0 {
			t.Errorf("%s: %v", form, err)
		}
	}
}
