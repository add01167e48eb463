package wire

// Kind is the number of a frame (docs/PROTOCOL.md section 9.4).
type Kind uint8

// The frames. Requests (client to relay) are answered by the relay under the same id with OK, ERR or
// the named answer; HELLO, PUSH and GOAWAY come unasked with id 0, CREDIT has no answer and id 0.
const (
	KindHello  Kind = 1 // relay -> client, first
	KindOK     Kind = 2
	KindErr    Kind = 3
	KindPush   Kind = 4 // relay -> client
	KindGoAway Kind = 5 // relay -> client

	KindAuth   Kind = 10 // -> AUTHED
	KindAuthed Kind = 11
	KindSub    Kind = 12
	KindAck    Kind = 13
	KindCredit Kind = 14
	KindSend   Kind = 15

	KindMboxCreate Kind = 20
	KindMboxDelete Kind = 21
	KindTokenPut   Kind = 22
	KindTokenDrop  Kind = 23
	KindGrantPut   Kind = 24

	KindPrekeyPut   Kind = 30
	KindPrekeyPop   Kind = 31 // -> PREKEY
	KindPrekey      Kind = 32
	KindPrekeyCount Kind = 33 // -> COUNT
	KindCount       Kind = 34

	KindStateGet Kind = 40 // -> STATE
	KindStateSet Kind = 41
	KindState    Kind = 42

	KindBlobGrant Kind = 50
)

// unasked reports whether a frame neither asks nor answers: its id is 0.
func unasked(k Kind) bool {
	return k == KindHello || k == KindPush || k == KindGoAway || k == KindCredit
}

// Frame is one frame: a body under a request id.
type Frame struct {
	ID   uint64
	Body Body
}

// Body is the content of a frame: a pointer to one of the structs of this file.
type Body interface {
	Kind() Kind
	valid() error
}

// Hello opens every connection: the relay's id and the challenge AUTH signs.
type Hello struct {
	Version   uint64    `cbor:"1,keyasint"`
	Relay     RelayID   `cbor:"2,keyasint"`
	Challenge Challenge `cbor:"3,keyasint"`
}

// OK answers a request that was carried out. To SEND it means: on disk.
type OK struct{}

// Err answers a request that was not carried out. After is in seconds, 0 = not said.
type Err struct {
	Code  Code   `cbor:"1,keyasint"`
	After uint64 `cbor:"2,keyasint,omitempty"`
}

// PushFrame delivers one envelope. Seq grows by mailbox and is never used twice; Received is the
// relay's time in unix milliseconds.
type PushFrame struct {
	Mailbox  Mailbox `cbor:"1,keyasint"`
	Seq      uint64  `cbor:"2,keyasint"`
	Received uint64  `cbor:"3,keyasint"`
	Envelope []byte  `cbor:"4,keyasint"`
}

// GoAway announces that the relay closes; come back after After seconds.
type GoAway struct {
	After uint64 `cbor:"1,keyasint,omitempty"`
}

// Auth proves an owner key on this connection for mailboxes (none: for creating some).
type Auth struct {
	Owner     [32]byte  `cbor:"1,keyasint"`
	Mailboxes []Mailbox `cbor:"2,keyasint,omitempty"`
	Signature [64]byte  `cbor:"3,keyasint"`
}

// Authed answers AUTH and lists the mailboxes that are not this owner's, or not there.
type Authed struct {
	Missing []Mailbox `cbor:"1,keyasint,omitempty"`
}

// Sub starts the pushes of mailboxes authenticated on this connection, oldest unacknowledged first.
type Sub struct {
	Mailboxes []Mailbox `cbor:"1,keyasint"`
}

// Ack deletes pushed envelopes; OK means deleted.
type Ack struct {
	Mailbox Mailbox  `cbor:"1,keyasint"`
	Seqs    []uint64 `cbor:"2,keyasint"`
}

// Credit lets the relay push so many messages and bytes more. A connection starts with
// CreditMessages and CreditBytes and never holds more.
type Credit struct {
	Messages uint64 `cbor:"1,keyasint"`
	Bytes    uint64 `cbor:"2,keyasint"`
}

