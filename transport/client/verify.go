package client

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	"sotto/transport/wire"
)

// tlsConfig is TLS 1.3 with the hybrid X25519MLKEM768 (docs/PROTOCOL.md section 9.1). There is no
// session cache: two connections of one client cannot be linked by a ticket.
func (c *Client) tlsConfig() *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: c.opts.Address.Host,
		Time:       c.opts.Now,
		NextProtos: []string{"http/1.1"},
	}
	if c.opts.Address.Mode == wire.Web {
		config.RootCAs = c.opts.RootCAs
		config.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768, tls.X25519}
		return config
	}
	config.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768}
	config.ServerName = "relay.sotto.invalid" // the pin names the relay; its host name stays off the wire
	config.InsecureSkipVerify = true          // replaced by VerifyConnection: no authority but the pinned key
	config.VerifyConnection = func(state tls.ConnectionState) error {
		return verifyPinned(state.PeerCertificates, c.opts.Address.Pin, c.opts.Now())
	}
	return config
}

// verifyPinned accepts the chain [leaf, identity] in which the identity's Ed25519 key hashes to the
// pin and has signed the leaf, both valid now.
func verifyPinned(chain []*x509.Certificate, pin wire.RelayID, now time.Time) error {
	if len(chain) != 2 {
		return fmt.Errorf("%w: chain of %d", wire.ErrPinMismatch, len(chain))
	}
	key, ok := chain[1].PublicKey.(ed25519.PublicKey)
	if !ok || !wire.RelayIDOf(key).Equal(pin) {
		return fmt.Errorf("%w: identity key", wire.ErrPinMismatch)
	}
	roots := x509.NewCertPool()
	roots.AddCert(chain[1])
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots:       roots,
		CurrentTime: now,
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", wire.ErrPinMismatch, err)
	}
	return nil
}
