package client_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sotto/transport/client"
	"sotto/transport/wire"
)

// liar answers requests over pipes however a test wants.
type liar struct {
	dials  atomic.Int32
	answer func(req *http.Request, conn net.Conn)
}

// DialContext implements client.Dialer.
func (l *liar) DialContext(context.Context, string, string) (net.Conn, error) {
	l.dials.Add(1)
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		req, err := http.ReadRequest(bufio.NewReader(far))
		if err != nil {
			return
		}
		l.answer(req, far)
	}()
	return near, nil
}

// says is a relay that answers everything with one text.
func says(text string) *liar {
	return &liar{answer: func(_ *http.Request, c net.Conn) { _, _ = io.WriteString(c, text) }}
}

func clientOf(t *testing.T, d client.Dialer) *client.Client {
	t.Helper()
	c := client.New(client.Options{
		Address: wire.Address{Host: "127.0.0.1", Port: 1, Mode: wire.Plain}, Owner: d, Sender: d, Timeout: time.Second,
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func head(status int, lines ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d x\r\n", status) + strings.Join(append(lines, "", ""), "\r\n")
}

func TestALyingRelayIsNotBelievedAboutBytes(t *testing.T) {
	body := strings.Repeat("x", 100)
	rest := body[40:]
	for name, c := range map[string]struct {
		offset int64
		answer string
		want   error
		wrote  int64
	}{
		"the whole, honestly":               {0, head(200, "Content-Length: 100") + body, nil, 100},
		"the rest, honestly":                {40, head(206, "Content-Length: 60", "Content-Range: bytes 40-99/100") + rest, nil, 60},
		"200 where 206 was asked":           {40, head(200, "Content-Length: 100") + body, wire.ErrMalformed, 0},
		"200 of the right length":           {40, head(200, "Content-Length: 60") + rest, wire.ErrMalformed, 0},
		"206 where the whole was asked":     {0, head(206, "Content-Length: 100", "Content-Range: bytes 0-99/100") + body, wire.ErrMalformed, 0},
		"a range in a whole":                {0, head(200, "Content-Length: 100", "Content-Range: bytes 0-99/100") + body, wire.ErrMalformed, 0},
		"another range":                     {40, head(206, "Content-Length: 60", "Content-Range: bytes 39-98/100") + rest, wire.ErrMalformed, 0},
		"another size":                      {40, head(206, "Content-Length: 60", "Content-Range: bytes 40-99/101") + rest, wire.ErrMalformed, 0},
		"no range":                          {40, head(206, "Content-Length: 60") + rest, wire.ErrMalformed, 0},
		"a shorter answer":                  {40, head(206, "Content-Length: 59", "Content-Range: bytes 40-99/100") + rest[:59], wire.ErrMalformed, 0},
		"a longer answer":                   {0, head(200, "Content-Length: 101") + body + "y", wire.ErrMalformed, 0},
		"no length":                         {0, head(200) + body, wire.ErrMalformed, 0},
		"chunks":                            {0, head(200, "Transfer-Encoding: chunked") + "64\r\n" + body + "\r\n0\r\n\r\n", wire.ErrMalformed, 0},
		"something encoded":                 {0, head(200, "Content-Length: 100", "Content-Encoding: gzip") + body, wire.ErrMalformed, 0},
		"fewer bytes than said":             {0, head(200, "Content-Length: 100") + body[:70], wire.ErrOffline, 70},
		"more bytes than said":              {0, head(200, "Content-Length: 100") + body + body, nil, 100},
		"a page of a portal":                {0, head(200, "Content-Length: 5") + "hello", wire.ErrMalformed, 0},
		"nothing there":                     {0, head(404, "Content-Length: 0"), wire.ErrNotFound, 0},
		"another size there":                {40, head(416, "Content-Length: 0", "Content-Range: bytes */30"), wire.ErrMalformed, 0},
		"no HTTP":                           {0, "no HTTP at all\r\n\r\n", wire.ErrOffline, 0},
		"two lengths":                       {0, head(200, "Content-Length: 100", "Content-Length: 90") + body, wire.ErrOffline, 0},
		"a head without end":                {0, head(200)[:10] + "\r\n" + strings.Repeat("X-Filler: "+body+"\r\n", 1000), wire.ErrOffline, 0},
		"interim answers without end":       {0, strings.Repeat(head(103, "X-Filler: "+body), 1000), wire.ErrOffline, 0},
		"failing":                           {0, head(500, "Content-Length: 0"), wire.ErrUnavailable, 0},
		"somewhere else":                    {0, head(302, "Location: http://127.0.0.1:1/v1/blob", "Content-Length: 0"), wire.ErrMalformed, 0},
		"somewhere else for good, with 308": {0, head(308, "Location: /v1/other", "Content-Length: 0"), wire.ErrMalformed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := says(c.answer)
				var got bytes.Buffer
				n, err := clientOf(t, d).Fetch(t.Context(), wire.ReadKey{1}, c.offset, 100, &got)
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Errorf("error %v, want %v", err, c.want)
				}
				if n != c.wrote || int64(got.Len()) != c.wrote {
					t.Errorf("says %d, wrote %d, want %d", n, got.Len(), c.wrote)
				}
				if d.dials.Load() != 1 {
					t.Errorf("%d connections", d.dials.Load())
				}
			})
		})
	}
}