// Send stores one envelope in a mailbox.
type Send struct {
	Mailbox  Mailbox    `cbor:"1,keyasint"`
	Token    Token      `cbor:"2,keyasint"`
	ID       EnvelopeID `cbor:"3,keyasint"`
	Envelope []byte     `cbor:"4,keyasint"`
}

// MboxCreate opens a mailbox of an authenticated owner key. Exactly one of Pass and Grant, or none at
// an open relay. Repeating it is answered OK. Limits of 0 are the relay's; Expires is in unix
// milliseconds, 0 = never.
type MboxCreate struct {
	Owner       [32]byte    `cbor:"1,keyasint"`
	Salt        Salt        `cbor:"2,keyasint"`
	Type        MailboxKind `cbor:"3,keyasint"`
	Pass        string      `cbor:"4,keyasint,omitempty"`
	Grant       []byte      `cbor:"5,keyasint,omitempty"`
	MaxMessages uint64      `cbor:"6,keyasint,omitempty"`
	MaxBytes    uint64      `cbor:"7,keyasint,omitempty"`
	Expires     uint64      `cbor:"8,keyasint,omitempty"`
}

// MboxDelete removes a mailbox with all it holds.
type MboxDelete struct {
	Mailbox Mailbox `cbor:"1,keyasint"`
}

// TokenPut accepts a token, or replaces its limits. PopBurst and PopEvery (seconds) bound the taking
// of prekeys with it, MaxPops their total (0 = unbounded), Expires is in unix milliseconds.
type TokenPut struct {
	Mailbox  Mailbox   `cbor:"1,keyasint"`
	Hash     TokenHash `cbor:"2,keyasint"`
	PopBurst uint64    `cbor:"3,keyasint,omitempty"`
	PopEvery uint64    `cbor:"4,keyasint,omitempty"`
	MaxPops  uint64    `cbor:"5,keyasint,omitempty"`
	Expires  uint64    `cbor:"6,keyasint,omitempty"`
}

// TokenDrop revokes a token.
type TokenDrop struct {
	Mailbox Mailbox   `cbor:"1,keyasint"`
	Hash    TokenHash `cbor:"2,keyasint"`
}

// GrantPut lets whoever shows the grant open so many mailboxes until Expires (unix milliseconds). It
// hangs on a mailbox of the granter, which was not itself opened by a grant, and goes with it.
type GrantPut struct {
	Mailbox   Mailbox   `cbor:"1,keyasint"`
	Hash      GrantHash `cbor:"2,keyasint"`
	Mailboxes uint64    `cbor:"3,keyasint"`
	Expires   uint64    `cbor:"4,keyasint,omitempty"`
}

// PrekeyPut replaces the sealed bundle and all one-time prekeys of a mailbox.
type PrekeyPut struct {
	Mailbox Mailbox  `cbor:"1,keyasint"`
	Bundle  []byte   `cbor:"2,keyasint"`
	Prekeys []Prekey `cbor:"3,keyasint,omitempty"`
}

// PrekeyPop takes the bundle and the oldest one-time prekey.
type PrekeyPop struct {
	Mailbox Mailbox `cbor:"1,keyasint"`
	Token   Token   `cbor:"2,keyasint"`
}

// PrekeyFrame answers PREKEY_POP; Prekey is absent when none was left.
type PrekeyFrame struct {
	Bundle []byte  `cbor:"1,keyasint"`
	Prekey *Prekey `cbor:"2,keyasint,omitempty"`
}

// PrekeyCount asks how many one-time prekeys are left.
type PrekeyCount struct {
	Mailbox Mailbox `cbor:"1,keyasint"`
}

// Count answers PREKEY_COUNT.
type Count struct {
	N uint64 `cbor:"1,keyasint"`
}

// StateGet asks for the state cell.
type StateGet struct {
	Mailbox Mailbox `cbor:"1,keyasint"`
}

// StateSet replaces the state cell if it equals Old (empty = never set), else ERR conflict. It is
// answered OK also if the cell already equals New, so it may be repeated.
type StateSet struct {
	Mailbox Mailbox `cbor:"1,keyasint"`
	Old     []byte  `cbor:"2,keyasint,omitempty"`
	New     []byte  `cbor:"3,keyasint"`
}

