package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

type deleteGroup struct {
	Message      deleteMessageVerb      `cmd:"" help:"Delete a message from this computer, or for everyone."`
	Conversation deleteConversationVerb `cmd:"" help:"Delete a conversation from this computer; its keys are destroyed."`
	Contact      deleteContactVerb      `cmd:"" help:"Delete a contact and the conversation with it from this computer."`
	Everything   deleteEverythingVerb   `cmd:"" help:"Delete this profile and its mailboxes."`
}

// erasedObject says what a deletion did, and what it could not do.
type erasedObject struct {
	V             v1                `json:"v"`
	Conversations int               `json:"conversations"`
	Messages      int               `json:"messages"`
	Contacts      int               `json:"contacts"`
	Asked         bool              `json:"asked"`     // the others were asked to delete theirs
	Unreached     []unreachedObject `json:"unreached"` // mailboxes whose relay could not be reached
	Backups       int               `json:"backups"`   // known ones that may still hold it
}

type unreachedObject struct {
	Relay   string `json:"relay"`
	Mailbox string `json:"mailbox"`
}

// newErased says what a deletion did; held is how many known backups there were before.
func newErased(r privacy.Report, held int) erasedObject {
	o := erasedObject{Backups: held, Conversations: r.Conversations, Messages: r.Messages, Contacts: r.Contacts, Unreached: []unreachedObject{}}
	for _, u := range r.Unreached {
		o.Unreached = append(o.Unreached, unreachedObject{Relay: u.Relay, Mailbox: fmt.Sprintf("%x", u.Mailbox[:])})
	}
	return o
}

func (o erasedObject) print(p *page) {
	gone := number(o.Messages, "message")
	if o.Conversations > 0 {
		gone += ", " + number(o.Conversations, "conversation")
	}
	if o.Contacts > 0 {
		gone += ", " + number(o.Contacts, "contact")
	}
	p.line("Deleted from this computer: %s.", gone)
	if o.Asked {
		p.line("The other side was asked to delete its copy; it answers when it is there.")
	}
	for _, u := range o.Unreached {
		p.line("Not reached: a mailbox on %s. What waits there is encrypted, and dropped after 30 days.", plain(u.Relay))
	}
	if o.Backups > 0 {
		p.line("%s may still hold it, wherever the file is. They are listed by: sottoctl backup list", number(o.Backups, "backup"))
	}
}

