package messenger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/identity"
	"sotto/transport/wire"
)

// A profile that is restored from a backup is a new device of its identity (docs/PROTOCOL.md section 7.4): it has neither
// sessions nor prekeys nor mailboxes. Its device list names the last one that the backup knows, so that contacts see the
// succession, or the copy.

// FailureRestored says that a message waited to be sent when the backup was made: it may have been sent since.
const FailureRestored = chat.FailureRestored

// settingRestored marks a store that was restored and whose contacts are not told yet; Start tells them.
const settingRestored = "messenger/restored"

type restored struct {
	Unsent []chat.MessageID `json:",omitempty"`
}

// backedUp are the settings of the messenger that belong into a backup: who it is, and what is remembered of contacts and
// relays. What is left out belongs to one device, or to one run.
var backedUp = struct {
	names    []string
	prefixes []string
}{
	names:    []string{settingIdentity, settingList, settingName, settingBot, settingHome, "messenger/clock", "messenger/forgotten", settingDownloadLimit},
	prefixes: []string{settingPin, settingRelay, settingGaps, settingExpired, settingRequest, settingFormer, "messenger/timer/"},
}

// InBackup reports whether a setting of that name belongs into a backup, and may come from one.
func InBackup(name string) bool {
	for _, n := range backedUp.names {
		if name == n {
			return true
		}
	}
	for _, p := range backedUp.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// BackupSettings returns the settings of the messenger for a backup, with what a restored profile needs to take leave of
// the mailboxes of now: their owner keys, without tokens and bundles. A home relay for whose address keep answers false
// stays out: the embedded one, of which a restored profile has its own.
func BackupSettings(tx chat.Tx, keep func(relay string) bool, now time.Time) (map[string][]byte, error) {
	all, err := tx.Settings().List()
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for name, value := range all {
		if InBackup(name) {
			out[name] = value
		}
	}
	home, err := homePass(tx)
	if err := ignoreMissing(err); err != nil {
		return nil, err
	}
	if !keep(home.Address.String()) {
		delete(out, settingHome)
	}
	mailboxes, err := tx.Mailboxes().List()
	if err != nil {
		return nil, err
	}
	for _, mb := range mailboxes {
		if mb.Renewed.IsZero() || !mb.Retired.IsZero() || !mb.Expires.IsZero() && !now.Before(mb.Expires) {
			continue
		}
		b, err := formerOf(mb).encode()
		if err != nil {
			return nil, err
		}
		out[settingFormer+mb.ID.String()] = b
	}
	return out, nil
}

// HasHome reports whether a store names a home relay.
func HasHome(tx chat.Tx) (bool, error) {
	_, ok, err := setting(tx, settingHome)
	return ok, err
}

// RestoreOptions say how a restored store becomes a device.
type RestoreOptions struct {
	Identity chat.ContactID   // whom the backup names
	Home     string           // relay pass of the home relay; empty: the one in the backup
	Unsent   []chat.MessageID // own messages that waited to be sent
}

// Restore makes a new device for the identity that a backup brought into the store; Open then finds it. Nobody is told
// before Start. Errors: chat.ErrMalformed for a store without, or with another, identity or home relay.
func Restore(ctx context.Context, store chat.Store, o RestoreOptions, now time.Time) error {
	err := store.Update(ctx, func(tx chat.Tx) error {
		secret, known, err := setting(tx, settingIdentity)
		if err != nil {
			return err
		}
		id, err := identity.Parse(secret)
		if !known || err != nil || chat.ContactID(id.Fingerprint()) != o.Identity {
			return fmt.Errorf("%w: identity", chat.ErrMalformed)
		}
		defer id.Erase()
		signed, err := tx.Settings().Get(settingList)
		if err != nil {
			return fmt.Errorf("%w: device list", chat.ErrMalformed)
		}
		before, err := identity.LoadDeviceList(signed, id.Certificate())
		if err != nil {
			return fmt.Errorf("%w: device list", chat.ErrMalformed)
		}
		if name, err := tx.Settings().Get(settingName); err != nil || content.CleanName(string(name)) != string(name) {
			return fmt.Errorf("%w: name", chat.ErrMalformed)
		}
		return becomeDevice(tx, id, before, o, now)
	})
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

func becomeDevice(tx chat.Tx, id *identity.Identity, before *identity.DeviceList, o RestoreOptions, now time.Time) error {
	device, err := identity.NewDevice(now)
	if err != nil {
		return err
	}
	defer device.Erase()
	list, err := identity.SignDeviceList(id, before, [][]byte{device.Statement(id.Fingerprint())}, now)
	if err != nil {
		return err
	}
	if o.Home == "" {
		home, err := tx.Settings().Get(settingHome)
		if err != nil {
			return fmt.Errorf("%w: home relay", chat.ErrMalformed)
		}
		o.Home = string(home)
	}
	pass, err := wire.ParsePass(o.Home)
	if err != nil {
		return fmt.Errorf("%w: home relay", chat.ErrMalformed)
	}
	return errors.Join(
		tx.Settings().Put(settingDevice, device.Marshal()),
		tx.Settings().Put(settingList, list.Bytes()),
		tx.Settings().Put(settingHome, []byte(pass.Text())),
		tx.Settings().Put(settingRelay+pass.Address.HostPort(), []byte(pass.Address.String())),
		putJSON(tx, settingRestored, restored{Unsent: o.Unsent}),
	)
}

// reconnect gives every contact of a restored profile a mailbox of the new device. Once it stands, the contact is told in
// a new session, which asks for what did not arrive (docs/PROTOCOL.md section 7.5).
func (u *unit) reconnect() error {
	var mark restored
	ok, err := getJSON(u.Tx, settingRestored, &mark)
	if err != nil || !ok {
		return err
	}
	home, err := homePass(u.Tx)
	if err != nil {
		return err
	}
	contacts, err := u.Contacts().List()
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if _, err := routeTo(u.Tx, c.ID); err != nil {
			if err := ignoreMissing(err); err != nil {
				return err
			}
			continue
		}
		cred := mailboxCredential{Secret: string(home.Secret)}
		switch c.State {
		case chat.ContactAccepted:
			if _, err := u.newMailbox(home.Address.String(), c.ID, "", time.Time{}, cred); err != nil {
				return err
			}
		case chat.ContactPending: // the answer to the first introduction would go to a mailbox that is not read any more
			if _, err := u.newReach(c.ID, home.Address.String(), cred); err != nil {
				return err
			}
			if err := u.introduce(c.ID, ""); err != nil {
				return err
			}
			u.queued = append(u.queued, c.ID)
		}
	}
	if err := u.settleFiles(); err != nil {
		return err
	}
	for _, id := range mark.Unsent {
		if err := u.setAside(id); err != nil {
			return err
		}
	}
	if err := u.renumber(); err != nil {
		return err
	}
	return dropSetting(u.Tx, settingRestored)
}

// setAside shows a message that waited to be sent as failed, to be retried or discarded: it may have left after the
// backup was made, and nothing old is sent unasked.
func (u *unit) setAside(id chat.MessageID) error {
	msg, err := u.Messages().Get(id)
	if err != nil || msg.Kind != chat.KindText && msg.Kind != chat.KindAttachment || msg.Deleted {
		return ignoreMissing(err)
	}
	peer, err := u.peerOf(msg.Conversation)
	if err != nil || peer.IsZero() {
		return err
	}
	body := content.Content{
		ID: msg.ID, Conv: msg.Conversation, Seq: msg.Seq, Sent: msg.Sent, ReplyTo: msg.ReplyTo, ExpiresAfter: msg.ExpiresAfter,
		Body: content.Text{Text: msg.Text},
	}
	if msg.Kind == chat.KindAttachment {
		if body, err = u.setFileAsideRestored(msg); err != nil {
			return err
		}
	}
	if b, err := body.Encode(); err == nil { // else it cannot be sent again, only read
		if _, err := u.Queue().Add(chat.QueueItem{
			Peer: peer, Message: id, Visible: true, Content: b, State: chat.QueueParked, Failure: FailureRestored, Created: u.now,
		}); err != nil {
			return err
		}
	}
	msg.State, msg.Failure = chat.Failed, FailureRestored
	_, err = u.Messages().Put(msg)
	return err
}

// settleFiles ends what was on its way when the backup was made. What was being fetched is offered again: its bytes are not
// in the backup. What was being sent waits with its message for the person.
func (u *unit) settleFiles() error {
	moving, err := u.Attachments().Moving()
	if err != nil {
		return err
	}
	for _, a := range moving {
		msg, err := u.Messages().Get(a.Message)
		if err != nil {
			return err
		}
		if msg.Direction == chat.In {
			err = u.cancelFetch(a.Message)
		} else {
			err = u.stopFile(msg, a, FailureRestored)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setFileAsideRestored returns the content of a message with a file that is set aside; one without a body when its file is
// not here, so that it can only be read.
func (u *unit) setFileAsideRestored(msg chat.Message) (content.Content, error) {
	a, err := u.Attachments().Get(msg.ID)
	if err != nil || !a.Stored {
		return content.Content{}, ignoreMissing(err)
	}
	a = withKeys(a) // the others may still be those of the earlier device
	if err := u.stopFile(msg, a, FailureRestored); err != nil {
		return content.Content{}, err
	}
	return u.attachmentContent(msg, a)
}