func TestALyingRelayIsNotBelievedAboutUploads(t *testing.T) {
	type call func(context.Context, *client.Client) (int64, error)
	part := func(ctx context.Context, c *client.Client) (int64, error) {
		return c.Upload(ctx, wire.UploadKey{1}, 10, strings.NewReader("0123456789"), 10)
	}
	offset := func(ctx context.Context, c *client.Client) (int64, error) {
		return c.UploadOffset(ctx, wire.UploadKey{1})
	}
	commit := func(ctx context.Context, c *client.Client) (int64, error) {
		return 0, c.CommitBlob(ctx, wire.UploadKey{1}, [32]byte{1})
	}
	remove := func(ctx context.Context, c *client.Client) (int64, error) {
		return 0, c.DeleteBlob(ctx, wire.ReadKey{1})
	}
	for name, c := range map[string]struct {
		call   call
		answer string
		want   error
		at     int64
	}{
		"a part, honestly":             {part, head(204, "Upload-Offset: 20"), nil, 20},
		"a part that ended elsewhere":  {part, head(204, "Upload-Offset: 19"), wire.ErrMalformed, 10},
		"a part without an end":        {part, head(204), wire.ErrMalformed, 10},
		"a part with two ends":         {part, head(204, "Upload-Offset: 20", "Upload-Offset: 20"), wire.ErrMalformed, 10},
		"a part, 200":                  {part, head(200, "Upload-Offset: 20", "Content-Length: 0"), wire.ErrMalformed, 10},
		"a part at another offset":     {part, head(409, "Upload-Offset: 5", "Content-Length: 0"), wire.ErrConflict, 5},
		"an offset beyond every blob":  {part, head(409, "Upload-Offset: 104883201", "Content-Length: 0"), wire.ErrMalformed, 10},
		"an offset below zero":         {part, head(409, "Upload-Offset: -1", "Content-Length: 0"), wire.ErrMalformed, 10},
		"a part too large":             {part, head(413, "Content-Length: 0"), wire.ErrTooLarge, 10},
		"a full disk":                  {part, head(507, "Retry-After: 600", "Content-Length: 0"), wire.ErrQuota, 10},
		"an offset, honestly":          {offset, head(204, "Upload-Offset: 7", "Upload-Length: 20"), nil, 7},
		"an offset beyond the length":  {offset, head(204, "Upload-Offset: 21", "Upload-Length: 20"), wire.ErrMalformed, 0},
		"an offset without length":     {offset, head(204, "Upload-Offset: 7"), wire.ErrMalformed, 0},
		"an offset with a sign":        {offset, head(204, "Upload-Offset: +7", "Upload-Length: 20"), wire.ErrMalformed, 0},
		"an offset with leading zeros": {offset, head(204, "Upload-Offset: 07", "Upload-Length: 20"), wire.ErrMalformed, 0},
		"an endless offset":            {offset, head(204, "Upload-Offset: 99999999999999999999", "Upload-Length: 20"), wire.ErrMalformed, 0},
		"an upload that is not there":  {offset, head(404, "Content-Length: 0"), wire.ErrNotFound, 0},
		"a commit, honestly":           {commit, head(204), nil, 0},
		"a digest refused":             {commit, head(422, "Content-Length: 0"), wire.ErrDigest, 0},
		"bytes missing":                {commit, head(409, "Upload-Offset: 5", "Content-Length: 0"), wire.ErrConflict, 0},
		"a commit, 200":                {commit, head(200, "Content-Length: 0"), wire.ErrMalformed, 0},
		"a commit elsewhere":           {commit, head(307, "Location: /", "Content-Length: 0"), wire.ErrMalformed, 0},
		"a removal, honestly":          {remove, head(204), nil, 0},
		"a removal, 200":               {remove, head(200, "Content-Length: 0"), wire.ErrMalformed, 0},
		"a busy relay":                 {remove, head(503, "Retry-After: 10", "Content-Length: 0"), wire.ErrUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &liar{answer: func(req *http.Request, conn net.Conn) {
					if req.Header.Get("Expect") != "" {
						_, _ = io.WriteString(conn, head(100))
					}
					_, _ = io.Copy(io.Discard, req.Body)
					_, _ = io.WriteString(conn, c.answer)
				}}
				at, err := c.call(t.Context(), clientOf(t, d))
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Errorf("error %v, want %v", err, c.want)
				}
				if at != c.at {
					t.Errorf("at %d, want %d", at, c.at)
				}
				if after, ok := wire.RetryAfter(err); ok != strings.Contains(c.answer, "Retry-After") {
					t.Errorf("come back after %s, %t", after, ok)
				}
				if d.dials.Load() != 1 {
					t.Errorf("%d connections", d.dials.Load())
				}
			})
		})
	}
}

