package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"sotto/transport/relay"
	"sotto/transport/relay/store"
	"sotto/transport/relay/store/folder"
	"sotto/transport/relay/store/sqlite"
	"sotto/transport/wire"
)

const drainTime = 15 * time.Second

type serveCommand struct {
	Listen string `help:"Address to listen on, HOST:PORT; port 0 picks one." default:"127.0.0.1:7447"`
	Data   string `help:"Directory of the relay's identity, pass, envelopes and blobs; made if absent." required:"" type:"path"`
	TLS    string `help:"self: under the relay's own identity, pinned in its address. acme: a certificate from Let's Encrypt. files: a certificate of yours. none: plain, on loopback only." enum:"self,acme,files,none" default:"self"`
	Host   string `help:"Name or address people reach the relay by, for the printed address; required for acme and files."`
	Cert   string `help:"Certificate chain in PEM, for --tls files." type:"path"`
	Key    string `help:"Private key in PEM, for --tls files." type:"path"`
	Open   bool   `help:"Let everyone open mailboxes, without a pass."`
	Ops    string `help:"Loopback address for /livez, /readyz and /metrics." placeholder:"HOST:PORT"`

	MaxMessages    uint64        `help:"Envelopes one mailbox may hold." default:"2000" group:"Limits"`
	MaxMebibytes   uint64        `help:"MiB one mailbox may hold." default:"64" group:"Limits"`
	SendBurst      uint64        `help:"Envelopes one token may send at once." default:"60" group:"Limits"`
	SendEvery      time.Duration `help:"Time until it may send one more." default:"1s" group:"Limits"`
	PopBurst       uint64        `help:"Prekeys one token may take at once, unless its invitation says otherwise." default:"6" group:"Limits"`
	PopEvery       time.Duration `help:"Time until it may take one more." default:"10m" group:"Limits"`
	MaxPopBurst    uint64        `help:"The most an invitation may say." default:"200" group:"Limits"`
	PerHost        int           `help:"Connections from one network address." default:"64" group:"Limits"`
	MaxConnections int           `help:"Connections in all." default:"20000" group:"Limits"`

	MaxBlobMebibytes   uint64 `help:"MiB of blobs (files on their way) one mailbox may hold; 0 keeps none." default:"1024" group:"Limits"`
	MaxBlobs           uint64 `help:"Blobs one mailbox may hold." default:"256" group:"Limits"`
	TokenBlobMebibytes uint64 `help:"MiB of blobs one token may have there." default:"512" group:"Limits"`
	TokenBlobs         uint64 `help:"Blobs one token may have there." default:"128" group:"Limits"`
	KeepFreeMebibytes  uint64 `help:"MiB of the disk that blobs leave free." default:"2048" group:"Limits"`
	Transfers          int    `help:"Uploads and downloads at once." default:"512" group:"Limits"`
	HostTransfers      int    `help:"Uploads and downloads at once from one network address." default:"16" group:"Limits"`
}

func (s *serveCommand) limits() relay.Limits {
	l := relay.ServerLimits()
	l.MaxMessages, l.MaxBytes = s.MaxMessages, s.MaxMebibytes<<20
	l.SendBurst, l.SendEvery = s.SendBurst, s.SendEvery
	l.PopBurst, l.PopEvery, l.MaxPopBurst = s.PopBurst, s.PopEvery, s.MaxPopBurst
	l.PerHost, l.Connections = s.PerHost, s.MaxConnections
	l.MaxBlobBytes, l.MaxBlobs = s.MaxBlobMebibytes<<20, s.MaxBlobs
	l.TokenBlobBytes, l.TokenBlobs = s.TokenBlobMebibytes<<20, s.TokenBlobs
	l.KeepFree, l.Transfers, l.HostTransfers = s.KeepFreeMebibytes<<20, s.Transfers, s.HostTransfers
	return l
}

