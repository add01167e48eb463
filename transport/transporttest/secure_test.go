package transporttest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/relay/store/memory"
	"sotto/transport/wire"
)

// tcpRelay is a relay on a loopback port under TLS with a pin.
type tcpRelay struct {
	pass   wire.Pass
	server *relay.Relay
	logs   *buffer
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func startTCP(t testing.TB, configure func(*relay.Options)) *tcpRelay {
	t.Helper()
	identity, secret, err := relay.OpenIdentity(t.TempDir())
	ok(t, err)
	out := &tcpRelay{logs: &buffer{}}
	opts := relay.Options{
		Store: memory.New(), Identity: identity, Secret: secret, Limits: relay.ServerLimits(),
		Log: slog.New(slog.NewTextHandler(out.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if configure != nil {
		configure(&opts)
	}
	out.server, err = relay.New(opts)
	ok(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	served := make(chan error, 1)
	go func() { served <- out.server.ServeTLS(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(out.server.Shutdown(ctx), <-served); err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(l.Addr().String())
	ok(t, err)
	n, err := strconv.Atoi(port)
	ok(t, err)
	out.pass = wire.Pass{
		Address: wire.Address{Host: "127.0.0.1", Port: uint16(n), Mode: wire.Pinned, Pin: out.server.ID()},
		Secret:  secret,
	}
	return out
}

func connect(t testing.TB, address wire.Address, change func(*client.Options)) *client.Client {
	t.Helper()
	opts := client.Options{Address: address, BackoffMin: time.Millisecond, BackoffMax: 10 * time.Millisecond, Timeout: 10 * time.Second}
	if change != nil {
		change(&opts)
	}
	c := client.New(opts)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func mailbox(t testing.TB, c *client.Client, secret wire.PassSecret) (wire.Owned, wire.Token) {
	t.Helper()
	s := wire.MailboxSpec{OwnerKey: newKey(t), Salt: wire.NewSalt(), Kind: wire.ContactMailbox, Credential: wire.Credential{Secret: secret}}
	_, err := c.CreateMailbox(t.Context(), s)
	ok(t, err)
	token := wire.NewToken()
	ok(t, c.PutToken(t.Context(), s.Mailbox(), token.Hash(), wire.TokenLimits{}))
	return s.Owned(), token
}

func TestAnotherIdentityIsRefusedBeforeAnythingIsSent(t *testing.T) {
	r := startTCP(t, nil)
	wrong := r.pass.Address
	wrong.Pin[3] ^= 1
	events := make(chan wire.Event, 100)
	c := connect(t, wrong, func(o *client.Options) { o.OnEvent = func(e wire.Event) { events <- e } })
	_, _, err := c.PopPrekey(t.Context(), wire.Mailbox{1}, wire.NewToken())
	is(t, err, wire.ErrPinMismatch)
	s := wire.MailboxSpec{OwnerKey: newKey(t), Kind: wire.ContactMailbox}
	c.Subscribe(s.Owned())
	if e := <-events; e.Kind != wire.Refused || !errors.Is(e.Err, wire.ErrPinMismatch) {
		t.Errorf("event %+v", e)
	}
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	page := httptest.NewRecorder()
	r.server.Operations().ServeHTTP(page, request)
	if strings.Contains(page.Body.String(), "sotto_relay_requests_total{") || !strings.Contains(page.Body.String(), "sotto_relay_connections 0") {
		t.Error("a request reached the relay")
	}
}

func TestTLSKeysOutsideTheirTimeAreRefused(t *testing.T) {
	for name, shift := range map[string]time.Duration{"expired": 31 * 24 * time.Hour, "not yet valid": -25 * time.Hour} {
		r := startTCP(t, nil)
		c := connect(t, r.pass.Address, func(o *client.Options) {
			o.Now = func() time.Time { return time.Now().Add(shift) }
		})
		_, _, err := c.PopPrekey(t.Context(), wire.Mailbox{1}, wire.NewToken())
		if !errors.Is(err, wire.ErrPinMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRelayServesOnlyTLS13WithTheHybridKeyAgreement(t *testing.T) {
	r := startTCP(t, nil)
	try := func(change func(*tls.Config)) (tls.ConnectionState, error) {
		config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}
		change(config)
		conn, err := tls.Dial("tcp", r.pass.Address.HostPort(), config)
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer conn.Close()
		return conn.ConnectionState(), nil
	}
	state, err := try(func(*tls.Config) {})
	if err != nil || state.Version != tls.VersionTLS13 || state.CurveID != tls.X25519MLKEM768 {
		t.Errorf("version %x, curve %v, %v", state.Version, state.CurveID, err)
	}
	if _, err := try(func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} }); err == nil {
		t.Error("classical key agreement is accepted")
	}
	if _, err := try(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }); err == nil {
		t.Error("TLS 1.2 is accepted")
	}
}

func TestWebAddressTrustsItsAuthoritiesOnly(t *testing.T) {
	server, err := relay.New(relay.Options{Store: memory.New(), Identity: relay.NewIdentity(), Open: true})
	ok(t, err)
	web := httptest.NewUnstartedServer(server.Handler())
	web.TLS = &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.StartTLS()
	defer web.Close()
	defer func() { ok(t, server.Shutdown(t.Context())) }()
	a, err := wire.ParseAddress("sotto-relay://" + strings.TrimPrefix(web.URL, "https://") + "#web")
	ok(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	mailbox(t, connect(t, a, func(o *client.Options) { o.RootCAs = roots }), "")
	_, _, err = connect(t, a, nil).PopPrekey(t.Context(), wire.Mailbox{1}, wire.NewToken())
	is(t, err, wire.ErrOffline)
}

func TestRequestsWithAnOriginAreRefused(t *testing.T) {
	server, err := relay.New(relay.Options{Store: memory.New(), Identity: relay.NewIdentity(), Open: true})
	ok(t, err)
	web := httptest.NewServer(server.Handler())
	defer web.Close()
	defer func() { ok(t, server.Shutdown(t.Context())) }()
	_, response, err := websocket.Dial(t.Context(), web.URL+wire.Path, &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPHeader: http.Header{"Origin": {web.URL}},
	})
	if err == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("with an origin: %v", err)
	}
	conn, _, err := websocket.Dial(t.Context(), web.URL+wire.Path, &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	ok(t, err)
	_ = conn.CloseNow()
	conn, _, err = websocket.Dial(t.Context(), web.URL+wire.Path, nil)
	ok(t, err)
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("without the subprotocol: %v", err)
	}
}

func TestMalformedBytesEndOneConnectionAndNothingElse(t *testing.T) {
	server, err := relay.New(relay.Options{Store: memory.New(), Identity: relay.NewIdentity(), Open: true})
	ok(t, err)
	web := httptest.NewServer(server.Handler())
	defer web.Close()
	defer func() { ok(t, server.Shutdown(t.Context())) }()
	for name, message := range map[string][]byte{
		"truncated":  {0x83, 0x0f},
		"indefinite": {0x9f, 0x02, 0x00, 0xa0, 0xff},
		"too long":   make([]byte, wire.MaxMessage+1),
	} {
		conn, _, err := websocket.Dial(t.Context(), web.URL+wire.Path, &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
		ok(t, err)
		conn.SetReadLimit(wire.MaxMessage)
		_, _, err = conn.Read(t.Context()) // HELLO
		ok(t, err)
		_ = conn.Write(t.Context(), websocket.MessageBinary, message)
		if _, _, err := conn.Read(t.Context()); err == nil {
			t.Errorf("%s: the connection goes on", name)
		}
	}
	a, err := wire.ParseAddress("sotto-relay://" + strings.TrimPrefix(web.URL, "http://") + "#plain")
	ok(t, err)
	mailbox(t, connect(t, a, nil), "")
}

// TestLogsTellNothingAboutPeople runs every kind of request, refusals too, and looks for what the log
// must not hold.
func TestLogsTellNothingAboutPeople(t *testing.T) {
	r := startTCP(t, func(o *relay.Options) { o.Limits.SendBurst = 3 })
	c := connect(t, r.pass.Address, nil)
	box, token := mailbox(t, c, r.pass.Secret)
	ctx := t.Context()
	c.Subscribe(box)
	ok(t, c.PutPrekeys(ctx, box.Mailbox, []byte("bundle"), []wire.Prekey{{ID: 1, Sealed: []byte("x")}}))
	_, _, err := c.PopPrekey(ctx, box.Mailbox, token)
	ok(t, err)
	ok(t, c.CompareAndSetState(ctx, box.Mailbox, nil, []byte("state")))
	ok(t, c.PutGrant(ctx, box.Mailbox, wire.NewGrant().Hash(), 1, time.Time{}))
	for range 5 {
		_ = c.Send(ctx, box.Mailbox, token, wire.NewEnvelopeID(), envelope(1))
	}
	is(t, c.Send(ctx, box.Mailbox, wire.NewToken(), wire.NewEnvelopeID(), envelope(1)), wire.ErrUnauthorized)
	is(t, c.Send(ctx, wire.Mailbox{9}, token, wire.NewEnvelopeID(), envelope(1)), wire.ErrNoMailbox)
	push := receive(t, c)
	ok(t, c.Ack(ctx, push.Mailbox, push.Seq))
	raw, err := net.Dial("tcp", r.pass.Address.HostPort())
	ok(t, err)
	_, _ = io.WriteString(raw, "GET / HTTP/1.1\r\n\r\n")
	_, _ = io.Copy(io.Discard, raw)
	_ = raw.Close()
	ok(t, c.DeleteMailbox(ctx, box.Mailbox))
	ok(t, r.server.Shutdown(ctx))
	logs := strings.ToLower(r.logs.String())
	for _, secret := range []string{"127.0.0.1", box.Mailbox.Hex()[:8], "4096", string(r.pass.Secret), "mailbox"} {
		if strings.Contains(logs, strings.ToLower(secret)) {
			t.Errorf("the log holds %q:\n%s", secret, logs)
		}
	}
}
