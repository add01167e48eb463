package transporttest_test

import (
	"context"
	"net"
	"net/http"
)

// through is an HTTP client on one connection.
func through(c net.Conn) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil },
	}}
}