// Run serves until the context ends, then drains.
func (s *serveCommand) Run(ctx context.Context, io streams) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := openData(s.Data); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(s.Data, "lock"), flock.SetPermissions(0o600))
	if held, err := lock.TryLock(); err != nil || !held {
		return errors.New("another relay uses this data directory")
	}
	defer func() { _ = lock.Unlock() }()
	identity, secret, err := relay.OpenIdentity(s.Data)
	if err != nil {
		return err
	}
	rows, err := sqlite.Open(s.Data)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	blobs, err := s.blobs()
	if err != nil {
		return err
	}
	server, err := relay.New(relay.Options{
		Store:    rows,
		Blobs:    blobs,
		Identity: identity,
		Secret:   secret,
		Open:     s.Open,
		Limits:   s.limits(),
		Log:      slog.New(slog.NewTextHandler(io.words, nil)),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	secure, err := s.secure(identity, listener)
	if err != nil {
		return err
	}
	address, err := s.address(listener.Addr(), server.ID())
	if err != nil {
		return err
	}
	stopOps, err := s.operations(server)
	if err != nil {
		return err
	}
	defer stopOps()
	pass := wire.Pass{Address: address, Secret: secret}
	if s.Open {
		pass.Secret = ""
	}
	if _, err := fmt.Fprintf(io.out, "address: %s\npass: %s\n", address, pass.Text()); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(secure) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return err
	}
	return <-served
}

func (s *serveCommand) check() error {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return usageError("--listen wants HOST:PORT")
	}
	ip, err := netip.ParseAddr(host)
	if s.TLS == "none" && (err != nil || !ip.IsLoopback()) {
		return usageError("--tls none is for loopback addresses such as 127.0.0.1 or ::1")
	}
	if (s.TLS == "acme" || s.TLS == "files") && s.Host == "" {
		return usageError("--tls " + s.TLS + " needs --host, the name in the certificate")
	}
	if s.TLS == "files" && (s.Cert == "" || s.Key == "") {
		return usageError("--tls files needs --cert and --key")
	}
	if s.Ops != "" {
		host, _, err := net.SplitHostPort(s.Ops)
		ip, e := netip.ParseAddr(host)
		if err != nil || e != nil || !ip.IsLoopback() {
			return usageError("--ops wants a loopback address, HOST:PORT")
		}
	}
	return nil
}

// openData makes the directory, for its owner only.
func openData(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the data directory: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // 0700 is what a directory needs
		return fmt.Errorf("cannot close the data directory to others: %w", err)
	}
	return nil
}

// blobsName is the folder of blobs in the data directory.
const blobsName = "blobs"

// blobs opens the folder of blobs; nil where the relay is to keep none.
func (s *serveCommand) blobs() (store.Blobs, error) {
	if s.MaxBlobMebibytes == 0 {
		return nil, nil //nolint:nilnil // relay.Options says what nil means
	}
	return folder.Open(filepath.Join(s.Data, blobsName))
}

// address is what people connect to.
func (s *serveCommand) address(bound net.Addr, id wire.RelayID) (wire.Address, error) {
	tcp, ok := bound.(*net.TCPAddr)
	if !ok {
		return wire.Address{}, errors.New("not a TCP address")
	}
	host := s.Host
	if host == "" {
		host = reachable(tcp.IP)
	}
	a := wire.Address{Host: host, Port: uint16(tcp.Port)}
	switch s.TLS {
	case "self":
		a.Mode, a.Pin = wire.Pinned, id
	case "none":
		a.Mode = wire.Plain
	default:
		a.Mode = wire.Web
	}
	a, err := wire.ParseAddress(a.String())
	if err != nil {
		return wire.Address{}, usageError("--host is neither a name nor an address")
	}
	return a, nil
}

// reachable is the address to print for one listened on: for "all", the first one of this machine that
// is not loopback.
func reachable(ip net.IP) string {
	if !ip.IsUnspecified() {
		return ip.String()
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1"
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}

// secure puts the wanted TLS around the listener.
func (s *serveCommand) secure(identity *relay.Identity, l net.Listener) (net.Listener, error) {
	switch s.TLS {
	case "none":
		return l, nil
	case "self":
		return tls.NewListener(l, identity.TLSConfig(time.Now)), nil
	}
	config, err := s.webTLS()
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, config), nil
}

// operations serves the loopback listener, if wanted, until the returned function is called.
func (s *serveCommand) operations(server *relay.Relay) (stop func(), err error) {
	if s.Ops == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", s.Ops)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for --ops: %w", err)
	}
	ops := &http.Server{Handler: server.Operations(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = ops.Serve(l) }()
	return func() { _ = ops.Close() }, nil
}
