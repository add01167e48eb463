package handshake_test

import (
	"os"
	"strings"
	"testing"

	"sotto/crypto/identity"
)

// TestAHeaderHasTheSizeThatThePageSays measures the headers of docs/PROTOCOL.md section 5.2: with the first device list of
// an identity, and with later ones, which name the lists before them as far as there is room.
func TestAHeaderHasTheSizeThatThePageSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "from an identity with one device has 14,122 bytes") {
		t.Error("the page names another size")
	}
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	for renewals := range identity.MaxEarlier + 3 {
		named := min(max(renewals, 1), identity.MaxEarlier+1)
		if got, want := len(bob.initiate(t, alice).Header), 14_122+32*(named-1); got != want {
			t.Errorf("after %d renewals the header has %d bytes, want %d", renewals, got, want)
		}
		own := alice.own
		if alice.own.List, err = identity.SignDeviceList(
			alice.identity, own.List, [][]byte{own.Device.Statement(alice.identity.Fingerprint())}, now,
		); err != nil {
			t.Fatal(err)
		}
	}
}