// holding counts the known backups, which keep what is deleted now.
func holding(ctx context.Context, p *profile.Profile) (int, error) {
	list, _, err := p.Backups(ctx)
	return len(list), err
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

type deleteMessageVerb struct {
	Message     string `arg:"" help:"Id of the message."`
	ForEveryone bool   `help:"An own message: have the contact delete it too."`
	onMessage
	erased erasedObject
}

func (v *deleteMessageVerb) do(ctx context.Context, d *desk) (any, error) {
	if v.ForEveryone {
		return v.act(ctx, d, v.Message, func(m *messenger.Messenger) (chat.Message, error) { return m.DeleteForEveryone(ctx, v.id) })
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if v.id, err = messageID(v.Message); err != nil {
		return nil, err
	}
	held, err := holding(ctx, p)
	if err != nil {
		return nil, err
	}
	n, err := p.Eraser.DeleteMessages(ctx, v.id)
	if err != nil {
		return nil, err
	}
	v.erased = newErased(privacy.Report{Messages: n}, held)
	return v.erased, nil
}

func (v *deleteMessageVerb) settle(ctx context.Context, d *desk) (any, error) {
	if !v.ForEveryone {
		return v.erased, nil
	}
	return v.onMessage.settle(ctx, d)
}

type deleteConversationVerb struct {
	Contact     string `arg:"" help:"Name, id or prefix of the contact it is with."`
	ForEveryone bool   `help:"Also ask the contact to delete its copy."`
	delivery
	peer   chat.ContactID
	erased erasedObject
}

func (v *deleteConversationVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, p.Messenger, v.Contact)
	if err != nil {
		return nil, err
	}
	if v.ForEveryone {
		if _, err = v.messenger(ctx, d); err != nil {
			return nil, err
		}
	}
	held, err := holding(ctx, p)
	if err != nil {
		return nil, err
	}
	n, err := p.Eraser.DeleteConversation(ctx, p.Messenger.ConversationWith(c.ID), v.ForEveryone)
	if err != nil {
		return nil, err
	}
	v.peer, v.erased = c.ID, newErased(privacy.Report{Conversations: 1, Messages: n}, held)
	v.erased.Asked = v.ForEveryone
	return v.erased, nil
}

func (v *deleteConversationVerb) settle(ctx context.Context, d *desk) (any, error) {
	if !v.ForEveryone {
		return v.erased, nil
	}
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	return v.erased, withResult(v.posted(ctx, m, v.peer), v.erased)
}

type deleteContactVerb struct {
	Contact     string `arg:"" help:"Name, id or prefix."`
	ForEveryone bool   `help:"First ask the contact to delete its copy of the conversation."`
	delivery
}

func (*deleteContactVerb) runsAside() {}

func (v *deleteContactVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	p, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	m := p.Messenger
	c, err := find(ctx, m, v.Contact)
	if err != nil {
		return nil, err
	}
	if v.ForEveryone {
		if err := v.askFirst(ctx, p, c.ID); err != nil {
			return nil, err
		}
	}
	held, err := holding(ctx, p)
	if err != nil {
		return nil, err
	}
	report, err := p.DeleteContact(ctx, c.ID)
	o := newErased(report, held)
	o.Asked = v.ForEveryone
	return o, err
}

// askFirst asks a contact to delete the conversation. What asks would be deleted with the contact, so it has to be on
// its way before.
func (w delivery) askFirst(ctx context.Context, p *profile.Profile, id chat.ContactID) error {
	if w.Wait == 0 {
		return usagef("--for-everyone needs a --wait longer than 0 here: the question has to leave before the contact is deleted.")
	}
	if err := p.Eraser.AskConversation(ctx, p.Messenger.ConversationWith(id)); err != nil {
		return err
	}
	w.Require = string(chat.Sent)
	if err := w.posted(ctx, p.Messenger, id); err != nil {
		return explain(err, "The relay of the contact has not taken the question yet, so nothing was deleted. Try again later, or without --for-everyone.")
	}
	return nil
}

type deleteEverythingVerb struct {
	ForEveryone bool `help:"First ask every contact to delete its copy of the conversation."`
	Yes         bool `help:"Do not ask at the terminal."`
	delivery
}

func (v *deleteEverythingVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	secret, err := d.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	d.session.typed = secret // it is asked for again, as before everything that cannot be undone
	p, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	if d.in != nil && isTerminal(d.in) && !v.Yes {
		if err := confirmEverything(d, p.Messenger.Self().Name); err != nil {
			return nil, err
		}
	}
	if v.ForEveryone {
		if err := v.askAll(ctx, p); err != nil {
			return nil, err
		}
	}
	if err := p.StepUp.Confirm(ctx, security.ActEraseEverything, []byte(secret)); err != nil {
		return nil, err
	}
	held, err := holding(ctx, p)
	if err != nil {
		return nil, err
	}
	report, err := p.EraseEverything(ctx)
	if err != nil {
		return nil, err
	}
	d.deleted()
	o := newErased(report, held)
	o.Asked = v.ForEveryone
	return o, nil
}

// askAll asks every accepted contact with whom there is a conversation.
func (v *deleteEverythingVerb) askAll(ctx context.Context, p *profile.Profile) error {
	m := p.Messenger
	contacts, err := m.Contacts(ctx)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if c.State != chat.ContactAccepted {
			continue
		}
		if _, err := m.Conversation(ctx, m.ConversationWith(c.ID)); errors.Is(err, chat.ErrNotFound) {
			continue
		}
		if err := v.askFirst(ctx, p, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// confirmEverything has the person type the name of the profile.
func confirmEverything(d *desk, name string) error {
	fmt.Fprintf(d.words, "This deletes the profile %q: every conversation, every contact and the identity. It cannot be undone.\nType its name to go on: ", plain(name))
	line, err := bufio.NewReader(io.LimitReader(d.in, longestSecret)).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != name {
		return &failure{Code: "interrupted", Exit: exitFailed, Message: "Nothing was deleted."}
	}
	return nil
}
