package client

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/coder/websocket"
	"golang.org/x/net/proxy"

	"sotto/transport/wire"
)

// SOCKS5 returns a dialer through a SOCKS5 proxy, which also resolves names. With Tor, a different
// user and password gives a different circuit.
func SOCKS5(address, user, password string) (Dialer, error) {
	var auth *proxy.Auth
	if user != "" {
		auth = &proxy.Auth{User: user, Password: password}
	}
	d, err := proxy.SOCKS5("tcp", address, auth, &net.Dialer{})
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return d.(proxy.ContextDialer), nil
}

// dial opens a WebSocket to the relay. With a pinned address no byte of HTTP leaves before the relay
// has proved its identity.
func (c *Client) dial(ctx context.Context, dialer Dialer) (*websocket.Conn, error) {
	raw, err := c.connect(ctx, dialer)
	if err != nil {
		return nil, err
	}
	once := make(chan net.Conn, 1)
	once <- raw
	take := func(context.Context, string, string) (net.Conn, error) {
		select {
		case conn := <-once:
			return conn, nil
		default:
			return nil, wire.ErrOffline
		}
	}
	ws, _, err := websocket.Dial(ctx, c.opts.Address.URL(), &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol},
		HTTPClient: &http.Client{
			Transport:     &http.Transport{DialContext: take, DialTLSContext: take},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	})
	if err != nil {
		_ = raw.Close()
		return nil, offline(err)
	}
	if ws.Subprotocol() != wire.Subprotocol {
		_ = ws.CloseNow()
		return nil, wire.ErrUnsupported
	}
	ws.SetReadLimit(wire.MaxMessage)
	return ws, nil
}

// offline keeps the cause for errors.Is but not its text, which holds addresses.
func offline(cause error) error { return &offlineError{cause} }

type offlineError struct{ cause error }

func (e *offlineError) Error() string   { return wire.ErrOffline.Error() }
func (e *offlineError) Unwrap() []error { return []error{wire.ErrOffline, e.cause} }
