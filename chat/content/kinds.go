package content

import "fmt"

// Kind says what a content is. The numbers are the wire's and never change their meaning.
type Kind uint64

// Kinds of docs/PROTOCOL.md section 8.
const (
	Unknown        Kind = 0
	KindText       Kind = 1
	KindAttachment Kind = 2
	KindReaction   Kind = 3
	KindEdit       Kind = 4
	KindDelete     Kind = 5
	KindReceipt    Kind = 6
	KindTyping     Kind = 7
	KindTimer      Kind = 8
	KindProfile    Kind = 9
	KindRoute      Kind = 10
	KindConsent    Kind = 11
	KindErasure    Kind = 12
	KindSession    Kind = 13
	highestKnown        = KindSession
)

// Known reports whether this program decodes the body of the kind.
func (k Kind) Known() bool { return k != Unknown && k <= highestKnown }

// Sequenced reports whether contents of the kind carry a seq: those that a person sees. The others carry 0, except an
// introduction with a text.
func (k Kind) Sequenced() bool {
	switch k {
	case KindText, KindAttachment, KindReaction, KindEdit, KindDelete, KindTimer:
		return true
	}
	return false
}

// String returns the name of the kind in the documents.
func (k Kind) String() string {
	names := map[Kind]string{
		Unknown: "unknown", KindText: "text", KindAttachment: "attachment", KindReaction: "reaction", KindEdit: "edit",
		KindDelete: "delete", KindReceipt: "receipt", KindTyping: "typing", KindTimer: "timer", KindProfile: "profile",
		KindRoute: "route", KindConsent: "consent", KindErasure: "erasure", KindSession: "session",
	}
	if name, ok := names[k]; ok {
		return name
	}
	return fmt.Sprintf("kind %d", uint64(k))
}
