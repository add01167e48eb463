package handshake_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/crypto/handshake"
	"sotto/crypto/identity"
)

// readVector reads lines of the form "name: value".
func readVector(t testing.TB, path string) (values map[string][]byte, date time.Time) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values = map[string][]byte{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ": ")
		switch {
		case strings.HasPrefix(name, "#"):
		case !ok:
			t.Fatalf("line %q", name)
		case name == "date":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			date = time.Unix(seconds, 0)
		default:
			if values[name], err = base64.StdEncoding.DecodeString(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	return values, date
}

// TestRecordedHandshakeIsAccepted fails when the format of anything in sections 3 to 5 changes.
func TestRecordedHandshakeIsAccepted(t *testing.T) {
	v, date := readVector(t, "testdata/handshake-v1.txt")
	certificate, err := identity.ParseCertificate(v["acceptor-certificate"])
	if err != nil {
		t.Fatal(err)
	}
	list, err := identity.VerifyDeviceList(v["acceptor-list"], certificate, date)
	if err != nil {
		t.Fatal(err)
	}
	device, err := identity.ParseDevice(v["acceptor-device"])
	if err != nil {
		t.Fatal(err)
	}
	set, err := handshake.ParsePrekeySet(v["prekey-set"])
	if err != nil {
		t.Fatal(err)
	}
	pair, err := handshake.ParseOneTimePair(v["one-time-pair"])
	if err != nil {
		t.Fatal(err)
	}
	secret := handshake.Secret(v["invitation-secret"])
	if _, err := handshake.OpenBundle(nil, secret, v["sealed-bundle"], certificate.Fingerprint(), date); err != nil {
		t.Errorf("the bundle: %v", err)
	}
	initial, err := handshake.ParseInitial(v["header"])
	if err != nil {
		t.Fatal(err)
	}
	own := handshake.Own{Device: device, Certificate: certificate, List: list}
	got, err := handshake.Accept(nil, own, set, pair, initial, secret, date)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"initiator":       got.Peer[:],
		"root-key":        got.Root[:],
		"session-binding": got.Binding[:],
		"session-id":      got.SessionID[:],
	} {
		if !bytes.Equal(b, v[name]) {
			t.Errorf("%s = %x, recorded %x", name, b, v[name])
		}
	}
}
