package main

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"sotto/app/messenger"
	"sotto/chat"
)

type inviteVerb struct {
	Reusable bool   `help:"For anybody who has the link; otherwise the first one accepted uses it up."`
	Expires  span   `placeholder:"DUR" help:"Valid for so long (default 7d, reusable 365d)."`
	Max      int    `placeholder:"N" help:"Accept at most so many (reusable only; default: no limit)."`
	QR       string `name:"qr" placeholder:"PNG" help:"Also write the link as a QR code to this new file."`
}

// inviteObject is an invitation and how far it reaches.
type inviteObject struct {
	V        v1     `json:"v"`
	ID       string `json:"id"`
	Link     string `json:"link"`
	Reach    string `json:"reach"` // this-computer, local-network, anywhere
	Reusable bool   `json:"reusable"`
	Max      int    `json:"max"` // 0: no limit
	Expires  stamp  `json:"expires"`
}

func newInvitation(i chat.Invitation, reach messenger.Reach) inviteObject {
	return inviteObject{ID: i.ID, Link: i.Link, Reach: string(reach), Reusable: i.Reusable, Max: i.Max, Expires: stamp(i.Expires)}
}

func (o inviteObject) print(p *page) { p.line("%s", o.Link) }

func (v *inviteVerb) do(ctx context.Context, d *desk) (any, error) {
	switch {
	case v.Max < 0:
		return nil, usagef("The maximum is a number from 1 on.")
	case v.Max > 0 && !v.Reusable:
		return nil, usagef("--max is for reusable invitations.")
	}
	m, err := d.online(ctx)
	if err != nil {
		return nil, err
	}
	if v.QR != "" {
		if err := mustNotExist(v.QR); err != nil {
			return nil, err
		}
	}
	invitation, reach, err := m.Invite(ctx, messenger.InviteOptions{Reusable: v.Reusable, Expires: time.Duration(v.Expires), Max: v.Max})
	if err != nil {
		return nil, err
	}
	o := newInvitation(invitation, reach)
	if v.QR != "" {
		if err := writeQR(v.QR, invitation.Link); err != nil {
			return o, err
		}
	}
	d.say("Valid until %s; %s.", o.Expires.local(), reachWords(reach))
	return o, nil
}

func (*inviteVerb) runsAside() {}

// mustNotExist refuses to write over a file.
func mustNotExist(name string) error {
	if _, err := os.Lstat(name); err == nil {
		return explain(os.ErrExist, "There is a file or folder of that name already. It was left as it is.")
	}
	return nil
}

const (
	modulePixels = 6                // width of one module of a QR code
	quietZone    = 4 * modulePixels // white margin that readers need (ISO/IEC 18004)
)

// writeQR writes the link as a PNG that only the owner can read: whoever has the link can use it.
func writeQR(name, link string) error {
	code, err := qr.Encode(link, qr.L, qr.Auto)
	if err != nil {
		return fmt.Errorf("making the QR code: %w", err)
	}
	side := code.Bounds().Dx() * modulePixels
	scaled, err := barcode.Scale(code, side, side)
	if err != nil {
		return fmt.Errorf("making the QR code: %w", err)
	}
	page := image.NewGray(image.Rect(0, 0, side+2*quietZone, side+2*quietZone))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(page, scaled.Bounds().Add(image.Pt(quietZone, quietZone)), scaled, image.Point{}, draw.Src)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return bareFile("writing the QR code", err)
	}
	if err := png.Encode(f, page); err != nil {
		f.Close()
		return bareFile("writing the QR code", err)
	}
	return f.Close()
}
