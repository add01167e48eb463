package privacy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"sotto/app/privacy"
)

// noticeSums pins the words of each version. Changing a notice without raising its version fails here: a consent would
// then refer to words that were not shown.
var noticeSums = map[string]string{
	"delivery-receipts 1":    "fb587fac8bd1e373",
	"read-receipts 1":        "1e4e6d89eec2c2a6",
	"typing 1":               "177722206cf79e0c",
	"link-previews 1":        "c65c791caabd5ee5",
	"notification-content 1": "ad92c2864b9ab33d",
	"automatic-download 2":   "ac688ba11e8fe272",
	"bot-reads 1":            "110c994a26301871",
	"bot-remembers 1":        "697d79331e024360",
	"peer-exports 1":         "d67a85be2bbbcc86",
	"update-checks 1":        "7dc8927980226485",
}

func TestWordsOfANoticeChangeOnlyWithItsVersion(t *testing.T) {
	for _, n := range privacy.Notices() {
		sum := sha256.Sum256([]byte(n.Title + "\n" + n.Text))
		name := string(n.Purpose) + " " + n.Version
		if got := hex.EncodeToString(sum[:8]); noticeSums[name] != got {
			t.Errorf("%q: %q, // the words have the sum on the left; pinned is %q", name, got, noticeSums[name])
		}
	}
}

func TestEveryNoticeStandsInThePrivacyPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/PRIVACY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range privacy.Notices() {
		if !strings.Contains(string(page), "`"+string(n.Purpose)+"` "+n.Version+" ") || !strings.Contains(string(page), n.Text) {
			t.Errorf("docs/PRIVACY.md does not have %s version %s with its words", n.Purpose, n.Version)
		}
	}
}
