package wire

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
)

// Mailbox is the 32-byte address of a mailbox: SHA-256 over the label, the owner's public key and 16
// random bytes (docs/PROTOCOL.md section 9.3). It says nothing about who owns it.
type Mailbox [32]byte

// Salt is the 16 random bytes that make the addresses of one owner key unlinkable.
type Salt [16]byte

// Token is the 32-byte capability to send to one mailbox. The relay stores its TokenHash only.
type Token [32]byte

// TokenHash names a token at the relay: SHA-256 over a label and the token.
type TokenHash [32]byte

// Grant is the 32-byte capability to open mailboxes on a relay without its pass.
type Grant [32]byte

// GrantHash names a grant at the relay: SHA-256 over a label and the grant.
type GrantHash [32]byte

// EnvelopeID is the sender's 16 random bytes for one envelope, kept over retries. The relay stores an
// envelope once per id.
type EnvelopeID [16]byte

// RelayID is the SHA-256 of a relay's Ed25519 identity public key: the pin of its address.
type RelayID [32]byte

// Challenge is the 32 random bytes of a HELLO.
type Challenge [32]byte

// MailboxAddress derives the address of the mailbox of an owner key and a salt.
func MailboxAddress(owner ed25519.PublicKey, salt Salt) Mailbox {
	return hashFields(LabelMailbox, owner, salt[:])
}

// NewSalt returns 16 random bytes.
func NewSalt() (s Salt) { rand.Read(s[:]); return s }

// NewToken returns a random token.
func NewToken() (t Token) { rand.Read(t[:]); return t }

// NewGrant returns a random grant.
func NewGrant() (g Grant) { rand.Read(g[:]); return g }

// NewEnvelopeID returns a random envelope id.
func NewEnvelopeID() (id EnvelopeID) { rand.Read(id[:]); return id }

// NewChallenge returns a random challenge.
func NewChallenge() (c Challenge) { rand.Read(c[:]); return c }

// RelayIDOf returns the id (and pin) of a relay identity key.
func RelayIDOf(identity ed25519.PublicKey) RelayID { return sha256.Sum256(identity) }

// Hash returns the name of the token at the relay.
func (t Token) Hash() TokenHash { return hashFields(LabelToken, t[:]) }

// Hash returns the name of the grant at the relay.
func (g Grant) Hash() GrantHash { return hashFields(LabelGrant, g[:]) }

// Equal compares in constant time.
func (t Token) Equal(o Token) bool { return subtle.ConstantTimeCompare(t[:], o[:]) == 1 }

// Equal compares in constant time.
func (g Grant) Equal(o Grant) bool { return subtle.ConstantTimeCompare(g[:], o[:]) == 1 }

// Equal compares in constant time.
func (h TokenHash) Equal(o TokenHash) bool { return subtle.ConstantTimeCompare(h[:], o[:]) == 1 }

// Equal compares in constant time.
func (r RelayID) Equal(o RelayID) bool { return subtle.ConstantTimeCompare(r[:], o[:]) == 1 }

// Hex returns the address as 64 hex digits, for storage and links; String is redacted.
func (m Mailbox) Hex() string { return hex.EncodeToString(m[:]) }

// IsZero reports whether the address is unset.
func (m Mailbox) IsZero() bool { return m == Mailbox{} }

// IsZero reports whether the token is unset.
func (t Token) IsZero() bool { return t == Token{} }

// IsZero reports whether the grant is unset.
func (g Grant) IsZero() bool { return g == Grant{} }

// Redacted forms: none of these values may reach a log through %v, %s, %x or %+v.

func (Mailbox) String() string    { return "mailbox" }
func (Token) String() string      { return "token" }
func (TokenHash) String() string  { return "token hash" }
func (Grant) String() string      { return "grant" }
func (GrantHash) String() string  { return "grant hash" }
func (EnvelopeID) String() string { return "envelope id" }

func redact(f fmt.State, name string)            { _, _ = f.Write([]byte(name)) }
func (m Mailbox) Format(f fmt.State, _ rune)     { redact(f, m.String()) }
func (t Token) Format(f fmt.State, _ rune)       { redact(f, t.String()) }
func (h TokenHash) Format(f fmt.State, _ rune)   { redact(f, h.String()) }
func (g Grant) Format(f fmt.State, _ rune)       { redact(f, g.String()) }
func (h GrantHash) Format(f fmt.State, _ rune)   { redact(f, h.String()) }
func (id EnvelopeID) Format(f fmt.State, _ rune) { redact(f, id.String()) }
