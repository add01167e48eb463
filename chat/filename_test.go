package chat_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

func TestNamesOfFilesAreCleaned(t *testing.T) {
	long := strings.Repeat("ä", 200)
	for _, c := range []struct{ name, want string }{
		{"photo.jpg", "photo.jpg"},
		{"../../etc/passwd", "passwd"},
		{`C:\Windows\system32\cmd.exe`, "cmd.exe"},
		{"photo\u202Egpj.exe", "photogpj.exe"},
		{"a\u2066b\u2069\u200b\ufeff.txt", "ab.txt"},
		{"  two \t\n words  .txt ", "two words .txt"},
		{"invoice.pdf                                     .exe", "invoice.pdf .exe"},
		{"nul\x00byte\x7f.txt", "nulbyte.txt"},
		{"bad\xff\xfeutf.txt", "badutf.txt"},
		{"", "file"},
		{".", "file"},
		{"..", "file"},
		{"a/", "file"},
		{"\u202e\u200b", "file"},
		{".bashrc", ".bashrc"},
		{"👩\u200d💻.png", "👩\u200d💻.png"},
		{"\u200dx\u200d", "x"},
		{long + ".jpeg", strings.Repeat("ä", 125) + ".jpeg"},
		{long, strings.Repeat("ä", 127)},
		{"x." + strings.Repeat("e", 300), "x." + strings.Repeat("e", 253)},
	} {
		if got := chat.CleanFileName(c.name); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzCleanFileName(f *testing.F) {
	f.Add("photo\u202Egpj.exe")
	f.Add(strings.Repeat("\u200d.", 200) + "é")
	f.Add(`..\..\x`)
	f.Fuzz(func(t *testing.T, name string) {
		var got string
		alloc.Check(t, len(name), func() { got = chat.CleanFileName(name) })
		switch {
		case got == "" || len(got) > chat.MaxFileName || !utf8.ValidString(got):
			t.Errorf("%q becomes %q", name, got)
		case strings.ContainsAny(got, "/\\\x00\n\u202e"):
			t.Errorf("%q keeps what it must not: %q", name, got)
		case chat.CleanFileName(got) != got:
			t.Errorf("%q, cleaned twice, becomes %q", got, chat.CleanFileName(got))
		}
	})
}
