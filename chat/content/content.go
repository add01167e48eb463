package content

import (
	"bytes"
	"errors"
	"time"

	"github.com/fxamacker/cbor/v2"

	"sotto/chat"
)

// Version is the version of the content format that this program writes.
const Version = 1

// Content is one decoded content: the common fields and the body.
type Content struct {
	ID           chat.MessageID
	Conv         chat.ConversationID
	Seq          uint64         // from 1 per conversation and author device; 0 for kinds that are not sequenced
	Sent         time.Time      // the author's claim, UTC, whole milliseconds
	ReplyTo      chat.MessageID // zero: none
	ExpiresAfter time.Duration  // zero: never; whole milliseconds
	Body         Body           // nil for a kind that is not known here
	Number       Kind           // the kind on the wire; [Content.Kind] answers Unknown for what is not known here
	Raw          []byte         // the encoded content as received
}

// Kind returns the kind of the body, Unknown when this program does not know it.
func (c Content) Kind() Kind {
	if c.Body == nil {
		return Unknown
	}
	return c.Body.Kind()
}

// Sequenced reports whether the content takes part in the conversation's order.
func (c Content) Sequenced() bool { return c.Seq > 0 }

// frame is the outer map of docs/PROTOCOL.md section 8.
type frame struct {
	Version uint64              `cbor:"1,keyasint"`
	Kind    Kind                `cbor:"2,keyasint"`
	ID      chat.MessageID      `cbor:"3,keyasint"`
	Conv    chat.ConversationID `cbor:"4,keyasint"`
	Seq     uint64              `cbor:"5,keyasint,omitempty"`
	Sent    int64               `cbor:"6,keyasint"`
	ReplyTo []byte              `cbor:"7,keyasint,omitempty"`
	Expires uint64              `cbor:"8,keyasint,omitempty"`
	Body    cbor.RawMessage     `cbor:"9,keyasint"`
}

var (
	encMode = must(cbor.EncOptions{
		Sort: cbor.SortBytewiseLexical, ShortestFloat: cbor.ShortestFloat16, IndefLength: cbor.IndefLengthForbidden,
		TagsMd: cbor.TagsForbidden,
	}.EncMode())
	strict = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 8, MaxArrayElements: 256, MaxMapPairs: 64, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode())
	lenient = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 8, MaxArrayElements: 256, MaxMapPairs: 64,
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic("content: " + err.Error()) // options above are constants
	}
	return mode
}

