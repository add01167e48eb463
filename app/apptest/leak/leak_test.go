package leak

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAPlantedSecretIsFoundInEveryForm(t *testing.T) {
	secret := "Grüße an Ada, 12 Uhr?>"
	s := NewScanner(Secret{"greeting", []byte(secret)})
	u16 := func(t string) string {
		var b strings.Builder
		for _, r := range t {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		}
		return b.String()
	}
	for name, data := range map[string]string{
		"plain":     "x" + secret + "y",
		"UTF-16":    u16("ab" + secret),
		"hex":       "00" + hex.EncodeToString([]byte(secret)),
		"HEX":       strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"base64 0":  base64.StdEncoding.EncodeToString([]byte(secret + "tail")),
		"base64 1":  base64.StdEncoding.EncodeToString([]byte("a" + secret + "tail")),
		"base64 2":  base64.StdEncoding.EncodeToString([]byte("ab" + secret + "tail")),
		"base64url": base64.RawURLEncoding.EncodeToString([]byte("ab" + secret + "tail")),
	} {
		if len(s.Scan("", []byte(data))) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
	if hits := s.Scan("", []byte("nothing of the kind, Ada")); len(hits) != 0 {
		t.Errorf("found where it is not: %v", hits)
	}
}

func TestScanDirReadsEveryFileAndName(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "secret-name"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "f.db-wal"), []byte("....secret-text"), 0o600); err != nil {
		t.Fatal(err)
	}
	hits, files, err := NewScanner(Secret{"text", []byte("secret-text")}, Secret{"name", []byte("secret-name")}).ScanDir(dir)
	if err != nil || files != 1 || len(hits) != 2 {
		t.Fatalf("hits %v, files %d, error %v; want one hit in a name, one in a file", hits, files, err)
	}
}