func TestARelayThatDribblesIsGivenUp(t *testing.T) {
	for name, begin := range map[string]string{
		"its head": "HTTP/1.1 200 OK\r\nX: ",
		"its body": head(200, "Content-Length: 104883200"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &liar{answer: func(_ *http.Request, conn net.Conn) {
					_, err := io.WriteString(conn, begin)
					for err == nil && pause(t, 10*time.Second) {
						_, err = conn.Write([]byte("x"))
					}
				}}
				started := time.Now()
				_, err := clientOf(t, d).Fetch(t.Context(), wire.ReadKey{1}, 0, wire.MaxBlob, io.Discard)
				if took := time.Since(started); !errors.Is(err, wire.ErrOffline) || took > 3*time.Minute {
					t.Errorf("%v after %s", err, took)
				}
			})
		})
	}
}

func TestARelayThatTakesNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &liar{answer: func(_ *http.Request, conn net.Conn) {
			_, _ = io.WriteString(conn, head(100))
			pause(t, time.Hour)
		}}
		started := time.Now()
		_, err := clientOf(t, d).Upload(t.Context(), wire.UploadKey{1}, 0, zeros{}, wire.MaxBlob)
		if took := time.Since(started); !errors.Is(err, wire.ErrOffline) || took > 3*time.Minute {
			t.Errorf("%v after %s", err, took)
		}
	})
}

// pause waits on the clock of the bubble, and reports whether the test still runs.
func pause(t *testing.T, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-t.Context().Done():
		return false
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestWhatFailsHereIsNotTheRelaysFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := errors.New("the disk here is broken")
		c := clientOf(t, says(head(200, "Content-Length: 100")+strings.Repeat("x", 100)))
		if _, err := c.Fetch(t.Context(), wire.ReadKey{1}, 0, 100, failing{own}); !errors.Is(err, own) || errors.Is(err, wire.ErrOffline) {
			t.Errorf("writing: %v", err)
		}
		d := &liar{answer: func(req *http.Request, conn net.Conn) {
			_, _ = io.WriteString(conn, head(100))
			_, _ = io.Copy(io.Discard, req.Body)
		}}
		if _, err := clientOf(t, d).Upload(t.Context(), wire.UploadKey{1}, 0, failing{own}, 100); !errors.Is(err, own) {
			t.Errorf("reading: %v", err)
		}
		if _, err := clientOf(t, d).Upload(t.Context(), wire.UploadKey{1}, 0, strings.NewReader("short"), 100); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("reading too little: %v", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestAClosedClientEndsItsTransfers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &liar{answer: func(*http.Request, net.Conn) { pause(t, time.Hour) }}
		c := clientOf(t, d)
		ended := make(chan error, 1)
		go func() {
			_, err := c.Fetch(context.Background(), wire.ReadKey{1}, 0, 100, io.Discard)
			ended <- err
		}()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, wire.ErrClosed) {
			t.Errorf("the transfer: %v", err)
		}
		if err := c.DeleteBlob(context.Background(), wire.ReadKey{1}); !errors.Is(err, wire.ErrClosed) {
			t.Errorf("after closing: %v", err)
		}
	})
}

func TestRequestsHoldWhatTheyMustAndNothingOfTheSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen *http.Request
		d := &liar{answer: func(req *http.Request, conn net.Conn) {
			seen = req
			_, _ = io.WriteString(conn, head(204, "Content-Length: 0"))
		}}
		key := wire.NewReadKey()
		if err := clientOf(t, d).DeleteBlob(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if seen.URL.String() != wire.BlobPath || seen.Header.Get("Authorization") != key.Bearer() || seen.Host != "127.0.0.1:1" {
			t.Errorf("asked %s of %s", seen.URL, seen.Host)
		}
		seen.Header.Del("Authorization")
		seen.Header.Del("Connection") // close: no connection is used twice
		if len(seen.Header) > 0 {
			t.Errorf("sent besides: %v", seen.Header)
		}
	})
}
