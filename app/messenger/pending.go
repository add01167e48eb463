package messenger

import (
	"context"
	"errors"
	"time"

	"sotto/chat"
	"sotto/transport/wire"
)

type Messenger struct{}

func Create(ctx context.Context, store chat.Store, p Profile, now time.Time) (Self, error) {
	return Self{}, errors.ErrUnsupported
}

func Open(ctx context.Context, opts Options) (*Messenger, error) { return nil, errors.ErrUnsupported }

func DirectConversation(a, b chat.ContactID) chat.ConversationID { return chat.ConversationID{} }

func (m *Messenger) Start(ctx context.Context) error { return errors.ErrUnsupported }
func (m *Messenger) Close() error                    { return nil }
func (m *Messenger) Self() Self                      { return Self{} }
func (m *Messenger) SetName(ctx context.Context, name string) error { return errors.ErrUnsupported }

func (m *Messenger) HomeRelay(ctx context.Context) (string, error) { return "", errors.ErrUnsupported } // address, never the pass

func (m *Messenger) SetHomeRelay(ctx context.Context, pass string) error {
	return errors.ErrUnsupported
}

func (m *Messenger) TestRelay(ctx context.Context, pass string) error { return errors.ErrUnsupported }

func (m *Messenger) Invite(ctx context.Context, o InviteOptions) (chat.Invitation, Reach, error) {
	return chat.Invitation{}, "", errors.ErrUnsupported
}

func (m *Messenger) Invitations(ctx context.Context) ([]chat.Invitation, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) RevokeInvitation(ctx context.Context, id string) error {
	return errors.ErrUnsupported
}

func (m *Messenger) InspectLink(ctx context.Context, link string) (LinkInfo, error) {
	return LinkInfo{}, errors.ErrUnsupported
}

func (m *Messenger) Add(ctx context.Context, link string, o AddOptions) (chat.Contact, error) {
	return chat.Contact{}, errors.ErrUnsupported
}

func (m *Messenger) Requests(ctx context.Context) ([]Request, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) Accept(ctx context.Context, id chat.ContactID) (chat.Contact, error) {
	return chat.Contact{}, errors.ErrUnsupported
}

func (m *Messenger) Reject(ctx context.Context, id chat.ContactID) error {
	return errors.ErrUnsupported
}

func (m *Messenger) Contacts(ctx context.Context) ([]chat.Contact, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) Contact(ctx context.Context, id chat.ContactID) (chat.Contact, error) {
	return chat.Contact{}, errors.ErrUnsupported
}

func (m *Messenger) Find(ctx context.Context, nameOrPrefix string) (chat.Contact, error) {
	return chat.Contact{}, errors.ErrUnsupported
}

func (m *Messenger) Rename(ctx context.Context, id chat.ContactID, name string) error {
	return errors.ErrUnsupported
}

func (m *Messenger) Block(ctx context.Context, id chat.ContactID) error { return errors.ErrUnsupported }

func (m *Messenger) Unblock(ctx context.Context, id chat.ContactID) error {
	return errors.ErrUnsupported
}

func (m *Messenger) Remove(ctx context.Context, id chat.ContactID) error {
	return errors.ErrUnsupported
}

func (m *Messenger) SafetyNumber(ctx context.Context, id chat.ContactID) (SafetyNumber, error) {
	return SafetyNumber{}, errors.ErrUnsupported
}

func (m *Messenger) Verify(ctx context.Context, id chat.ContactID, digits string) error {
	return errors.ErrUnsupported
}

func (m *Messenger) Unverify(ctx context.Context, id chat.ContactID) error {
	return errors.ErrUnsupported
}

func (m *Messenger) ConfirmIdentity(ctx context.Context, id chat.ContactID) error {
	return errors.ErrUnsupported
}

func (m *Messenger) Security(ctx context.Context, id chat.ContactID) (SecurityState, error) {
	return SecurityState{}, errors.ErrUnsupported
}

