package main

import (
	"context"
	"time"

	"sotto/app/messenger"
	"sotto/chat"
)

type botGroup struct {
	Guide guideVerb `cmd:"" help:"Run the offline Guide as a peer with this profile until interrupted."`
}

// guideVerb runs the Guide on a profile of its own: it accepts whoever writes, and answers how Sotto works.
type guideVerb struct{}

func (guideVerb) onlyTerminal() {}

func (guideVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	invitation, reach, err := standingInvitation(ctx, p.Messenger, time.Now())
	if err != nil {
		return nil, err
	}
	if !p.Messenger.Self().Bot {
		d.say("This profile does not say that it is a bot; make one that does with: sottoctl init --bot")
	}
	guide := p.RunGuide(time.Now)
	defer guide.Close()
	if err := d.show(newInvitation(invitation, reach)); err != nil {
		return nil, err
	}
	<-ctx.Done()
	if err := guide.Err(); err != nil {
		d.say("The last round did not go through: %s", describe(err).Message)
	}
	return nil, nil
}

// standingInvitation returns a link for anybody: the one there is, or a new one.
func standingInvitation(ctx context.Context, m *messenger.Messenger, now time.Time) (chat.Invitation, messenger.Reach, error) {
	all, err := m.Invitations(ctx)
	if err != nil {
		return chat.Invitation{}, "", err
	}
	for _, i := range all {
		if !i.Reusable || i.Revoked || !now.Before(i.Expires) || i.Max > 0 && i.Used >= i.Max {
			continue
		}
		info, err := m.InspectLink(ctx, i.Link)
		return i, info.Reach, err
	}
	return m.Invite(ctx, messenger.InviteOptions{Reusable: true})
}
