package main

import (
	"crypto/tls"
	"errors"
	"path/filepath"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// webTLS is TLS 1.3 under a certificate of a public authority: from files, or obtained and renewed
// through ACME by the TLS-ALPN-01 challenge on the same listener (which must be reachable as port 443).
func (s *serveCommand) webTLS() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768, tls.X25519},
		SessionTicketsDisabled: true,
		NextProtos:             []string{"http/1.1"},
	}
	if s.TLS == "files" {
		cert, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		if err != nil {
			return nil, errors.New("cannot read the certificate and key of --cert and --key")
		}
		config.Certificates = []tls.Certificate{cert}
		return config, nil
	}
	manager := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(s.Data, "acme")),
		HostPolicy: autocert.HostWhitelist(s.Host),
	}
	config.GetCertificate = manager.GetCertificate
	config.NextProtos = append(config.NextProtos, acme.ALPNProto)
	return config, nil
}