// StateFrame answers STATE_GET; Cell is absent when never set.
type StateFrame struct {
	Cell []byte `cbor:"1,keyasint,omitempty"`
}

// BlobGrant makes room for one blob of Size bytes (1 to MaxBlob) in a mailbox. Whoever holds the upload key behind Upload
// brings its bytes over HTTPS; repeating it with equal values is answered OK, with others ERR conflict.
type BlobGrant struct {
	Mailbox Mailbox    `cbor:"1,keyasint"`
	Token   Token      `cbor:"2,keyasint"`
	Name    BlobName   `cbor:"3,keyasint"`
	Upload  UploadHash `cbor:"4,keyasint"`
	Size    uint64     `cbor:"5,keyasint"`
}

// Unknown stands for a frame of a later version; the relay answers ErrUnsupported.
type Unknown struct{ Number Kind }

func (*Hello) Kind() Kind       { return KindHello }
func (*OK) Kind() Kind          { return KindOK }
func (*Err) Kind() Kind         { return KindErr }
func (*PushFrame) Kind() Kind   { return KindPush }
func (*GoAway) Kind() Kind      { return KindGoAway }
func (*Auth) Kind() Kind        { return KindAuth }
func (*Authed) Kind() Kind      { return KindAuthed }
func (*Sub) Kind() Kind         { return KindSub }
func (*Ack) Kind() Kind         { return KindAck }
func (*Credit) Kind() Kind      { return KindCredit }
func (*Send) Kind() Kind        { return KindSend }
func (*MboxCreate) Kind() Kind  { return KindMboxCreate }
func (*MboxDelete) Kind() Kind  { return KindMboxDelete }
func (*TokenPut) Kind() Kind    { return KindTokenPut }
func (*TokenDrop) Kind() Kind   { return KindTokenDrop }
func (*GrantPut) Kind() Kind    { return KindGrantPut }
func (*PrekeyPut) Kind() Kind   { return KindPrekeyPut }
func (*PrekeyPop) Kind() Kind   { return KindPrekeyPop }
func (*PrekeyFrame) Kind() Kind { return KindPrekey }
func (*PrekeyCount) Kind() Kind { return KindPrekeyCount }
func (*Count) Kind() Kind       { return KindCount }
func (*StateGet) Kind() Kind    { return KindStateGet }
func (*StateSet) Kind() Kind    { return KindStateSet }
func (*StateFrame) Kind() Kind  { return KindState }
func (*BlobGrant) Kind() Kind   { return KindBlobGrant }
func (u *Unknown) Kind() Kind   { return u.Number }

// newBody returns an empty body of the kind, or nil for one this version does not know.
func newBody(k Kind) Body {
	switch k {
	case KindHello:
		return &Hello{}
	case KindOK:
		return &OK{}
	case KindErr:
		return &Err{}
	case KindPush:
		return &PushFrame{}
	case KindGoAway:
		return &GoAway{}
	case KindAuth:
		return &Auth{}
	case KindAuthed:
		return &Authed{}
	case KindSub:
		return &Sub{}
	case KindAck:
		return &Ack{}
	case KindCredit:
		return &Credit{}
	case KindSend:
		return &Send{}
	case KindMboxCreate:
		return &MboxCreate{}
	case KindMboxDelete:
		return &MboxDelete{}
	case KindTokenPut:
		return &TokenPut{}
	case KindTokenDrop:
		return &TokenDrop{}
	case KindGrantPut:
		return &GrantPut{}
	case KindPrekeyPut:
		return &PrekeyPut{}
	case KindPrekeyPop:
		return &PrekeyPop{}
	case KindPrekey:
		return &PrekeyFrame{}
	case KindPrekeyCount:
		return &PrekeyCount{}
	case KindCount:
		return &Count{}
	case KindStateGet:
		return &StateGet{}
	case KindStateSet:
		return &StateSet{}
	case KindState:
		return &StateFrame{}
	case KindBlobGrant:
		return &BlobGrant{}
	}
	return nil
}
