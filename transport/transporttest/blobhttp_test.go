package transporttest_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sotto/transport/relay"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// ask sends one request as text and returns the answer with its body read.
func ask(t testing.TB, r *transporttest.Relay, text string) *http.Response {
	t.Helper()
	conn, err := r.DialContext(t.Context(), "tcp", "")
	ok(t, err)
	defer conn.Close()
	ok(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	go func() { _, _ = io.WriteString(conn, text) }()
	method, _, _ := strings.Cut(text, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	ok(t, err)
	body, err := io.ReadAll(resp.Body)
	ok(t, err)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp
}

// says writes a request.
func says(method, path string, lines ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: relay\r\n", method, path) + strings.Join(append(lines, "", ""), "\r\n")
}

func auth(bearer string) string { return "Authorization: " + bearer }

// digestOf is the header that names a SHA-256.
func digestOf(sum [32]byte) string {
	return "Content-Digest: sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func TestEveryRequestAboutABlobIsAnsweredAsThePageSays(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	whole := newParcel(1000)
	whole.send(t, alice, box.Mailbox, token)
	half := newParcel(1000)
	ok(t, half.grant(t, alice, box.Mailbox, token))
	_, err := half.put(t, alice, 0, 500)
	ok(t, err)
	read, up, halfUp, halfRead := auth(whole.read.Bearer()), auth(whole.upload.Bearer()), auth(half.upload.Bearer()), auth(half.read.Bearer())
	nobody := auth(wire.NewReadKey().Bearer())
	for name, c := range map[string]struct {
		request string
		status  int
		header  string // "Name: value" the answer must have
		body    int    // bytes; -1: a whole equal to what was sent
	}{
		"all":                                {says("GET", "/v1/blob", read), 200, "Content-Type: application/octet-stream", -1},
		"head of all":                        {says("HEAD", "/v1/blob", read), 200, "Content-Length: 1000", 0},
		"the rest":                           {says("GET", "/v1/blob", read, "Range: bytes=400-"), 206, "Content-Range: bytes 400-999/1000", 600},
		"a part":                             {says("GET", "/v1/blob", read, "Range: bytes=400-499"), 206, "Content-Range: bytes 400-499/1000", 100},
		"one byte":                           {says("GET", "/v1/blob", read, "Range: bytes=999-999"), 206, "Content-Range: bytes 999-999/1000", 1},
		"beyond the end":                     {says("GET", "/v1/blob", read, "Range: bytes=900-5000"), 206, "Content-Range: bytes 900-999/1000", 100},
		"behind the end":                     {says("GET", "/v1/blob", read, "Range: bytes=1000-"), 416, "Content-Range: bytes */1000", 0},
		"head of a part":                     {says("HEAD", "/v1/blob", read, "Range: bytes=400-"), 206, "Content-Length: 600", 0},
		"a suffix":                           {says("GET", "/v1/blob", read, "Range: bytes=-5"), 400, "", 0},
		"two ranges":                         {says("GET", "/v1/blob", read, "Range: bytes=0-1,3-4"), 400, "", 0},
		"two headers":                        {says("GET", "/v1/blob", read, "Range: bytes=0-1", "Range: bytes=0-1"), 400, "", 0},
		"a range backwards":                  {says("GET", "/v1/blob", read, "Range: bytes=5-4"), 400, "", 0},
		"another unit":                       {says("GET", "/v1/blob", read, "Range: lines=1-2"), 400, "", 0},
		"a range of digits without end":      {says("GET", "/v1/blob", read, "Range: bytes="+strings.Repeat("9", 40)+"-"), 400, "", 0},
		"not committed":                      {says("GET", "/v1/blob", halfRead), 404, "", 0},
		"not there":                          {says("GET", "/v1/blob", nobody), 404, "", 0},
		"nothing shown":                      {says("GET", "/v1/blob"), 401, "Www-Authenticate: Bearer", 0},
		"shown twice":                        {says("GET", "/v1/blob", read, read), 401, "", 0},
		"another scheme":                     {says("GET", "/v1/blob", "Authorization: Basic eDp5"), 401, "", 0},
		"from a web page":                    {says("GET", "/v1/blob", read, "Origin: https://example.org"), 403, "", 0},
		"put from a web page":                {says("PATCH", "/v1/upload", halfUp, "Origin: null", "Upload-Offset: 500", "Content-Length: 0"), 403, "", 0},
		"removed from a web page":            {says("DELETE", "/v1/blob", read, "Origin: https://example.org"), 403, "", 0},
		"removing nothing":                   {says("DELETE", "/v1/blob", nobody), 204, "", 0},
		"a method blobs have not":            {says("PUT", "/v1/blob", read, "Content-Length: 0"), 405, "", -2},
		"options":                            {says("OPTIONS", "/v1/blob", "Origin: https://example.org"), 405, "", -2},
		"a path that is none":                {says("GET", "/v1/blob/x", read), 404, "", -2},
		"where it is":                        {says("HEAD", "/v1/upload", halfUp), 204, "Upload-Offset: 500", 0},
		"how long it is":                     {says("HEAD", "/v1/upload", halfUp), 204, "Upload-Length: 1000", 0},
		"where a committed one is":           {says("HEAD", "/v1/upload", up), 204, "Upload-Offset: 1000", 0},
		"no upload":                          {says("HEAD", "/v1/upload", nobody), 404, "", 0},
		"a read key at the upload":           {says("HEAD", "/v1/upload", halfRead), 404, "", 0},
		"a part without offset":              {says("PATCH", "/v1/upload", halfUp, "Content-Length: 1") + "x", 400, "", 0},
		"a part at a negative offset":        {says("PATCH", "/v1/upload", halfUp, "Upload-Offset: -1", "Content-Length: 1") + "x", 400, "", 0},
		"a part with an offset of two forms": {says("PATCH", "/v1/upload", halfUp, "Upload-Offset: 0500", "Content-Length: 1") + "x", 400, "", 0},
		"an empty part":                      {says("PATCH", "/v1/upload", halfUp, "Upload-Offset: 500", "Content-Length: 0"), 400, "", 0},
		"a part in chunks":                   {says("PATCH", "/v1/upload", halfUp, "Upload-Offset: 500", "Transfer-Encoding: chunked") + "1\r\nx\r\n0\r\n\r\n", 411, "", 0},
		"a part elsewhere":                   {says("PATCH", "/v1/upload", halfUp, "Upload-Offset: 400", "Content-Length: 1") + "x", 409, "Upload-Offset: 500", 0},
		"a part elsewhere that is announced": {says("PATCH", "/v1/upload", halfUp, "Upload-Offset: 400", "Content-Length: 1000000", "Expect: 100-continue"), 409, "Upload-Offset: 500", 0},
		"a part too large":                   {says("PATCH", "/v1/upload", halfUp, "Upload-Offset: 500", "Content-Length: 501", "Expect: 100-continue"), 413, "", 0},
		"a part after the commit":            {says("PATCH", "/v1/upload", up, "Upload-Offset: 0", "Content-Length: 1") + "x", 409, "Upload-Offset: 1000", 0},
		"a commit too early":                 {says("POST", "/v1/upload", halfUp, digestOf(half.sum()), "Content-Length: 0"), 409, "Upload-Offset: 500", 0},
		"a commit again":                     {says("POST", "/v1/upload", up, digestOf(whole.sum()), "Content-Length: 0"), 204, "", 0},
		"a commit of other bytes":            {says("POST", "/v1/upload", up, digestOf(half.sum()), "Content-Length: 0"), 422, "", 0},
		"a commit without digest":            {says("POST", "/v1/upload", up, "Content-Length: 0"), 400, "", 0},
		"a commit by another digest":         {says("POST", "/v1/upload", up, "Content-Digest: sha-512=:AA==:", "Content-Length: 0"), 400, "", 0},
		"a commit with a body":               {says("POST", "/v1/upload", up, digestOf(whole.sum()), "Content-Length: 1") + "x", 400, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			resp := ask(t, r, c.request)
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.status {
				t.Fatalf("status %d, want %d", resp.StatusCode, c.status)
			}
			if name, value, ok := strings.Cut(c.header, ": "); ok && resp.Header.Get(name) != value {
				t.Errorf("%s: %q, want %q", name, resp.Header.Get(name), value)
			}
			switch {
			case c.body == -2: // the router's own words
			case c.body == -1 && !bytes.Equal(body, whole.bytes), c.body >= 0 && len(body) != c.body:
				t.Errorf("%d bytes", len(body))
			case resp.Header.Get("Cache-Control") != "no-store":
				t.Errorf("may be kept by a cache")
			}
			if resp.Header.Get("Set-Cookie") != "" || resp.Header.Get("Server") != "" || resp.Header.Get("Etag") != "" || resp.Header.Get("Last-Modified") != "" {
				t.Errorf("says too much: %v", resp.Header)
			}
		})
	}
	whole.arrives(t, bob)
	_, err = half.put(t, alice, 500, 500)
	ok(t, err)
	ok(t, alice.CommitBlob(t.Context(), half.upload, half.sum()))
}

func TestAClientThatBringsNothingIsGivenUpAndKeepsWhatItBrought(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := transporttest.NewRelay(t, nil)
		bob, alice := r.Client(t, nil), r.Client(t, nil)
		box, token := open(t, r, bob)
		p := newParcel(500_000)
		ok(t, p.grant(t, alice, box.Mailbox, token))
		conn, err := r.DialContext(t.Context(), "tcp", "")
		ok(t, err)
		defer conn.Close()
		started := time.Now()
		_, err = io.WriteString(conn, says("PATCH", "/v1/upload", auth(p.upload.Bearer()), "Upload-Offset: 0", "Content-Length: 500000"))
		ok(t, err)
		_, err = conn.Write(p.bytes[:100_000])
		ok(t, err)
		brought := 100_000
		for { // a byte now and then is too little
			time.Sleep(10 * time.Second)
			if _, err := conn.Write(p.bytes[brought : brought+1]); err != nil {
				break
			}
			brought++
		}
		if took := time.Since(started); took > 3*time.Minute {
			t.Errorf("given up after %s", took)
		}
		at, err := alice.UploadOffset(t.Context(), p.upload)
		ok(t, err)
		if at < 100_000 || at > int64(brought) {
			t.Errorf("%d were brought, %d are kept", brought, at)
		}
		_, err = p.put(t, alice, at, p.size()-at)
		ok(t, err)
		ok(t, alice.CommitBlob(t.Context(), p.upload, p.sum()))
	})
}

func TestAClientThatTakesNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := transporttest.NewRelay(t, func(o *relay.Options) { o.Limits.Transfers = 1 })
		bob, alice := r.Client(t, nil), r.Client(t, nil)
		box, token := open(t, r, bob)
		p := newParcel(500_000)
		p.send(t, alice, box.Mailbox, token)
		conn, err := r.DialContext(t.Context(), "tcp", "")
		ok(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, says("GET", "/v1/blob", auth(p.read.Bearer())))
		ok(t, err)
		_, err = conn.Read(make([]byte, 1000))
		ok(t, err)
		_, err = bob.Fetch(t.Context(), p.read, 0, p.size(), io.Discard)
		is(t, err, wire.ErrUnavailable) // its place is taken
		if after, ok := wire.RetryAfter(err); !ok || after <= 0 {
			t.Errorf("come back after %s, %t", after, ok)
		}
		time.Sleep(3 * time.Minute)
		p.arrives(t, bob)
	})
}

func TestBlobsOverALimitAreToldWhenToComeBack(t *testing.T) {
	for name, c := range map[string]struct {
		limit func(*relay.Options)
		after time.Duration
	}{
		"bytes of a mailbox":  {func(o *relay.Options) { o.Limits.MaxBlobBytes = 1999 }, time.Minute},
		"number of a mailbox": {func(o *relay.Options) { o.Limits.MaxBlobs = 1 }, time.Minute},
		"bytes of a token":    {func(o *relay.Options) { o.Limits.TokenBlobBytes = 1999 }, time.Minute},
		"number of a token":   {func(o *relay.Options) { o.Limits.TokenBlobs = 1 }, time.Minute},
		"the disk": {func(o *relay.Options) {
			o.Blobs, o.Limits.KeepFree = transporttest.NewBlobs(10_000), 8001
		}, time.Minute},
		"the rate": {func(o *relay.Options) { o.Limits.SendBurst, o.Limits.SendEvery = 1, time.Hour }, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			r := transporttest.NewRelay(t, c.limit)
			bob, alice := r.Client(t, nil), r.Client(t, nil)
			box, token := open(t, r, bob)
			ok(t, newParcel(1000).grant(t, alice, box.Mailbox, token))
			err := newParcel(1000).grant(t, alice, box.Mailbox, token)
			is(t, err, wire.ErrQuota)
			if after, ok := wire.RetryAfter(err); !ok || after < c.after {
				t.Errorf("come back after %s, %t", after, ok)
			}
		})
	}
}

