package profile_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/leak"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/crypto/filecrypt"
)

// glassListener sees through the connections it accepts.
type glassListener struct {
	net.Listener
	glass *glassRelay
}

func (l glassListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	seen := &glassConn{Conn: c, glass: l.glass}
	l.glass.mu.Lock()
	defer l.glass.mu.Unlock()
	l.glass.conns = append(l.glass.conns, seen)
	return seen, nil
}

// glassConn keeps what goes through a connection, both ways.
type glassConn struct {
	net.Conn
	glass     *glassRelay
	asked, in bytes.Buffer
}

func (c *glassConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.glass.mu.Lock()
	defer c.glass.mu.Unlock()
	c.asked.Write(b[:n])
	return n, err
}

func (c *glassConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.glass.mu.Lock()
	defer c.glass.mu.Unlock()
	c.in.Write(b[:n])
	return n, err
}

// requests returns the requests for blobs so far, and every byte of the connections they went through. A request that is
// under way is left out.
func (g *glassRelay) requests(t *testing.T) (list []*http.Request, raw [][]byte) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		if bytes.Contains(c.asked.Bytes(), []byte("Upgrade: websocket\r\n")) {
			continue // frames, which are seen by themselves
		}
		raw = append(raw, bytes.Clone(c.asked.Bytes()), bytes.Clone(c.in.Bytes()))
		in := bufio.NewReader(bytes.NewReader(bytes.Clone(c.asked.Bytes())))
		for {
			r, err := http.ReadRequest(in)
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			if err != nil {
				t.Fatalf("the relay is asked what is no request: %v", err)
			}
			if n, err := io.Copy(io.Discard, r.Body); err != nil || n != max(r.ContentLength, 0) {
				break
			}
			list = append(list, r)
		}
	}
	return list, raw
}

func TestTheRequestsForAFileSayNothingOfIt(t *testing.T) {
	glass := newGlassRelay(t)
	ada, ben := create(t, "Ada", glass.pass), create(t, "Ben", glass.pass)
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	const name, caption, inside = "Kündigung Müller GmbH.pdf", "before he reads it elsewhere", "with immediate effect, "
	content := append([]byte("%PDF-1.7\n"), strings.Repeat(inside, 60_000)...)
	arrived := eventOf(ben, messenger.EventMessage)
	m, err := sendBytes(t, ada, conv, name, content, profile.FileOptions{Caption: caption})
	if err != nil {
		t.Fatal(err)
	}
	await(t, arrived)
	allowRead(t, ben, ada)
	bring(t, ben, m.ID)
	if err := ben.Messenger.Sync(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}

	list, raw := glass.requests(t)
	methods, headers := map[string]int{}, map[string]bool{}
	padded := strconv.FormatInt(filecrypt.SealedSize(int64(len(content))), 10)
	moved := int64(0)
	for _, r := range list {
		methods[r.Method+" "+r.RequestURI]++
		for name, values := range r.Header {
			headers[name] = true
			for _, v := range values {
				if strings.Contains(v, strconv.Itoa(len(content))) {
					t.Errorf("%s of %s holds the size", name, r.Method)
				}
			}
		}
		moved += max(r.ContentLength, 0)
	}
	if strconv.FormatInt(moved, 10) != padded {
		t.Errorf("%d bytes went up, want the padded %s", moved, padded)
	}
	for _, want := range []string{"PATCH /v1/upload", "POST /v1/upload", "GET /v1/blob", "DELETE /v1/blob"} {
		if methods[want] == 0 {
			t.Errorf("no %s among %v", want, methods)
		}
	}
	for name := range headers {
		if !slices.Contains([]string{"Authorization", "Connection", "Content-Digest", "Content-Length", "Expect", "Range", "Upload-Offset"}, name) {
			t.Errorf("a request says %s", name)
		}
	}
	secrets := []leak.Secret{
		{Name: "name", Value: []byte(name)},
		{Name: "a word of the name", Value: []byte("Kündigung")},
		{Name: "caption", Value: []byte(caption)},
		{Name: "content", Value: []byte(inside)},
		{Name: "type", Value: []byte("application/pdf")},
		{Name: "size", Value: []byte(strconv.Itoa(len(content)))},
		{Name: "size, big endian", Value: binary.BigEndian.AppendUint64(nil, uint64(len(content)))},
		{Name: "size, little endian", Value: binary.LittleEndian.AppendUint64(nil, uint64(len(content)))},
	}
	scanner := leak.NewScanner(secrets...)
	for _, b := range slices.Concat(raw, glass.lying(t)) {
		for _, h := range scanner.Scan("the traffic", b) {
			t.Error(h)
		}
	}
	for _, s := range secrets {
		if len(scanner.Scan("planted", append([]byte("POST /v1/upload HTTP/1.1\r\nX: "), s.Value...))) == 0 {
			t.Errorf("the scan does not find the %s where it is", s.Name)
		}
	}
	if len(raw) < 4 || moved < int64(len(content)) {
		t.Errorf("%d streams were seen", len(raw))
	}
}

// TestFilesOfOneSizeClassLookAlike compares what is asked of the relay for two files of different sizes.
func TestFilesOfOneSizeClassLookAlike(t *testing.T) {
	shape := func(size int) (out []string) {
		glass := newGlassRelay(t)
		ada, ben := create(t, "Ada", glass.pass), create(t, "Ben", glass.pass)
		introduce(t, ada, ben)
		conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
		id := hand(t, ada, ben, conv, "file", bytes.Repeat([]byte{'x'}, size))
		if err := ben.Messenger.Sync(t.Context(), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		if s, err := ben.Messenger.FileStatus(t.Context(), id); err != nil || len(s) != 1 || s[0].State != chat.FileHere {
			t.Fatalf("%+v, %v", s, err)
		}
		list, _ := glass.requests(t)
		for _, r := range list {
			out = append(out, fmt.Sprint(r.Method, r.RequestURI, r.ContentLength, r.Header["Upload-Offset"], r.Header["Range"]))
		}
		slices.Sort(out)
		return out
	}
	if filecrypt.PaddedSize(197_000) != filecrypt.PaddedSize(200_000) {
		t.Fatal("these sizes are not of one class")
	}
	small, large := shape(197_000), shape(200_000)
	if len(small) < 4 || !slices.Equal(small, large) {
		t.Errorf("one looks like %q, the other like %q", small, large)
	}
}
