package wire

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Mode says how a relay proves itself.
type Mode uint8

const (
	// Pinned: TLS under the relay's own identity key, whose hash the address holds.
	Pinned Mode = 1
	// Web: TLS under a certificate of a public authority.
	Web Mode = 2
	// Plain: no TLS; loopback only.
	Plain Mode = 3
)

// Reach says from where a relay can be reached.
type Reach uint8

const (
	ReachDevice   Reach = 1 // loopback: this device only
	ReachLocal    Reach = 2 // private or link-local address: this network
	ReachInternet Reach = 3 // a name or public address
)

const addressScheme = "sotto-relay"

// MaxAddress is the longest text of a relay address or relay pass, in bytes (docs/PROTOCOL.md section 9.3).
const MaxAddress = 400

// Address is a relay address: where it is and how it proves itself. It holds no secret and may stand
// in a link. The zero value is no address.
type Address struct {
	Host string // lower-case name, or IP literal without brackets
	Port uint16
	Mode Mode
	Pin  RelayID // of Pinned
}

// PassSecret is the creation password of a relay.
type PassSecret string

// String is redacted.
func (PassSecret) String() string { return "pass secret" }

// GoString is redacted.
func (PassSecret) GoString() string { return "pass secret" }

// Equal compares in constant time.
func (s PassSecret) Equal(o PassSecret) bool {
	return subtle.ConstantTimeCompare([]byte(s), []byte(o)) == 1
}

// NewPassSecret returns a random password of 128 bits.
func NewPassSecret() PassSecret {
	var b [16]byte
	rand.Read(b[:])
	return PassSecret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Pass is a relay pass: an address and the password that allows opening mailboxes there. Secret is
// empty for an open relay.
type Pass struct {
	Address Address
	Secret  PassSecret
}

// ParseAddress reads `sotto-relay://host:port#pin=...|web|plain`. It refuses a relay pass, so that a
// password can never travel in a link. Errors are ErrBadAddress.
func ParseAddress(text string) (Address, error) {
	p, err := ParsePass(text)
	if err != nil {
		return Address{}, err
	}
	if p.Secret != "" {
		return Address{}, fmt.Errorf("%w: it holds a password", ErrBadAddress)
	}
	return p.Address, nil
}

// ParsePass reads `sotto-relay://password@host:port#pin=...|web|plain`; the password may be absent.
// Errors are ErrBadAddress.
func ParsePass(text string) (Pass, error) {
	text = strings.TrimSpace(text)
	rest, ok := strings.CutPrefix(text, addressScheme+"://")
	if !ok || len(text) > MaxAddress {
		return Pass{}, fmt.Errorf("%w: it does not start with %s://", ErrBadAddress, addressScheme)
	}
	authority, fragment, ok := strings.Cut(rest, "#")
	if !ok {
		return Pass{}, fmt.Errorf("%w: nothing after #", ErrBadAddress)
	}
	var p Pass
	if secret, host, found := strings.Cut(authority, "@"); found {
		if !validSecret(secret) {
			return Pass{}, fmt.Errorf("%w: password", ErrBadAddress)
		}
		p.Secret, authority = PassSecret(secret), host
	}
	host, port, err := splitHostPort(authority)
	if err != nil {
		return Pass{}, err
	}
	p.Address = Address{Host: host, Port: port}
	switch pin, pinned := strings.CutPrefix(fragment, "pin="); {
	case pinned:
		raw, err := base64.RawURLEncoding.Strict().DecodeString(pin)
		if err != nil || len(raw) != len(p.Address.Pin) {
			return Pass{}, fmt.Errorf("%w: pin", ErrBadAddress)
		}
		p.Address.Mode = Pinned
		copy(p.Address.Pin[:], raw)
	case fragment == "web":
		p.Address.Mode = Web
	case fragment == "plain":
		p.Address.Mode = Plain
		if p.Address.Reach() != ReachDevice {
			return Pass{}, fmt.Errorf("%w: plain is for loopback addresses", ErrBadAddress)
		}
	default:
		return Pass{}, fmt.Errorf("%w: neither pin=, web nor plain after #", ErrBadAddress)
	}
	return p, nil
}

func validSecret(s string) bool {
	return s != "" && len(s) <= MaxPassSecret && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", r)
	}) < 0
}

func splitHostPort(authority string) (string, uint16, error) {
	bad := fmt.Errorf("%w: host and port", ErrBadAddress)
	i := strings.LastIndexByte(authority, ':')
	if i < 0 {
		return "", 0, bad
	}
	host, portText := authority[:i], authority[i+1:]
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 || portText != strconv.FormatUint(port, 10) {
		return "", 0, bad
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		if !ok || err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", 0, bad
		}
		return ip.String(), uint16(port), nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if !ip.Is4() {
			return "", 0, bad
		}
		return ip.String(), uint16(port), nil
	}
	host = strings.ToLower(host)
	if !validName(host) {
		return "", 0, bad
	}
	return host, uint16(port), nil
}

// validName accepts a DNS name in its ASCII form whose last label is not a number.
func validName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// Text returns the canonical form, which ParsePass reads.
func (p Pass) Text() string {
	if p.Secret == "" {
		return p.Address.String()
	}
	return strings.Replace(p.Address.String(), "://", "://"+string(p.Secret)+"@", 1)
}

// String is redacted: the address without the password.
func (p Pass) String() string { return p.Address.String() }

// GoString is redacted.
func (p Pass) GoString() string { return p.Address.String() }

// String returns the canonical form, which ParseAddress reads; "" for the zero value.
func (a Address) String() string {
	if a == (Address{}) {
		return ""
	}
	return addressScheme + "://" + a.HostPort() + "#" + a.fragment()
}

func (a Address) fragment() string {
	switch a.Mode {
	case Pinned:
		return "pin=" + base64.RawURLEncoding.EncodeToString(a.Pin[:])
	case Web:
		return "web"
	default:
		return "plain"
	}
}

// HostPort returns host:port, an IPv6 address in brackets.
func (a Address) HostPort() string {
	host := a.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(a.Port))
}

// URL returns the WebSocket address.
func (a Address) URL() string {
	scheme := "wss"
	if a.Mode == Plain {
		scheme = "ws"
	}
	return (&url.URL{Scheme: scheme, Host: a.HostPort(), Path: Path}).String()
}

// sharedSpace lies behind the NAT of a provider or an overlay network (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// Reach says from where the address can be reached, judged by its form only.
func (a Address) Reach() Reach {
	ip, err := netip.ParseAddr(a.Host)
	if err != nil {
		switch {
		case a.Host == "localhost" || strings.HasSuffix(a.Host, ".localhost"):
			return ReachLocal // a name can be pointed elsewhere: never as good as the literal
		case strings.HasSuffix(a.Host, ".local") || strings.HasSuffix(a.Host, ".internal") || !strings.Contains(a.Host, "."):
			return ReachLocal
		}
		return ReachInternet
	}
	ip = ip.Unmap()
	switch {
	case ip.IsLoopback():
		return ReachDevice
	case ip.IsPrivate(), ip.IsLinkLocalUnicast(), ip.IsUnspecified(), ip.IsMulticast(), sharedSpace.Contains(ip):
		return ReachLocal // an unspecified address leads to this computer
	}
	return ReachInternet
}
