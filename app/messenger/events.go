package messenger

import (
	"time"

	"sotto/chat"
)

// EventType is what an event is about.
type EventType string

// Types of events, as in the contract of sottoctl.
const (
	EventMessage    EventType = "message"    // a message was stored, or its failure or placeholders changed
	EventReceipt    EventType = "receipt"    // State of an own message moved
	EventRequest    EventType = "request"    // a stranger wrote
	EventContact    EventType = "contact"    // a contact was added or changed; Detail says how
	EventEdit       EventType = "edit"       // Message got another text
	EventDelete     EventType = "delete"     // Message became a tombstone or is gone; Detail says why it is gone
	EventReaction   EventType = "reaction"   // reactions of Message changed
	EventTyping     EventType = "typing"     // On: the contact is writing
	EventSession    EventType = "session"    // a ratchet session began or changed; Detail says how
	EventConnection EventType = "connection" // On: the relay is reached
	EventFile       EventType = "file"       // the file of Message is at another state: Detail is a chat.FileState, Text its failure
	EventAlert      EventType = "alert"      // something to look at; Detail is a code, see Alert
	EventConsent    EventType = "consent"    // a consent or erasure of the contact arrived
)

// Codes of alerts (Detail of an EventAlert).
const (
	AlertRejected        = "rejected"         // envelopes that no session of ours opens
	AlertIdentityChanged = "identity-changed" // the contact's identity was restored or copied
	AlertDeviceAdded     = "device-added"     // the contact has a new device; Text is its id
	AlertDevicesRefused  = "devices-refused"  // a device list of the contact was refused: rolled back, foreign or expired
	AlertInviteReused    = "invite-reused"    // a one-time or used-up invitation was used again
	AlertRelayIdentity   = "relay-identity"   // a relay is not the one of its address
	AlertMailboxGone     = "mailbox-gone"     // a relay lost an own mailbox
	AlertDamaged         = "damaged"          // stored rows do not authenticate
	AlertRolledBack      = "rolled-back"      // this profile is an older copy of itself, or runs twice
	AlertBecameBot       = "became-bot"       // the contact says that it is a bot, and did not before
	AlertClock           = "clock-leapt"      // deletions wait for the person's word about the time; Count are due
	AlertOverdue         = "pq-overdue"       // a session had no post-quantum exchange for too long
)

// Codes of changes (Detail of an EventContact).
const (
	ContactAdded     = "added"
	ContactAccepted  = "accepted"
	ContactRejected  = "rejected"
	ContactRenamed   = "renamed"
	ContactProfile   = "profile"
	ContactVerified  = "verified"
	ContactConfirmed = "confirmed"
	ContactBlocked   = "blocked"
	ContactUnblocked = "unblocked"
	ContactRemoved   = "removed"
	ContactRoute     = "route"
	ContactRead      = "read" // its conversation was read here
	ContactChanged   = "changed"
	ContactDraft     = "draft"
	ContactTimer     = "timer"    // how long new messages of its conversation stay was changed
	ContactSettings  = "settings" // its conversation was pinned or muted

	ContactDeviceRemoved  = "device-removed"  // its list does not hold a device any more; Text is the device's id
	ContactDevicesExpired = "devices-expired" // it did not renew its device list in time
)

// Codes of changes of a session (Detail of an EventSession), beside AlertOverdue.
const (
	SessionInitiated  = "initiated"   // begun here
	SessionAccepted   = "accepted"    // begun by the contact
	SessionAnswered   = "answered"    // the contact answered in one begun here
	SessionLost       = "lost"        // what the contact sent cannot be opened; it was asked for a new session
	SessionResent     = "resent"      // the contact lost its state; Count messages are sent again
	SessionResendHeld = "resend-held" // the same, from a device that waits for ConfirmIdentity

	SessionResendRefused = "resend-refused" // the same, from a bot that may not read; Count messages are not sent again
)

// Event is one thing that happened, committed before it is told. Fields that do not apply are zero.
type Event struct {
	Seq          uint64 // grows over restarts, from 1
	Time         time.Time
	Type         EventType
	Contact      chat.ContactID
	Conversation chat.ConversationID
	Message      chat.MessageID
	State        chat.MessageState // of an EventReceipt
	Detail       string            // a code
	Text         string            // text of a request; emoji of a reaction; error code of a connection
	Relay        string            // address, of connections and alerts about relays
	On           bool              // typing, connection
	Count        int               // of rejected envelopes, of messages sent again
}
