package crash

import (
	"time"

	"sotto/chat"
)

// Every repository of the unit of work: reads pass through, writes have a point.
func (t tx) Contacts() chat.Contacts { return contacts{t.Tx.Contacts(), t.point} }

func (t tx) Conversations() chat.Conversations { return conversations{t.Tx.Conversations(), t.point} }
func (t tx) Messages() chat.Messages           { return messages{t.Tx.Messages(), t.point} }
func (t tx) Annotations() chat.Annotations     { return annotations{t.Tx.Annotations(), t.point} }
func (t tx) Attachments() chat.Attachments     { return attachments{t.Tx.Attachments(), t.point} }
func (t tx) Sessions() chat.Sessions           { return sessions{t.Tx.Sessions(), t.point} }
func (t tx) Prekeys() chat.Prekeys             { return prekeys{t.Tx.Prekeys(), t.point} }
func (t tx) Replays() chat.Replays             { return replays{t.Tx.Replays(), t.point} }
func (t tx) Mailboxes() chat.Mailboxes         { return mailboxes{t.Tx.Mailboxes(), t.point} }
func (t tx) Routes() chat.Routes               { return routes{t.Tx.Routes(), t.point} }
func (t tx) Invitations() chat.Invitations     { return invitations{t.Tx.Invitations(), t.point} }
func (t tx) Queue() chat.Queue                 { return queue{t.Tx.Queue(), t.point} }
func (t tx) Consents() chat.Consents           { return consents{t.Tx.Consents(), t.point} }
func (t tx) Audit() chat.Audit                 { return audit{t.Tx.Audit(), t.point} }
func (t tx) Events() chat.Events               { return events{t.Tx.Events(), t.point} }
func (t tx) Settings() chat.Settings           { return settings{t.Tx.Settings(), t.point} }

type contacts struct {
	chat.Contacts
	point
}

func (in contacts) Put(c chat.Contact) error {
	return in.write("Contacts.Put", func() error { return in.Contacts.Put(c) })
}

func (in contacts) Delete(id chat.ContactID) error {
	return in.write("Contacts.Delete", func() error { return in.Contacts.Delete(id) })
}

type conversations struct {
	chat.Conversations
	point
}

func (in conversations) Put(c chat.Conversation) error {
	return in.write("Conversations.Put", func() error { return in.Conversations.Put(c) })
}

func (in conversations) Destroy(id chat.ConversationID) error {
	return in.write("Conversations.Destroy", func() error { return in.Conversations.Destroy(id) })
}

type messages struct {
	chat.Messages
	point
}

func (in messages) Put(m chat.Message) (chat.Message, error) {
	return writing(in.point, "Messages.Put", func() (chat.Message, error) { return in.Messages.Put(m) })
}

func (in messages) Between(conv chat.ConversationID, before, after int64) (int64, error) {
	return writing(in.point, "Messages.Between", func() (int64, error) { return in.Messages.Between(conv, before, after) })
}

func (in messages) Delete(id chat.MessageID) error {
	return in.write("Messages.Delete", func() error { return in.Messages.Delete(id) })
}

type annotations struct {
	chat.Annotations
	point
}

func (in annotations) Put(a chat.Annotation) error {
	return in.write("Annotations.Put", func() error { return in.Annotations.Put(a) })
}

func (in annotations) DeleteForTarget(conv chat.ConversationID, id chat.MessageID) error {
	return in.write("Annotations.DeleteForTarget", func() error { return in.Annotations.DeleteForTarget(conv, id) })
}

type attachments struct {
	chat.Attachments
	point
}

func (in attachments) Put(a chat.Attachment) error {
	return in.write("Attachments.Put", func() error { return in.Attachments.Put(a) })
}

func (in attachments) Delete(id chat.MessageID) error {
	return in.write("Attachments.Delete", func() error { return in.Attachments.Delete(id) })
}

func (in attachments) PutPreview(id chat.MessageID, picture []byte) error {
	return in.write("Attachments.PutPreview", func() error { return in.Attachments.PutPreview(id, picture) })
}

type sessions struct {
	chat.Sessions
	point
}

