package relay

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sotto/transport/wire"
)

const (
	identityFile = "identity.pem"
	passFile     = "pass"
	leafLife     = 30 * 24 * time.Hour
	certSkew     = 24 * time.Hour
)

// Identity is the Ed25519 key a relay is known by: its address pins SHA-256 of the public half. It
// signs short-lived TLS keys (docs/PROTOCOL.md section 9.1) and nothing else.
type Identity struct {
	key ed25519.PrivateKey

	mu   sync.Mutex
	leaf *tls.Certificate
}

// String is redacted.
func (*Identity) String() string { return "relay identity" }

// NewIdentity returns a random identity.
func NewIdentity() *Identity {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // the random source of the system does not fail
	}
	return &Identity{key: key}
}

// OpenIdentity loads the identity and the creation password kept in a directory, or makes them. Errors: ErrDamaged, and
// those of the file system without their path.
func OpenIdentity(dir string) (*Identity, wire.PassSecret, error) {
	id, err := openKey(filepath.Join(dir, identityFile))
	if err != nil {
		return nil, "", fmt.Errorf("relay identity: %w", bare(err))
	}
	secret, err := openSecret(filepath.Join(dir, passFile))
	if err != nil {
		return nil, "", fmt.Errorf("relay pass: %w", bare(err))
	}
	return id, secret, nil
}

// bare removes the path from an error of the file system.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// ErrDamaged: a file of the relay does not hold what it should.
var ErrDamaged = errors.New("file is damaged")

func openKey(path string) (*Identity, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		id := NewIdentity()
		der, err := x509.MarshalPKCS8PrivateKey(id.key)
		if err != nil {
			return nil, err
		}
		return id, writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, ErrDamaged
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, ErrDamaged
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, ErrDamaged
	}
	return &Identity{key: key}, nil
}

func openSecret(path string) (wire.PassSecret, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret := wire.NewPassSecret()
		return secret, writeNew(path, []byte(string(secret)+"\n"))
	}
	if err != nil {
		return "", err
	}
	secret := wire.PassSecret(strings.TrimSpace(string(raw)))
	if len(secret) < 16 || len(secret) > wire.MaxPassSecret {
		return "", ErrDamaged
	}
	return secret, nil
}

// writeNew writes a file that does not exist, synced, in one step.
func writeNew(path string, data []byte) error {
	temp, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if e := temp.Sync(); err == nil {
		err = e
	}
	if e := temp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// ID returns the hash of the identity key: the pin.
func (i *Identity) ID() wire.RelayID {
	return wire.RelayIDOf(i.key.Public().(ed25519.PublicKey))
}

// TLSConfig returns the server configuration of a pinned relay: TLS 1.3, the hybrid X25519MLKEM768, no
// session tickets, and the chain [TLS key, identity], renewed at half of its life.
func (i *Identity) TLSConfig(now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768},
		SessionTicketsDisabled: true,
		NextProtos:             []string{"http/1.1"},
		Time:                   now,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return i.certificate(now())
		},
	}
}

func (i *Identity) certificate(now time.Time) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.leaf != nil && now.Before(i.leaf.Leaf.NotAfter.Add(-leafLife/2)) && now.After(i.leaf.Leaf.NotBefore) {
		return i.leaf, nil
	}
	leaf, err := i.issue(now)
	if err != nil {
		return nil, fmt.Errorf("issue TLS key: %w", err)
	}
	i.leaf = leaf
	return leaf, nil
}

func (i *Identity) issue(now time.Time) (*tls.Certificate, error) {
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "sotto relay identity"},
		NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, i.key.Public(), i.key)
	if err != nil {
		return nil, err
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: "sotto relay"},
		NotBefore:    now.Add(-certSkew),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), i.key)
	if err != nil {
		return nil, err
	}
	if leaf, err = x509.ParseCertificate(leafDER); err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{leafDER, rootDER}, PrivateKey: key, Leaf: leaf}, nil
}