func (m *Messenger) Conversations(ctx context.Context) ([]chat.Conversation, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) Conversation(ctx context.Context, id chat.ConversationID) (chat.Conversation, error) {
	return chat.Conversation{}, errors.ErrUnsupported
}

func (m *Messenger) ConversationWith(id chat.ContactID) chat.ConversationID {
	return chat.ConversationID{}
}

func (m *Messenger) Messages(ctx context.Context, conv chat.ConversationID, before int64, limit int) ([]chat.Message, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) MessagesAfter(ctx context.Context, conv chat.ConversationID, after int64, limit int) ([]chat.Message, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) Message(ctx context.Context, id chat.MessageID) (chat.Message, error) {
	return chat.Message{}, errors.ErrUnsupported
}

func (m *Messenger) Send(ctx context.Context, conv chat.ConversationID, text string, o SendOptions) (chat.Message, error) {
	return chat.Message{}, errors.ErrUnsupported
}

func (m *Messenger) Edit(ctx context.Context, id chat.MessageID, text string) (chat.Message, error) {
	return chat.Message{}, errors.ErrUnsupported
}

func (m *Messenger) React(ctx context.Context, id chat.MessageID, emoji string) (chat.Message, error) {
	return chat.Message{}, errors.ErrUnsupported
}

func (m *Messenger) DeleteForEveryone(ctx context.Context, id chat.MessageID) (chat.Message, error) {
	return chat.Message{}, errors.ErrUnsupported
}

func (m *Messenger) Read(ctx context.Context, conv chat.ConversationID, upTo int64) error { // 0: to the end
	return errors.ErrUnsupported
}

func (m *Messenger) Typing(ctx context.Context, conv chat.ConversationID, active bool) error {
	return errors.ErrUnsupported
}

func (m *Messenger) SetDraft(ctx context.Context, conv chat.ConversationID, text string) error {
	return errors.ErrUnsupported
}

func (m *Messenger) SetPinned(ctx context.Context, conv chat.ConversationID, on bool) error {
	return errors.ErrUnsupported
}

func (m *Messenger) SetMuted(ctx context.Context, conv chat.ConversationID, on bool) error {
	return errors.ErrUnsupported
}

func (m *Messenger) Retry(ctx context.Context, id chat.MessageID) error { return errors.ErrUnsupported }

func (m *Messenger) Discard(ctx context.Context, id chat.MessageID) error {
	return errors.ErrUnsupported
}
func (m *Messenger) Subscribe(f func(Event)) (cancel func()) { return func() {} }
func (m *Messenger) EventsSince(ctx context.Context, seq uint64, limit int) ([]Event, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) LastEvent(ctx context.Context) (uint64, error) { return 0, errors.ErrUnsupported }

func (m *Messenger) Sync(ctx context.Context, wait time.Duration) error { return errors.ErrUnsupported }

func (m *Messenger) WaitState(ctx context.Context, id chat.MessageID, s chat.MessageState) error {
	return errors.ErrUnsupported
}

func (m *Messenger) WaitSent(ctx context.Context, id chat.ContactID) error {
	return errors.ErrUnsupported
} // nothing waits for the contact

func (m *Messenger) Status(ctx context.Context) (Status, error) {
	return Status{}, errors.ErrUnsupported
}

func (m *Messenger) Enqueue(tx chat.Tx, to chat.ContactID, id chat.MessageID, content []byte) error {
	return errors.ErrUnsupported
}
func (m *Messenger) Flush() {}
func (m *Messenger) DeleteMailboxes(ctx context.Context) ([]MailboxReport, error) {
	return nil, errors.ErrUnsupported
}

func (m *Messenger) MailboxKeys(ctx context.Context) (map[string][]wire.Owned, error) {
	return nil, errors.ErrUnsupported
}

var _ chat.Outbox = (*Messenger)(nil)
