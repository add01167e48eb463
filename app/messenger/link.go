package messenger

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/transport/wire"
)

// linkScheme begins every invitation link.
const linkScheme = "sotto:"

const (
	linkVersion   = 1
	linkOneTime   = 1 // flag
	maxLink       = 4096
	checksumBytes = 4
)

// link is an invitation (docs/PROTOCOL.md section 10.1): where and how to write the first message. Who holds it can.
type link struct {
	relay   wire.Address
	mailbox chat.MailboxID
	token   wire.Token
	secret  handshake.Secret
	peer    chat.ContactID
	grant   wire.Grant // zero: none
	oneTime bool
	expires time.Time // whole seconds; zero: never
}

// String returns the link's redacted form.
func (link) String() string { return "sotto:(redacted)" }

// GoString returns the link's redacted form.
func (link) GoString() string { return "sotto:(redacted)" }

func (l link) text() string {
	flags, expires, grant := byte(0), uint64(0), []byte(nil)
	if l.oneTime {
		flags |= linkOneTime
	}
	if !l.expires.IsZero() {
		expires = uint64(l.expires.Unix())
	}
	if !l.grant.IsZero() {
		grant = l.grant[:]
	}
	b := []byte{linkVersion, flags}
	b = append(append(append(append(b, l.mailbox[:]...), l.token[:]...), l.secret[:]...), l.peer[:]...)
	b = append(b, encode.Uint64(expires)...)
	b = encode.Append(b, grant)
	b = encode.Append(b, []byte(l.relay.String()))
	sum := encode.Hash(encode.Invitation, b)
	return linkScheme + base64.RawURLEncoding.EncodeToString(append(b, sum[:checksumBytes]...))
}

// parseLink reads what a person pasted. Errors: chat.ErrMalformed; chat.ErrNewerFormat for a later version.
func parseLink(text string) (link, error) {
	bad := fmt.Errorf("%w: invitation link", chat.ErrMalformed)
	text = strings.TrimSpace(text)
	if len(text) > maxLink || len(text) < len(linkScheme) || !strings.EqualFold(text[:len(linkScheme)], linkScheme) {
		return link{}, bad
	}
	text = strings.TrimPrefix(text[len(linkScheme):], "//")
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < checksumBytes+2 {
		return link{}, bad
	}
	body, sum := b[:len(b)-checksumBytes], b[len(b)-checksumBytes:]
	want := encode.Hash(encode.Invitation, body)
	if !bytes.Equal(sum, want[:checksumBytes]) {
		return link{}, bad
	}
	if body[0] > linkVersion {
		return link{}, fmt.Errorf("invitation link: %w", chat.ErrNewerFormat)
	}
	r := encode.NewReader(body)
	head := r.Fixed(2)
	mailbox, token, secret, peer := r.Fixed(32), r.Fixed(32), r.Fixed(32), r.Fixed(32)
	stamp := encode.NewReader(encode.Append(nil, r.Fixed(8)))
	grant, relay := r.Bytes(32), r.Bytes(wire.MaxAddress)
	if r.Done() != nil || head[0] != linkVersion || head[1]&^linkOneTime != 0 || len(grant) != 0 && len(grant) != 32 {
		return link{}, bad
	}
	expires := stamp.Uint64()
	const maxSeconds = 253402300799
	if expires > maxSeconds {
		return link{}, bad
	}
	l := link{
		mailbox: chat.MailboxID(mailbox), token: wire.Token(token), secret: handshake.Secret(secret), peer: chat.ContactID(peer),
		oneTime: head[1]&linkOneTime != 0,
	}
	if len(grant) == 32 {
		l.grant = wire.Grant(grant)
	}
	if expires > 0 {
		l.expires = time.Unix(int64(expires), 0).UTC()
	}
	if l.relay, err = wire.ParseAddress(string(relay)); err != nil || l.relay.String() != string(relay) {
		return link{}, bad
	}
	return l, nil
}
