package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
)

const pinText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

func TestAddressesHaveOneCanonicalForm(t *testing.T) {
	cases := map[string]string{
		"sotto-relay://relay.example.org:443#web":             "sotto-relay://relay.example.org:443#web",
		"sotto-relay://Relay.Example.ORG:8443#pin=" + pinText: "sotto-relay://relay.example.org:8443#pin=" + pinText,
		"sotto-relay://127.0.0.1:9#plain":                     "sotto-relay://127.0.0.1:9#plain",
		"sotto-relay://[::1]:9#plain":                         "sotto-relay://[::1]:9#plain",
		"sotto-relay://[2001:DB8:0::1]:9#web":                 "sotto-relay://[2001:db8::1]:9#web",
		" sotto-relay://10.0.0.1:9#pin=" + pinText + "\n":     "sotto-relay://10.0.0.1:9#pin=" + pinText,
	}
	for in, want := range cases {
		a, err := ParseAddress(in)
		if err != nil || a.String() != want {
			t.Errorf("%q: %q, %v", in, a, err)
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for _, in := range []string{
		"", "sotto-relay://", "https://a.b:1#web", "sotto-relay://a.b#web", "sotto-relay://a.b:0#web", "sotto-relay://a.b:01#web",
		"sotto-relay://a.b:65536#web", "sotto-relay://a.b:+1#web", "sotto-relay://:1#web", "sotto-relay://a.b:1", "sotto-relay://a.b:1#",
		"sotto-relay://a.b:1#WEB", "sotto-relay://a.b:1#pin=", "sotto-relay://a.b:1#pin=" + pinText + "=", "sotto-relay://a.b:1#pin=" + pinText[1:],
		"sotto-relay://a.b:1#pin=" + pinText[:42] + "9", // non-zero trailing bits
		"sotto-relay://192.168.1.2:1#plain", "sotto-relay://localhost:1#plain", "sotto-relay://0.0.0.0:1#plain",
		"sotto-relay://a..b:1#web", "sotto-relay://a_b:1#web", "sotto-relay://1.2.3:1#web", "sotto-relay://a.b/x:1#web", "sotto-relay://a.b:1/x#web",
		"sotto-relay://[1.2.3.4]:1#web", "sotto-relay://::1:1#web", "sotto-relay://[fe80::1%eth0]:1#web", "sotto-relay://a.b?x:1#web",
		"sotto-relay://é.example:1#web", "sotto-relay://a.b:1#web#web", "sotto-relay://" + strings.Repeat("a.", 300) + "b:1#web",
		"sotto-relay://secret@a.b:1#web",
	} {
		if a, err := ParseAddress(in); !errors.Is(err, ErrBadAddress) {
			t.Errorf("%q: %v, %v", in, a, err)
		}
	}
	for _, in := range []string{"sotto-relay://@a.b:1#web", "sotto-relay://a:b@a.b:1#web", "sotto-relay://a@b@a.b:1#web", "sotto-relay://" + strings.Repeat("a", 65) + "@a.b:1#web"} {
		if p, err := ParsePass(in); !errors.Is(err, ErrBadAddress) {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
}

func TestPassKeepsItsSecretOutOfEveryPrintedForm(t *testing.T) {
	p := Pass{Address: Address{Host: "relay.example", Port: 1, Mode: Web}, Secret: NewPassSecret()}
	back, err := ParsePass(p.Text())
	if err != nil || back != p {
		t.Fatalf("%v, %v", back, err)
	}
	tok, g, m := NewToken(), NewGrant(), Mailbox(NewChallenge())
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		if out := fmt.Sprintf(verb+verb, p, p.Secret); strings.Contains(out, string(p.Secret)) {
			t.Errorf("%s prints the password: %s", verb, out)
		}
	}
	for _, verb := range []string{"%v", "%s", "%x", "%d", "%q", "%+v", "%#v"} {
		if out := fmt.Sprintf(verb+" "+verb+" "+verb, tok, g, m); out != "token grant mailbox" {
			t.Errorf("%s prints %s", verb, out)
		}
	}
}

func TestReach(t *testing.T) {
	cases := map[string]Reach{
		"127.0.0.1": ReachDevice, "::1": ReachDevice, "localhost": ReachLocal, "10.1.2.3": ReachLocal, "192.168.0.1": ReachLocal, "fe80::1": ReachLocal,
		"0.0.0.0": ReachLocal, "::": ReachLocal, "100.64.1.1": ReachLocal, "::ffff:127.0.0.1": ReachDevice, "ff02::1": ReachLocal,
		"fd00::1": ReachLocal, "printer.local": ReachLocal, "nas": ReachLocal, "8.8.8.8": ReachInternet, "relay.example.org": ReachInternet, "2001:db8::1": ReachInternet,
	}
	for host, want := range cases {
		if got := (Address{Host: host}).Reach(); got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
}

func TestErrorsSurviveTheWire(t *testing.T) {
	for code, sentinel := range codes {
		err := (&Err{Code: code, After: 9}).AsError()
		if !errors.Is(err, sentinel) {
			t.Errorf("code %d is not %v", code, sentinel)
		}
		if after, ok := RetryAfter(fmt.Errorf("send: %w", err)); !ok || after != 9*time.Second {
			t.Errorf("code %d: retry after %v, %v", code, after, ok)
		}
		if got := ErrFrame(fmt.Errorf("x: %w", sentinel)); got.Code != code {
			t.Errorf("%v becomes code %d", sentinel, got.Code)
		}
	}
	if got := ErrFrame(errors.New("disk full at /home/x")); *got != (Err{Code: CodeUnavailable}) {
		t.Errorf("an unknown error becomes %+v", got)
	}
	if err := (&Err{Code: 99}).AsError(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a later code is %v", err)
	}
}

func FuzzParsePass(f *testing.F) {
	for _, s := range []string{"sotto-relay://a.b:1#web", "sotto-relay://x@127.0.0.1:1#plain", "sotto-relay://[::1]:9#pin=" + pinText} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		alloc.Check(t, len(in), func() { _, _ = ParsePass(in) })
		if a, err := ParseAddress(in); err == nil {
			if back, err := ParseAddress(a.String()); err != nil || back != a {
				t.Fatalf("%q: %q read again: %v", in, a, err)
			}
		}
		p, err := ParsePass(in)
		if err != nil {
			return
		}
		if back, err := ParsePass(p.Text()); err != nil || back != p {
			t.Fatalf("%q: %q read again: %v", in, p.Text(), err)
		}
	})
}
