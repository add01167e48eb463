package main

import (
	"context"

	"sotto/app/messenger"
	"sotto/chat"
)

type unblockVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
}

func (v *unblockVerb) do(ctx context.Context, d *desk) (any, error) {
	return d.change(ctx, v.Contact, func(m *messenger.Messenger, c chat.Contact) error { return m.Unblock(ctx, c.ID) })
}

// confirmVerb takes the person's word for a contact's new device, or for an identity that was restored or copied.
type confirmVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
}

func (v *confirmVerb) do(ctx context.Context, d *desk) (any, error) {
	return d.change(ctx, v.Contact, func(m *messenger.Messenger, c chat.Contact) error { return m.ConfirmIdentity(ctx, c.ID) })
}

type retryVerb struct {
	Message string `arg:"" help:"Id of a message that failed, or whose file is to be fetched again."`
	onMessage
}

func (v *retryVerb) do(ctx context.Context, d *desk) (any, error) {
	return v.act(ctx, d, v.Message, func(m *messenger.Messenger) (chat.Message, error) {
		if err := m.Retry(ctx, v.id); err != nil {
			return chat.Message{}, err
		}
		return m.Message(ctx, v.id)
	})
}

type discardVerb struct {
	Message string `arg:"" help:"Id of a message that failed."`
}

func (v *discardVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	msg, _, err := target(ctx, m, v.Message)
	if err != nil {
		return nil, err
	}
	return idObject{ID: msg.ID.String()}, m.Discard(ctx, msg.ID)
}

type invitationsVerb struct{}

// invitationObject is an invitation as it stands. Its link is shown once, by invite.
type invitationObject struct {
	V        v1     `json:"v"`
	ID       string `json:"id"`
	Reusable bool   `json:"reusable"`
	Used     int    `json:"used"`
	Max      int    `json:"max"` // 0: no limit
	Created  stamp  `json:"created"`
	Expires  stamp  `json:"expires"`
	Revoked  bool   `json:"revoked"`
}

type invitationList []invitationObject

func (l invitationList) print(p *page) {
	if len(l) == 0 {
		return
	}
	rows := make([][]string, len(l))
	for i, o := range l {
		who, until := "one person", o.Expires.local()
		if o.Reusable {
			who = "anybody"
		}
		if o.Revoked {
			until = "withdrawn"
		}
		rows[i] = []string{o.ID, who, count(o.Used), until}
	}
	p.table([]string{"ID", "FOR", "USED", "VALID UNTIL"}, rows)
}

func (*invitationsVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	list, err := m.Invitations(ctx)
	out := make(invitationList, 0, len(list))
	for _, i := range list {
		out = append(out, invitationObject{
			ID: i.ID, Reusable: i.Reusable, Used: i.Used, Max: i.Max, Created: stamp(i.Created), Expires: stamp(i.Expires),
			Revoked: i.Revoked,
		})
	}
	return out, err
}

type revokeVerb struct {
	ID string `arg:"" name:"id" help:"Id of an invitation."`
}

func (v *revokeVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	return idObject{ID: v.ID}, m.RevokeInvitation(ctx, v.ID)
}
