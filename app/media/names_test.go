package media

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestNamesAreSafeOnEverySystem(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"photo.jpg", "photo.jpg"},
		{"Grüße an alle.txt", "Grüße an alle.txt"},
		{"e\u0301te\u0301.txt", "été.txt"},
		{"../../../.ssh/authorized_keys", "authorized_keys"},
		{`..\..\autostart.bat`, "autostart.bat"},
		{".bashrc", "bashrc"},
		{"...", "file"},
		{"file.txt:stream:$DATA", "file.txt_stream_$DATA"},
		{"a<b>c\"d|e?f*g.txt", "a_b_c_d_e_f_g.txt"},
		{"CON", "_CON"},
		{"con.txt", "_con.txt"},
		{"Nul .tar.gz", "_Nul .tar.gz"},
		{"COM1.log", "_COM1.log"},
		{"com¹.log", "_com¹.log"},
		{"lpt9", "_lpt9"},
		{"CONIN$", "_CONIN$"},
		{"console.txt", "console.txt"},
		{"COM10.txt", "COM10.txt"},
		{"-rf", "_rf"},
		{"~root", "_root"},
		{"trailing. . .", "trailing"},
		{"invoice\u202efdp.exe", "invoicefdp.exe"},
		{"", "file"},
		{"🎉.gif", "🎉.gif"},
		{strings.Repeat("長", 100) + ".docx", strings.Repeat("長", 64) + ".docx"},
	} {
		if got := SafeName(c.name); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.name, got, c.want)
		}
	}
}

// unsafe says what is wrong with a name on some system; empty: nothing.
func unsafe(name string) string {
	switch {
	case name == "" || len(name) > MaxSafeName || len(utf16.Encode([]rune(name))) > MaxSafeName:
		return "length"
	case !utf8.ValidString(name) || norm.NFC.String(name) != name:
		return "form"
	case strings.ContainsAny(name, "<>:\"/\\|?*\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069"):
		return "characters"
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }):
		return "controls"
	case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") || strings.HasPrefix(name, " "):
		return "beginning"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "end"
	case isDevice(name):
		return "device"
	case SafeName(name) != name:
		return "not its own safe name: " + SafeName(name)
	}
	return ""
}
