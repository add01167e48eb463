package main

import (
	"bytes"
	"testing"

	"sotto/chat"
)

func TestASizeIsBytesOrHasAUnit(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1000": 1000, "104857600": 100 << 20, "7B": 7, "500kB": 500e3, "5MB": 5e6, "5 mb": 5e6, "10MiB": 10 << 20, "64KiB": 64 << 10,
		"100MiB": 100 << 20, "0GB": 0,
	} {
		if got, ok := parseSize(text, chat.MaxFile); !ok || got != want {
			t.Errorf("%q is %d, %t, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "B", "MB", " MB", "a lot", "-1", "-1MB", "+5", "5.5MB", "5M", "5MBB", "5  MB", "1 ", "0x10", "1e6", "1_000", "104857601", "101MiB", "105MB",
		"1GB", "9223372036854775808", "9223372036854775807GiB", "18446744073709551615KiB",
	} {
		if got, ok := parseSize(text, chat.MaxFile); ok {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}

func TestTheDownloadLimitHasWordsForPeopleAndANumberForPrograms(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"download-limit", "10485760", "10485760 (10.5 MB)\n"}, {"download-limit", "500", "500\n"}, {"name", "10485760", "10485760\n"},
	} {
		o := settingObject{Key: c.key, Value: c.value}
		var out bytes.Buffer
		o.print(&page{out: &out})
		if out.String() != c.want {
			t.Errorf("%s is shown as %q, want %q", c.key, out.String(), c.want)
		}
		line, err := encodeLine(o)
		if want := `{"v":1,"key":"` + c.key + `","value":"` + c.value + `"}` + "\n"; err != nil || string(line) != want {
			t.Errorf("%s is given as %s, %v", c.key, line, err)
		}
	}
}
