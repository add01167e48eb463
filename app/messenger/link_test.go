package messenger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/transport/wire"
)

func sampleLink() link {
	return link{
		relay:   wire.Address{Host: "relay.example", Port: 7443, Mode: wire.Web},
		mailbox: chat.MailboxID{1}, token: wire.Token{2}, secret: handshake.Secret{3}, peer: chat.ContactID{4},
		grant: wire.Grant{5}, oneTime: true, expires: time.Unix(1_800_000_000, 0).UTC(),
	}
}

func TestALinkReadsBack(t *testing.T) {
	plain := sampleLink()
	plain.grant, plain.oneTime, plain.expires = wire.Grant{}, false, time.Time{}
	for _, l := range []link{sampleLink(), plain} {
		got, err := parseLink("  " + l.text() + "\n")
		if err != nil || got != l {
			t.Errorf("read back differs: %v", err)
		}
		if strings.Contains(fmt.Sprintf("%v %#v", l, l), "AQ") {
			t.Error("printing a link shows it")
		}
	}
}

func TestAlteredLinksAreMalformed(t *testing.T) {
	text := sampleLink().text()
	for i := len(linkScheme); i < len(text); i++ {
		letter := byte('A')
		if text[i] == letter {
			letter = 'B'
		}
		if _, err := parseLink(text[:i] + string(letter) + text[i+1:]); !errors.Is(err, chat.ErrMalformed) {
			t.Fatalf("letter %d changed: %v", i, err)
		}
		if _, err := parseLink(text[:i]); !errors.Is(err, chat.ErrMalformed) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

// TestTheLinkOfThePageIsTheOneWritten reads the example of docs/PROTOCOL.md section 10.1.
func TestTheLinkOfThePageIsTheOneWritten(t *testing.T) {
	page, err := os.ReadFile("../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(page), "\n```\nsotto:")
	example, _, closed := strings.Cut(example, "\n```\n")
	if !found || !closed {
		t.Fatal("the page has no example of a link")
	}
	example = "sotto:" + example
	all := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	want := link{
		relay:   wire.Address{Host: "relay.example", Port: 443, Mode: wire.Web},
		mailbox: chat.MailboxID(all(1)), token: wire.Token(all(2)), secret: handshake.Secret(all(3)), peer: chat.ContactID(all(4)),
		oneTime: true, expires: time.Unix(1_798_761_600, 0).UTC(),
	}
	if text := want.text(); text != strings.ReplaceAll(example, "\n", "") {
		t.Errorf("the page has another link than\n%s", text)
	}
	for _, written := range []string{example, " SOTTO://" + example[len("sotto:"):] + "\n"} {
		if got, err := parseLink(written); err != nil || got != want {
			t.Errorf("%q is read as another link: %v", written, err)
		}
	}
}

func TestALaterLinkAsksForALaterProgram(t *testing.T) {
	body := []byte{linkVersion + 1, 0, 1, 2, 3}
	sum := encode.Hash(encode.Invitation, body)
	text := linkScheme + base64.RawURLEncoding.EncodeToString(append(body, sum[:checksumBytes]...))
	if _, err := parseLink(text); !errors.Is(err, chat.ErrNewerFormat) {
		t.Errorf("parseLink = %v", err)
	}
}

func TestALinkHoldsNoRelayPassword(t *testing.T) {
	pass := wire.Pass{Address: sampleLink().relay, Secret: "correct-horse-battery"}
	l := sampleLink()
	l.relay = pass.Address
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(l.text(), linkScheme))
	if err != nil || strings.Contains(string(raw), string(pass.Secret)) {
		t.Errorf("password in the link, %v", err)
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add(sampleLink().text())
	f.Add("sotto:")
	f.Add("SOTTO://AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		alloc.Check(t, len(text), func() { _, _ = parseLink(text) })
		l, err := parseLink(text)
		if err != nil {
			if !errors.Is(err, chat.ErrMalformed) && !errors.Is(err, chat.ErrNewerFormat) {
				t.Fatalf("error without its sentinel: %v", err)
			}
			return
		}
		if again, err := parseLink(l.text()); err != nil || again != l {
			t.Error("a link has two readings")
		}
	})
}