// Encode returns the canonical bytes, at most [MaxSize]. Errors: chat.ErrMalformed, chat.ErrTooLarge.
func (c Content) Encode() ([]byte, error) {
	if c.Body == nil {
		return nil, malformed("content without a body")
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c.encode()
}

func (c Content) encode() ([]byte, error) {
	body, err := encMode.Marshal(c.Body)
	if err != nil {
		return nil, malformed("body")
	}
	f := frame{
		Version: Version, Kind: c.Body.Kind(), ID: c.ID, Conv: c.Conv, Seq: c.Seq, Sent: c.Sent.UnixMilli(),
		Expires: uint64(c.ExpiresAfter.Milliseconds()), Body: body,
	}
	if !c.ReplyTo.IsZero() {
		f.ReplyTo = c.ReplyTo[:]
	}
	out, err := encMode.Marshal(f)
	if err != nil {
		return nil, malformed("content")
	}
	if len(out) > MaxSize {
		return nil, chat.ErrTooLarge
	}
	return out, nil
}

func (c Content) check() error {
	switch {
	case c.ID.IsZero():
		return malformed("content without an id")
	case c.ExpiresAfter < 0 || c.ExpiresAfter > MaxExpiry:
		return malformed("expiry out of range")
	case c.Sent.UnixMilli() < 0 || c.Sent.UnixMilli() > maxMillis:
		return malformed("time out of range")
	case c.sequenced() != (c.Seq > 0):
		return malformed("seq does not fit the kind")
	}
	return c.Body.check()
}

// sequenced reports whether the content must carry a seq: those of a sequenced kind, and an introduction whose text is a
// message of its own.
func (c Content) sequenced() bool {
	s, ok := c.Body.(Session)
	return c.Body.Kind().Sequenced() || ok && s.Text != ""
}

// maxMillis is the end of the year 9999, beyond which times have no RFC 3339 form.
const maxMillis = 253402300799999

// Decode reads one content, at most [MaxSize] bytes of hostile input. Every error is chat.ErrMalformed (or
// chat.ErrTooLarge, which callers treat alike). Names come back cleaned by [CleanName].
func Decode(b []byte) (Content, error) {
	if len(b) == 0 || len(b) > MaxSize {
		return Content{}, malformed("size of a content")
	}
	var h head
	if err := lenient.Unmarshal(b, &h); err != nil {
		return Content{}, malformed("not a content")
	}
	c, err := fromHead(h, b)
	if err != nil || c.Body == nil {
		return c, err
	}
	if err := strict.Unmarshal(b, &frame{}); err != nil {
		return Content{}, malformed("unknown field")
	}
	if err := c.check(); err != nil {
		if errors.Is(err, chat.ErrTooLarge) {
			return Content{}, malformed("text too long")
		}
		return Content{}, err
	}
	again, err := c.encode()
	if err != nil || !bytes.Equal(again, b) {
		return Content{}, malformed("not canonical")
	}
	c.cleanNames()
	return c, nil
}

// head is the outer map as it is read of any version and kind: what is missing or of another size is seen.
type head struct {
	Version uint64          `cbor:"1,keyasint"`
	Kind    Kind            `cbor:"2,keyasint"`
	ID      []byte          `cbor:"3,keyasint"`
	Conv    []byte          `cbor:"4,keyasint"`
	Seq     uint64          `cbor:"5,keyasint"`
	Sent    *int64          `cbor:"6,keyasint"`
	ReplyTo []byte          `cbor:"7,keyasint"`
	Expires uint64          `cbor:"8,keyasint"`
	Body    cbor.RawMessage `cbor:"9,keyasint"`
}

// fromHead reads the common fields, and the body of a known kind and version.
func fromHead(h head, raw []byte) (Content, error) {
	c := Content{Seq: h.Seq, Number: h.Kind, Raw: bytes.Clone(raw)}
	if h.Version == 0 || h.Kind == Unknown || len(h.ID) != len(c.ID) || len(h.Conv) != len(c.Conv) ||
		h.ReplyTo != nil && len(h.ReplyTo) != len(c.ReplyTo) {
		return Content{}, malformed("content without version, kind, id or conversation")
	}
	if h.Sent == nil || *h.Sent < 0 || *h.Sent > maxMillis || h.Expires > uint64(MaxExpiry.Milliseconds()) {
		return Content{}, malformed("time out of range")
	}
	c.Sent, c.ExpiresAfter = time.UnixMilli(*h.Sent).UTC(), time.Duration(h.Expires)*time.Millisecond
	copy(c.ID[:], h.ID)
	copy(c.Conv[:], h.Conv)
	copy(c.ReplyTo[:], h.ReplyTo)
	if c.ID.IsZero() {
		return Content{}, malformed("content without an id")
	}
	if h.Version != Version || !h.Kind.Known() {
		return c, nil
	}
	body, err := decodeBody(h.Kind, h.Body)
	if err != nil {
		return Content{}, err
	}
	c.Body = body
	return c, nil
}

func decodeBody(k Kind, b []byte) (Body, error) {
	switch k {
	case KindText:
		return decodeAs[Text](b)
	case KindAttachment:
		return decodeAs[Attachment](b)
	case KindReaction:
		return decodeAs[Reaction](b)
	case KindEdit:
		return decodeAs[Edit](b)
	case KindDelete:
		return decodeAs[Delete](b)
	case KindReceipt:
		return decodeAs[Receipt](b)
	case KindTyping:
		return decodeAs[Typing](b)
	case KindTimer:
		return decodeAs[Timer](b)
	case KindProfile:
		return decodeAs[Profile](b)
	case KindRoute:
		return decodeAs[Route](b)
	case KindConsent:
		return decodeAs[Consent](b)
	case KindErasure:
		return decodeAs[Erasure](b)
	case KindSession:
		return decodeAs[Session](b)
	}
	return nil, malformed("unknown kind")
}

func decodeAs[B Body](b []byte) (Body, error) {
	var body B
	if err := strict.Unmarshal(b, &body); err != nil {
		return nil, malformed("body")
	}
	return body, nil
}

func (c *Content) cleanNames() {
	switch b := c.Body.(type) {
	case Attachment:
		c.Body = b.cleaned()
	case Profile:
		b.Name = CleanName(b.Name)
		c.Body = b
	case Session:
		if b.Profile != nil {
			p := *b.Profile
			p.Name = CleanName(p.Name)
			b.Profile = &p
			c.Body = b
		}
	}
}
