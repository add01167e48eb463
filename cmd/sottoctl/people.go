package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
)

type addVerb struct {
	Link         string `arg:"" help:"The sotto: link, or - to read it from standard input."`
	Message      string `placeholder:"TEXT" help:"First words, shown with the request."`
	ConfirmRelay bool   `help:"Connect although the link names a relay that was not used before."`
	delivery
	added chat.ContactID
}

// longestLink bounds a link read from standard input, in bytes.
const longestLink = 8 << 10

func (v *addVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	m, err := d.online(ctx)
	if err != nil {
		return nil, err
	}
	link, err := d.text(v.Link, longestLink)
	if err != nil {
		return nil, err
	}
	c, err := m.Add(ctx, strings.TrimSpace(link), messenger.AddOptions{Message: v.Message, ConfirmRelay: v.ConfirmRelay})
	switch {
	case errors.Is(err, chat.ErrNeedsConfirmation):
		return nil, askAboutRelay(ctx, m, strings.TrimSpace(link), err)
	case errors.Is(err, chat.ErrExists):
		return nil, explain(err, "Whoever made this invitation is a contact already. Nothing was changed. See: sottoctl contacts")
	case errors.Is(err, chat.ErrOffline):
		return nil, explain(err, "The relay of this invitation cannot be reached now. Nothing was changed; try again later.")
	case errors.Is(err, chat.ErrMalformed):
		if _, wrong := m.InspectLink(ctx, strings.TrimSpace(link)); wrong == nil {
			return nil, explain(err, "What the relay keeps for this invitation is not what its link promises. Nothing was changed; ask for a new one.")
		}
		return nil, explain(err, "That is not a whole sotto: link. Nothing was changed; ask for it again.")
	case err != nil:
		return nil, err
	}
	v.added = c.ID
	return newContact(c, 0), nil
}

// askAboutRelay names the relay that a link would have this profile connect to.
func askAboutRelay(ctx context.Context, m *messenger.Messenger, link string, err error) error {
	info, wrong := m.InspectLink(ctx, link)
	if wrong != nil {
		return err
	}
	return explain(err, "This link leads to a relay that was not used before: %s (%s). It will learn the address of this computer. To go on, add the link with --confirm-relay.",
		plain(info.Relay), reachWords(info.Reach))
}

func reachWords(r messenger.Reach) string {
	switch r {
	case messenger.ReachComputer:
		return "reached from this computer only"
	case messenger.ReachNetwork:
		return "reached from the local network"
	}
	return "reached from anywhere"
}

func (v *addVerb) settle(ctx context.Context, d *desk) (any, error) {
	return v.contactSent(ctx, d, v.added)
}

func (*addVerb) runsAside() {}

type requestsVerb struct{}

func (requestsVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	requests, err := m.Requests(ctx)
	list := make(requestList, 0, len(requests))
	for _, r := range requests {
		list = append(list, newRequest(r))
	}
	return list, err
}

// findRequest returns the id of a request by its id, a prefix of it, or its exact name.
func findRequest(ctx context.Context, m *messenger.Messenger, name string) (chat.ContactID, error) {
	requests, err := m.Requests(ctx)
	if err != nil {
		return chat.ContactID{}, err
	}
	var fits []chat.ContactID
	for _, r := range requests {
		id := r.ID.String()
		if id == name {
			return r.ID, nil
		}
		if r.Name == name || name != "" && strings.HasPrefix(id, strings.ToLower(name)) {
			fits = append(fits, r.ID)
		}
	}
	switch len(fits) {
	case 0:
		return chat.ContactID{}, explain(chat.ErrNotFound, "There is no request %q.", plain(name))
	case 1:
		return fits[0], nil
	}
	return chat.ContactID{}, explain(chat.ErrAmbiguous, "More than one request fits %q. Use more of the id.", plain(name))
}

type acceptVerb struct {
	ID string `arg:"" name:"id" help:"Id, prefix or name of the request."`
	delivery
	accepted chat.ContactID
}

