package export

import (
	"bytes"
	"strings"
	"testing"

	"sotto/app/apptest/alloc"
)

// FuzzParseLines feeds the lines of an export to all that read them, and a file to what opens it.
func FuzzParseLines(f *testing.F) {
	f.Add([]byte(`{"v":1,"type":"conversation","id":"` + strings.Repeat("ab", 32) + `","kind":"direct","members":["` + strings.Repeat("cd", 32) + `"],"created":"2026-03-01T12:00:00.000Z"}`))
	f.Add([]byte(`{"v":1,"type":"message","id":"` + strings.Repeat("ab", 16) + `","from":"","reactions":[{}],"raw":"AA=="}`))
	f.Add([]byte(`{"v":1,"type":"contact","id":"` + strings.Repeat("ab", 32) + `","certificate":"AA=="}`))
	f.Add([]byte("\xc3\x0d\x04\x09\x03"))
	f.Add([]byte(`{"v":1,"type":"message","kind":"attachment","direction":"in","state":"read","text":"","file":{"name":"../x","size":5,"state":"here","path":"attachments/0-x","sha256":"00"}}`))
	f.Add([]byte(`{"v":1,"type":"message","kind":"attachment","file":{"name":"nul","size":104857601,"state":"missing","reason":"gone"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() {
			parseConversation(b)
			parseMessage(b)
			parseContact(b)
			var any struct{}
			unmarshal(b, &any)
		})
		if c, ok := parseContact(b); ok && c.Verification != "unverified" {
			t.Error("a contact comes back verified")
		}
		alloc.CheckBesides(t, len(b), 1<<20, func() { // what a code costs is bounded by its derivation
			if _, err := openSealed(bytes.NewReader(b), "CODE"); err == nil && !sealedHead(b) {
				t.Error("a file with another head is opened")
			}
		})
	})
}