func (in sessions) Put(s chat.Session) error {
	return in.write("Sessions.Put", func() error { return in.Sessions.Put(s) })
}

func (in sessions) Delete(id chat.SessionID) error {
	return in.write("Sessions.Delete", func() error { return in.Sessions.Delete(id) })
}

type prekeys struct {
	chat.Prekeys
	point
}

func (in prekeys) Put(p chat.Prekey) error {
	return in.write("Prekeys.Put", func() error { return in.Prekeys.Put(p) })
}

func (in prekeys) Delete(id chat.KeyID) error {
	return in.write("Prekeys.Delete", func() error { return in.Prekeys.Delete(id) })
}

type replays struct {
	chat.Replays
	point
}

func (in replays) RecordInitial(hash [32]byte, until time.Time) error {
	return in.write("Replays.RecordInitial", func() error { return in.Replays.RecordInitial(hash, until) })
}

func (in replays) Reject(hash [32]byte, now time.Time) (chat.Rejected, error) {
	return writing(in.point, "Replays.Reject", func() (chat.Rejected, error) { return in.Replays.Reject(hash, now) })
}

func (in replays) Expire(now time.Time) error {
	return in.write("Replays.Expire", func() error { return in.Replays.Expire(now) })
}

type mailboxes struct {
	chat.Mailboxes
	point
}

func (in mailboxes) Put(m chat.Mailbox) error {
	return in.write("Mailboxes.Put", func() error { return in.Mailboxes.Put(m) })
}

func (in mailboxes) Delete(id chat.MailboxID) error {
	return in.write("Mailboxes.Delete", func() error { return in.Mailboxes.Delete(id) })
}

type routes struct {
	chat.Routes
	point
}

func (in routes) Put(r chat.Route) error {
	return in.write("Routes.Put", func() error { return in.Routes.Put(r) })
}

func (in routes) Delete(peer chat.ContactID, device chat.DeviceID) error {
	return in.write("Routes.Delete", func() error { return in.Routes.Delete(peer, device) })
}

type invitations struct {
	chat.Invitations
	point
}

func (in invitations) Put(i chat.Invitation) error {
	return in.write("Invitations.Put", func() error { return in.Invitations.Put(i) })
}

func (in invitations) Delete(id string) error {
	return in.write("Invitations.Delete", func() error { return in.Invitations.Delete(id) })
}

type queue struct {
	chat.Queue
	point
}

func (in queue) Add(q chat.QueueItem) (chat.QueueItem, error) {
	return writing(in.point, "Queue.Add", func() (chat.QueueItem, error) { return in.Queue.Add(q) })
}

func (in queue) Put(q chat.QueueItem) error {
	return in.write("Queue.Put", func() error { return in.Queue.Put(q) })
}

func (in queue) Delete(id int64) error {
	return in.write("Queue.Delete", func() error { return in.Queue.Delete(id) })
}

type consents struct {
	chat.Consents
	point
}

func (in consents) Append(c chat.Consent) error {
	return in.write("Consents.Append", func() error { return in.Consents.Append(c) })
}

func (in consents) DeleteSubject(id chat.ContactID) error {
	return in.write("Consents.DeleteSubject", func() error { return in.Consents.DeleteSubject(id) })
}

type audit struct {
	chat.Audit
	point
}

func (in audit) Append(e chat.AuditEntry) error {
	return in.write("Audit.Append", func() error { return in.Audit.Append(e) })
}

type events struct {
	chat.Events
	point
}

func (in events) Append(typ string, body []byte, now time.Time) (chat.Event, error) {
	return writing(in.point, "Events.Append", func() (chat.Event, error) { return in.Events.Append(typ, body, now) })
}

func (in events) Forget(drop func(chat.Event) bool) error {
	return in.write("Events.Forget", func() error { return in.Events.Forget(drop) })
}

type settings struct {
	chat.Settings
	point
}

func (in settings) Put(name string, value []byte) error {
	return in.write("Settings.Put", func() error { return in.Settings.Put(name, value) })
}

func (in settings) Delete(name string) error {
	return in.write("Settings.Delete", func() error { return in.Settings.Delete(name) })
}