func TestADiskThatFillsUpRefusesPartsAndKeepsTheEnvelopes(t *testing.T) {
	blobs := transporttest.NewBlobs(20_000)
	r := transporttest.NewRelay(t, func(o *relay.Options) { o.Blobs, o.Limits.KeepFree = blobs, 5000 })
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(12_000)
	ok(t, p.grant(t, alice, box.Mailbox, token))
	at, err := p.put(t, alice, 0, 6000)
	ok(t, err)
	other, err := blobs.Part([16]byte{1}) // another program takes what was free
	ok(t, err)
	_, err = other.Write(make([]byte, 5000))
	ok(t, err)
	// The answer may be lost with the connection, which the relay ends for want of the part: then the client asks again.
	for err = wire.ErrOffline; errors.Is(err, wire.ErrOffline) && t.Context().Err() == nil; {
		_, err = p.put(t, alice, at, 6000)
	}
	is(t, err, wire.ErrQuota)
	if after, ok := wire.RetryAfter(err); !ok || after < time.Minute {
		t.Errorf("come back after %s, %t", after, ok)
	}
	ok(t, alice.Send(t.Context(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(1)))
	ok(t, other.Truncate(0))
	_, err = p.put(t, alice, at, 6000)
	ok(t, err)
	ok(t, alice.CommitBlob(t.Context(), p.upload, p.sum()))
	p.arrives(t, bob)
}

func TestADiskThatIsFullInTheMiddleOfAPartKeepsTheRest(t *testing.T) {
	blobs := transporttest.NewBlobs(300_000)
	r := transporttest.NewRelay(t, func(o *relay.Options) { o.Blobs, o.Limits.KeepFree = blobs, 0 })
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(290_000)
	ok(t, p.grant(t, alice, box.Mailbox, token))
	body := io.MultiReader(bytes.NewReader(p.bytes[:70_000]), readerFunc(func([]byte) (int, error) {
		other, err := blobs.Part([16]byte{1})
		if err == nil {
			_, err = other.Write(make([]byte, 200_000))
		}
		if err != nil {
			return 0, err
		}
		return 0, io.EOF
	}), bytes.NewReader(p.bytes[70_000:]))
	_, err := alice.Upload(t.Context(), p.upload, 0, body, p.size())
	if err == nil {
		t.Fatal("it fitted")
	}
	ok(t, blobs.Remove([16]byte{1}))
	at, err := alice.UploadOffset(t.Context(), p.upload)
	ok(t, err)
	if at < 65_536 || at > 100_000 {
		t.Errorf("kept %d", at)
	}
	_, err = p.put(t, alice, at, p.size()-at)
	ok(t, err)
	ok(t, alice.CommitBlob(t.Context(), p.upload, p.sum()))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestMetricsCountTransfersWithoutSizes(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(123_457)
	p.send(t, alice, box.Mailbox, token)
	p.arrives(t, bob)
	text := metricsOf(t, r)
	if !strings.Contains(text, `sotto_relay_transfers_total{request="PATCH /v1/upload",status="204"} 1`) {
		t.Error("the upload is not counted")
	}
	for _, secret := range []string{strconv.Itoa(len(p.bytes)), p.read.Bearer()[7:], p.upload.Bearer()[7:], box.Mailbox.Hex()} {
		if strings.Contains(text, secret) {
			t.Errorf("metrics hold %s", secret)
		}
	}
}

func metricsOf(t testing.TB, r *transporttest.Relay) string {
	t.Helper()
	page := httptest.NewRecorder()
	r.Server.Operations().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return page.Body.String()
}
