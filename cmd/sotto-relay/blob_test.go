package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/wire"
)

// TestKilledRelayLosesNoConfirmedByteOfABlob kills the relay at random moments of an upload and of a download. What it
// confirmed must be there: the offset never falls below it, and the whole arrives.
func TestKilledRelayLosesNoConfirmedByteOfABlob(t *testing.T) {
	kills := 10
	if testing.Short() {
		kills = 3
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	data := filepath.Join(t.TempDir(), "data")
	args := []string{"--listen", freePort(t), "--data", data}
	p := start(t, args...)
	c := client.New(client.Options{
		Address: p.pass.Address, BackoffMin: 2 * time.Millisecond, BackoffMax: 20 * time.Millisecond, Timeout: 10 * time.Second,
	})
	defer c.Close()
	box := newBox(t, c, p.pass.Secret)
	token := wire.NewToken()
	if err := c.PutToken(t.Context(), box.Mailbox(), token.Hash(), wire.TokenLimits{}); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 24<<20)
	_, _ = rand.Read(body)
	read, upload, size := wire.NewReadKey(), wire.NewUploadKey(), int64(len(body))
	if err := c.GrantBlob(t.Context(), box.Mailbox(), token, read.Hash(), upload.Hash(), size); err != nil {
		t.Fatal(err)
	}
	again := func() {
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait()
		p = start(t, args...)
	}
	// kill ends the relay in the middle of what do does, beside it.
	kill := func(do func() error) {
		ended := make(chan error, 1)
		go func() { ended <- do() }()
		select {
		case <-ended:
		case <-time.After(time.Duration(random.IntN(40)) * time.Millisecond):
		}
		again()
	}

	confirmed, killed := int64(0), 0
	for confirmed < size {
		at, err := c.UploadOffset(t.Context(), upload)
		if err != nil || at < confirmed {
			t.Fatalf("goes on at %d after %d were confirmed, %v", at, confirmed, err)
		}
		confirmed = at
		if at == size {
			break
		}
		part := min(1<<20, size-at)
		put := func() error {
			next, err := c.Upload(t.Context(), upload, at, bytes.NewReader(body[at:at+part]), part)
			if err == nil {
				confirmed = next
			}
			return err
		}
		if killed < kills && random.IntN(2) == 0 {
			killed++
			ended := make(chan struct{})
			kill(func() error { defer close(ended); return put() })
			<-ended
		} else if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	for n := range kills + 1 {
		commit := func() error { return c.CommitBlob(t.Context(), upload, sha256.Sum256(body)) }
		if n < kills/2 {
			kill(commit)
		} else if err := commit(); err != nil {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	for n := 0; got.Len() < len(body); n++ {
		fetch := func(w io.Writer) error {
			_, err := c.Fetch(t.Context(), read, int64(got.Len()), size, w)
			return err
		}
		if n >= kills {
			if err := fetch(&got); err != nil {
				t.Fatal(err)
			}
			continue
		}
		ended := make(chan struct{})
		kill(func() error { defer close(ended); return fetch(&got) })
		<-ended
	}
	if !bytes.Equal(got.Bytes(), body) {
		t.Error("other bytes arrived")
	}
	if err := c.DeleteBlob(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(data, "blobs")); err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	t.Logf("%d kills of parts, %d of commits, %d of downloads", killed, kills/2, kills)
}

func TestARelayToldToKeepNoBlobsKeepsNone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, "--listen", "127.0.0.1:0", "--data", data, "--max-blob-mebibytes", "0")
	c := client.New(client.Options{Address: p.pass.Address})
	defer c.Close()
	box := newBox(t, c, p.pass.Secret)
	err := c.GrantBlob(t.Context(), box.Mailbox(), wire.NewToken(), wire.BlobName{1}, wire.UploadHash{1}, 10)
	if !errors.Is(err, wire.ErrUnsupported) {
		t.Errorf("granted: %v", err)
	}
	out, err := exec.Command("sotto-relay", "check", p.pass.Text()).Output()
	if err != nil || !strings.HasSuffix(string(out), "mailbox: ok\nfiles: this relay keeps none\n") {
		t.Errorf("check: %s, %v", out, err)
	}
	if _, err := os.Stat(filepath.Join(data, blobsName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}
