package content

import (
	"fmt"
	"time"
	"unicode/utf8"

	"sotto/chat"
)

// Limits of one content, in bytes of UTF-8 unless said otherwise (docs/PROTOCOL.md section 8).
const (
	// MaxSize is the longest encoded content: with the envelope's overhead it fits the 64 KiB class.
	MaxSize = 40 << 10
	// MaxText is the longest text of a message, edit or introduction.
	MaxText = 32 << 10
	// MaxEmoji is the longest reaction.
	MaxEmoji = 64
	// MaxName is the longest profile name.
	MaxName = 128
	// MaxRelay is the longest relay address, that of the relay's own section 9.3.
	MaxRelay = 400
	// MaxIDs is how many message ids one receipt or erasure names.
	MaxIDs = 64
	// MaxToken is the longest mailbox token.
	MaxToken = 64
	// MaxWord is the longest purpose or version of a notice.
	MaxWord = 64
	// MaxExpiry is the longest time a message may be set to live.
	MaxExpiry = 366 * 24 * time.Hour
)

// Body is what a content says; its type depends on the kind.
type Body interface {
	// Kind returns the kind that the body belongs to.
	Kind() Kind
	check() error
}

// Text is a message of a conversation: 1 to [MaxText] bytes.
type Text struct {
	Text string `cbor:"1,keyasint"`
}

// Reaction is the author's one reaction to a message; an empty emoji takes it back.
type Reaction struct {
	Target chat.MessageID `cbor:"1,keyasint"`
	Emoji  string         `cbor:"2,keyasint,omitempty"`
}

// Edit replaces the text of the author's own message.
type Edit struct {
	Target chat.MessageID `cbor:"1,keyasint"`
	Text   string         `cbor:"2,keyasint"`
}

// Delete turns the author's own message into a tombstone.
type Delete struct {
	Target chat.MessageID `cbor:"1,keyasint"`
}

// ReceiptState says how far messages got.
type ReceiptState uint64

// Receipt states.
const (
	Delivered ReceiptState = 1
	Read      ReceiptState = 2
)

// Receipt tells the author of 1 to [MaxIDs] messages how far they got.
type Receipt struct {
	State ReceiptState     `cbor:"1,keyasint"`
	IDs   []chat.MessageID `cbor:"2,keyasint"`
}

// Typing says that the author is, or is no longer, writing.
type Typing struct {
	Active bool `cbor:"1,keyasint"`
}

// Timer sets how long new messages of the conversation live; 0 is for ever.
type Timer struct {
	Milliseconds uint64 `cbor:"1,keyasint"`
}

// After returns the timer as a duration.
func (t Timer) After() time.Duration { return time.Duration(t.Milliseconds) * time.Millisecond }

// Profile is how the author wants to be called, and whether it is a bot.
type Profile struct {
	Name string `cbor:"1,keyasint"`
	Bot  bool   `cbor:"2,keyasint,omitempty"`
}

// Route is where the author's device is reached from now on; the highest Seq wins.
type Route struct {
	Seq     uint64         `cbor:"1,keyasint"`
	Device  chat.DeviceID  `cbor:"2,keyasint"`
	Relay   string         `cbor:"3,keyasint"` // relay address, never a pass
	Mailbox chat.MailboxID `cbor:"4,keyasint"`
	Token   []byte         `cbor:"5,keyasint"` // capability to send
	Secret  []byte         `cbor:"6,keyasint"` // S of the mailbox, 32 bytes: opens its bundle
}

// Consent tells a peer the author's choice that concerns it.
type Consent struct {
	Purpose string `cbor:"1,keyasint"` // a chat.Purpose
	Given   bool   `cbor:"2,keyasint"`
	Notice  string `cbor:"3,keyasint,omitempty"` // version of the words shown
	At      int64  `cbor:"4,keyasint"`           // milliseconds since 1970, UTC
}

// Outcome is the answer to a request for erasure.
type Outcome uint64

// Outcomes. Zero is the request itself.
const (
	Requested Outcome = 0
	Honoured  Outcome = 1
	Refused   Outcome = 2
	Partial   Outcome = 3
	Expired   Outcome = 4
)

// String returns the outcome's word.
func (o Outcome) String() string {
	switch o {
	case Requested:
		return "requested"
	case Honoured:
		return "honoured"
	case Refused:
		return "refused"
	case Partial:
		return "partial"
	case Expired:
		return "expired"
	}
	return fmt.Sprintf("outcome %d", uint64(o))
}

// Erasure asks a peer to erase messages, or answers such a request.
type Erasure struct {
	Outcome Outcome          `cbor:"1,keyasint"`
	Request chat.MessageID   `cbor:"2,keyasint"`           // id of the request: in a request its own content id
	Targets []chat.MessageID `cbor:"3,keyasint,omitempty"` // at most MaxIDs; none: the whole conversation
	Erased  uint64           `cbor:"4,keyasint,omitempty"` // in an answer: how many messages were erased
}

// Action is a step of session control.
type Action uint64

