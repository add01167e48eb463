package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"sotto/app/privacy"
	"sotto/chat"
)

type consentGroup struct {
	List     consentListVerb     `cmd:"" help:"Show what is allowed, for one contact or by default."`
	Grant    consentGrantVerb    `cmd:"" help:"Allow a purpose, for one contact or by default."`
	Withdraw consentWithdrawVerb `cmd:"" help:"Withdraw a purpose; acts on the next message."`
	Receipts consentReceiptsVerb `cmd:"" help:"Print the ledger in the shape of ISO/IEC TS 27560."`
}

// standingObject is how one purpose stands for a contact, or by default.
type standingObject struct {
	V       v1     `json:"v"`
	Purpose string `json:"purpose"`
	Title   string `json:"title"`
	Contact string `json:"contact"` // empty: the own default, or the whole profile
	Allowed bool   `json:"allowed"`
	Source  string `json:"source"` // contact, default, profile, none
	Notice  string `json:"notice"` // version of the words
	Time    stamp  `json:"time"`   // of the ruling record
	Expires stamp  `json:"expires"`
	Peer    string `json:"peer"` // what the contact told about its own choice; empty: nothing
}

func newStanding(s privacy.Standing, subject chat.ContactID) standingObject {
	o := standingObject{
		Purpose: string(s.Notice.Purpose), Title: s.Notice.Title, Allowed: s.Allowed, Source: string(s.Source),
		Notice: s.Notice.Version, Time: stamp(s.Record.Time), Expires: stamp(s.Record.Expires), Peer: string(s.Peer),
	}
	if !subject.IsZero() {
		o.Contact = subject.String()
	}
	return o
}

func (o standingObject) print(p *page) { standingList{o}.print(p) }

type standingList []standingObject

func (l standingList) print(p *page) {
	rows := make([][]string, len(l))
	for i, o := range l {
		allowed := "no"
		if o.Allowed {
			allowed = "yes"
		}
		rows[i] = []string{o.Purpose, allowed, o.Source, o.Time.local(), o.Title}
	}
	p.table([]string{"PURPOSE", "ALLOWED", "SOURCE", "SINCE", "MEANING"}, rows)
}

// subject returns the contact of an optional name; the zero id for none.
func (d *desk) subject(ctx context.Context, name string) (chat.ContactID, error) {
	if name == "" {
		return chat.ContactID{}, nil
	}
	m, err := d.local(ctx)
	if err != nil {
		return chat.ContactID{}, err
	}
	c, err := find(ctx, m, name)
	return c.ID, err
}

type consentListVerb struct {
	Contact string `arg:"" optional:"" help:"Name, id or prefix; without it, the own defaults."`
}

func (v *consentListVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	subject, err := d.subject(ctx, v.Contact)
	if err != nil {
		return nil, err
	}
	standings, err := p.Ledger.Standings(ctx, subject)
	list := make(standingList, 0, len(standings))
	for _, s := range standings {
		list = append(list, newStanding(s, subject))
	}
	return list, err
}

type consentGrantVerb struct {
	Purpose string `arg:"" help:"One of those that consent list shows."`
	Contact string `arg:"" optional:"" help:"Name, id or prefix; without it, the own default."`
	Expires span   `placeholder:"DUR" help:"Only for so long."`
}

func (v *consentGrantVerb) do(ctx context.Context, d *desk) (any, error) {
	c := privacy.Choice{Purpose: chat.Purpose(v.Purpose), Given: true}
	if v.Expires > 0 {
		c.Expires = time.Now().Add(time.Duration(v.Expires))
	}
	return d.choose(ctx, v.Contact, c)
}

type consentWithdrawVerb struct {
	Purpose string `arg:"" help:"One of those that consent list shows."`
	Contact string `arg:"" optional:"" help:"Name, id or prefix; without it, the own default."`
}

func (v *consentWithdrawVerb) do(ctx context.Context, d *desk) (any, error) {
	return d.choose(ctx, v.Contact, privacy.Choice{Purpose: chat.Purpose(v.Purpose)})
}

// choose records a choice and answers how its purpose stands then.
func (d *desk) choose(ctx context.Context, contact string, c privacy.Choice) (any, error) {
	if _, known := privacy.NoticeFor(c.Purpose); !known {
		return nil, usagef("There is no purpose %q. See: sottoctl consent list", plain(string(c.Purpose)))
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if c.Subject, err = d.subject(ctx, contact); err != nil {
		return nil, err
	}
	c.Method = "cli"
	if d.in == nil {
		c.Method = "rpc"
	}
	if err := p.Ledger.Record(ctx, c); err != nil {
		return nil, err
	}
	standings, err := p.Ledger.Standings(ctx, c.Subject)
	if err != nil {
		return nil, err
	}
	for _, s := range standings {
		if s.Notice.Purpose == c.Purpose {
			return newStanding(s, c.Subject), nil
		}
	}
	return done{}, nil
}

type consentReceiptsVerb struct{}

// receiptsObject carries the receipts as they are exported.
type receiptsObject struct {
	V        v1              `json:"v"`
	Receipts json.RawMessage `json:"receipts"` // JSON-LD
}

func (o receiptsObject) print(p *page) { p.line("%s", strings.TrimSpace(string(o.Receipts))) }

func (consentReceiptsVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := p.Ledger.Receipts(ctx, &b); err != nil {
		return nil, err
	}
	return receiptsObject{Receipts: b.Bytes()}, nil
}