func (v *acceptVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	m, err := v.messenger(ctx, d)
	if err != nil {
		return nil, err
	}
	id, err := findRequest(ctx, m, v.ID)
	if err != nil {
		return nil, err
	}
	c, err := m.Accept(ctx, id)
	v.accepted = id
	return newContact(c, 0), err
}

func (v *acceptVerb) settle(ctx context.Context, d *desk) (any, error) {
	return v.contactSent(ctx, d, v.accepted)
}

type rejectVerb struct {
	ID string `arg:"" name:"id" help:"Id, prefix or name of the request."`
	delivery
}

// idObject names what a verb acted on when nothing else of it is left.
type idObject struct {
	V  v1     `json:"v"`
	ID string `json:"id"`
}

func (idObject) print(*page) {}

func (v *rejectVerb) do(ctx context.Context, d *desk) (any, error) {
	if err := v.check(sentOnly); err != nil {
		return nil, err
	}
	m, err := v.messenger(ctx, d)
	if err != nil {
		return nil, err
	}
	id, err := findRequest(ctx, m, v.ID)
	if err != nil {
		return nil, err
	}
	return idObject{ID: id.String()}, m.Reject(ctx, id)
}

type contactsVerb struct{}

func (contactsVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	contacts, err := m.Contacts(ctx)
	if err != nil {
		return nil, err
	}
	list := make(contactList, 0, len(contacts))
	for _, c := range contacts {
		o, err := withUnread(ctx, m, c)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	slices.SortStableFunc(list, func(a, b contactObject) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, nil
}

type verifyVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
	Number  string `placeholder:"DIGITS" help:"The number the contact reads out; spaces do not matter."`
}

// safetyObject is a contact with the number that two people compare.
type safetyObject struct {
	contactObject
	Number []string `json:"number"` // 12 groups of 5 digits
}

func (o safetyObject) print(p *page) {
	p.line("%s", strings.Join(o.Number[:6], " "))
	p.line("%s", strings.Join(o.Number[6:], " "))
	p.line("")
	p.pairs([2]string{"name", plain(o.Name)}, [2]string{"verified", o.Verified}, [2]string{"id", o.ID})
}

func (v *verifyVerb) do(ctx context.Context, d *desk) (any, error) {
	digits := strings.Join(strings.Fields(v.Number), "")
	if v.Number != "" && (len(digits) != 60 || strings.Trim(digits, "0123456789") != "") {
		return nil, explain(chat.ErrMalformed, "A safety number has 60 digits.")
	}
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, m, v.Contact)
	if err != nil {
		return nil, err
	}
	if digits != "" {
		if err := m.Verify(ctx, c.ID, digits); err != nil {
			return nil, err
		}
	}
	number, err := m.SafetyNumber(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	o, err := d.contact(ctx, m, c.ID)
	return safetyObject{contactObject: o, Number: number.Digits[:]}, err
}

type renameVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
	Name    string `arg:"" help:"How the contact is called here."`
}

func (v *renameVerb) do(ctx context.Context, d *desk) (any, error) {
	return d.change(ctx, v.Contact, func(m *messenger.Messenger, c chat.Contact) error {
		if len(v.Name) > content.MaxName {
			return explain(chat.ErrTooLarge, "A name has at most %d bytes.", content.MaxName)
		}
		return m.Rename(ctx, c.ID, v.Name)
	})
}

type blockVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
}

func (v *blockVerb) do(ctx context.Context, d *desk) (any, error) {
	return d.change(ctx, v.Contact, func(m *messenger.Messenger, c chat.Contact) error { return m.Block(ctx, c.ID) })
}

type removeVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
}

func (v *removeVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, m, v.Contact)
	if err != nil {
		return nil, err
	}
	return idObject{ID: c.ID.String()}, m.Remove(ctx, c.ID)
}

// change acts on a contact and answers it as it is then.
func (d *desk) change(ctx context.Context, name string, act func(*messenger.Messenger, chat.Contact) error) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	c, err := find(ctx, m, name)
	if err != nil {
		return nil, err
	}
	if err := act(m, c); err != nil {
		return nil, err
	}
	return d.contact(ctx, m, c.ID)
}
