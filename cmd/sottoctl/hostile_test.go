package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"sotto/transport/wire"
)

const binaryMessage = websocket.MessageBinary

// hostileRelay serves on loopback whatever behave does with a connection, and returns its address.
func hostileRelay(t *testing.T, behave func(context.Context, *websocket.Conn)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			return
		}
		defer conn.CloseNow() //nolint:errcheck // whatever state it is in
		behave(r.Context(), conn)
	}))
	t.Cleanup(server.CloseClientConnections)
	return "sotto-relay://" + strings.TrimPrefix(server.URL, "http://") + "#plain"
}

// nonsense are relays that begin or go on with what is not the protocol.
func nonsense(t *testing.T) map[string]func(context.Context, *websocket.Conn) {
	t.Helper()
	hello := frame(t, 0, &wire.Hello{Version: wire.Version})
	says := func(messages ...[]byte) func(context.Context, *websocket.Conn) {
		return func(ctx context.Context, conn *websocket.Conn) {
			for i, m := range messages {
				if i > 0 { // an answer comes after its request
					if _, _, err := conn.Read(ctx); err != nil {
						return
					}
				}
				if conn.Write(ctx, binaryMessage, m) != nil {
					return
				}
			}
			conn.Read(ctx) //nolint:errcheck // until the client hangs up
		}
	}
	return map[string]func(context.Context, *websocket.Conn){
		"hangs up at once":       func(context.Context, *websocket.Conn) {},
		"no frame":               says([]byte("hello")),
		"nothing":                says(nil),
		"truncated hello":        says(hello[:len(hello)-1]),
		"hello and a tail":       says(append(hello[:len(hello):len(hello)], 0x83)),
		"oversize hello":         says(make([]byte, wire.MaxMessage+1)),
		"another version":        says(frame(t, 0, &wire.Hello{Version: wire.Version + 1})),
		"truncated answer":       says(hello, []byte{0x83, 0x18, 0x20}),
		"oversize answer":        says(hello, make([]byte, wire.MaxMessage+1)),
		"answer of another kind": says(hello, frame(t, 1, &wire.Count{N: 1})),
		"an unasked push":        says(hello, frame(t, 0, &wire.PushFrame{Seq: 1, Envelope: make([]byte, 4096)})),
		"text": func(ctx context.Context, conn *websocket.Conn) {
			conn.Write(ctx, websocket.MessageText, hello) //nolint:errcheck // the client hangs up
			conn.Read(ctx)                                //nolint:errcheck // until it does
		},
	}
}

// silent is a relay that answers a request that was never made, and no other.
func silent(t *testing.T) func(context.Context, *websocket.Conn) {
	hello, answer := frame(t, 0, &wire.Hello{Version: wire.Version}), frame(t, 99, &wire.OK{})
	return func(ctx context.Context, conn *websocket.Conn) {
		conn.Write(ctx, binaryMessage, hello) //nolint:errcheck // then the read fails as well
		for {
			if _, _, err := conn.Read(ctx); err != nil {
				return
			}
			conn.Write(ctx, binaryMessage, answer) //nolint:errcheck // the next read fails as well
		}
	}
}

// emptyHanded is a relay that keeps the protocol and has another bundle than the one that was put there.
func emptyHanded(t *testing.T) func(context.Context, *websocket.Conn) {
	hello, bundle := frame(t, 0, &wire.Hello{Version: wire.Version}), frame(t, 1, &wire.PrekeyFrame{Bundle: make([]byte, 8192)})
	return func(ctx context.Context, conn *websocket.Conn) {
		conn.Write(ctx, binaryMessage, hello)  //nolint:errcheck // then the read fails as well
		conn.Read(ctx)                         //nolint:errcheck // then the write fails as well
		conn.Write(ctx, binaryMessage, bundle) //nolint:errcheck // the client notices
		conn.Read(ctx)                         //nolint:errcheck // until the client hangs up
	}
}

func frame(t *testing.T, id uint64, body wire.Body) []byte {
	t.Helper()
	b, err := wire.Append(nil, wire.Frame{ID: id, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dialRelay opens a connection to a relay process without being a client of ours.
func dialRelay(t *testing.T, pass string) *websocket.Conn {
	t.Helper()
	p, err := wire.ParsePass(pass)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	conn, _, err := websocket.Dial(t.Context(), "wss://"+p.Address.HostPort()+wire.Path, &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: config}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it may be closed
	conn.SetReadLimit(wire.MaxMessage)
	return conn
}