// Actions.
const (
	// Introduce is the first content to a new contact: profile, route and perhaps a text.
	Introduce Action = 1
	// Accept answers an introduction: profile and route.
	Accept Action = 2
	// Confirm carries nothing: it lets the other side's ratchet turn.
	Confirm Action = 3
	// Again says that the sender lost its state: what it was sent and did not confirm is wanted again.
	Again Action = 4
	// Devices carries the sender's device list of now.
	Devices Action = 5
)

// Session is session control.
type Session struct {
	Action  Action   `cbor:"1,keyasint"`
	Profile *Profile `cbor:"2,keyasint,omitempty"` // Introduce, Accept
	Route   *Route   `cbor:"3,keyasint,omitempty"` // Introduce, Accept
	Text    string   `cbor:"4,keyasint,omitempty"` // Introduce: the first message; the content's id and seq are its
	Devices []byte   `cbor:"5,keyasint,omitempty"` // Devices: a signed device list, at most MaxDevices bytes
}

// MaxDevices is the longest device list that a content carries.
const MaxDevices = 24 << 10

// Kind returns KindText.
func (Text) Kind() Kind { return KindText }

// Kind returns KindReaction.
func (Reaction) Kind() Kind { return KindReaction }

// Kind returns KindEdit.
func (Edit) Kind() Kind { return KindEdit }

// Kind returns KindDelete.
func (Delete) Kind() Kind { return KindDelete }

// Kind returns KindReceipt.
func (Receipt) Kind() Kind { return KindReceipt }

// Kind returns KindTyping.
func (Typing) Kind() Kind { return KindTyping }

// Kind returns KindTimer.
func (Timer) Kind() Kind { return KindTimer }

// Kind returns KindProfile.
func (Profile) Kind() Kind { return KindProfile }

// Kind returns KindRoute.
func (Route) Kind() Kind { return KindRoute }

// Kind returns KindConsent.
func (Consent) Kind() Kind { return KindConsent }

// Kind returns KindErasure.
func (Erasure) Kind() Kind { return KindErasure }

// Kind returns KindSession.
func (Session) Kind() Kind { return KindSession }

func (b Text) check() error { return checkText(b.Text, MaxText) }

func (b Reaction) check() error {
	if b.Target.IsZero() {
		return malformed("reaction without a target")
	}
	if b.Emoji == "" {
		return nil
	}
	return checkText(b.Emoji, MaxEmoji)
}

func (b Edit) check() error {
	if b.Target.IsZero() {
		return malformed("edit without a target")
	}
	return checkText(b.Text, MaxText)
}

func (b Delete) check() error {
	if b.Target.IsZero() {
		return malformed("deletion without a target")
	}
	return nil
}

func (b Receipt) check() error {
	if b.State != Delivered && b.State != Read {
		return malformed("unknown receipt state")
	}
	if len(b.IDs) == 0 || len(b.IDs) > MaxIDs {
		return malformed("number of ids in a receipt")
	}
	return nil
}

func (Typing) check() error { return nil }

func (b Timer) check() error {
	if b.Milliseconds > uint64(MaxExpiry.Milliseconds()) {
		return malformed("timer too long")
	}
	return nil
}

func (b Profile) check() error { return checkText(b.Name, MaxName) }

func (b Route) check() error {
	switch {
	case b.Seq == 0:
		return malformed("route without a seq")
	case len(b.Token) == 0 || len(b.Token) > MaxToken:
		return malformed("length of a route's token")
	case len(b.Secret) != 32:
		return malformed("length of a route's secret")
	}
	return checkText(b.Relay, MaxRelay)
}

func (b Consent) check() error {
	if len(b.Notice) > MaxWord || !utf8.ValidString(b.Notice) {
		return malformed("version of a notice")
	}
	if b.At < 0 || b.At > maxMillis {
		return malformed("time of a choice")
	}
	return checkText(b.Purpose, MaxWord)
}

func (b Erasure) check() error {
	if b.Outcome > Expired || b.Request.IsZero() || len(b.Targets) > MaxIDs {
		return malformed("erasure")
	}
	return nil
}

func (b Session) check() error {
	if (b.Action == Devices) != (len(b.Devices) > 0) || len(b.Devices) > MaxDevices {
		return malformed("device list")
	}
	switch b.Action {
	case Introduce, Accept:
		if b.Profile == nil || b.Route == nil {
			return malformed("introduction without profile or route")
		}
		if err := b.Profile.check(); err != nil {
			return err
		}
		if err := b.Route.check(); err != nil {
			return err
		}
		if b.Text == "" {
			return nil
		}
		if b.Action != Introduce {
			return malformed("text outside an introduction")
		}
		return checkText(b.Text, MaxText)
	case Confirm, Again, Devices:
		if b.Profile != nil || b.Route != nil || b.Text != "" {
			return malformed("session control with a body that is not its own")
		}
		return nil
	}
	return malformed("unknown session action")
}

func checkText(s string, limit int) error {
	switch {
	case s == "":
		return malformed("empty text")
	case len(s) > limit:
		return fmt.Errorf("%w: text of %d bytes, at most %d", chat.ErrTooLarge, len(s), limit)
	case !utf8.ValidString(s):
		return malformed("text is not UTF-8")
	}
	return nil
}

func malformed(what string) error { return fmt.Errorf("%w: %s", chat.ErrMalformed, what) }
