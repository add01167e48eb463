package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

type doctorVerb struct {
	Wait span `default:"5s" placeholder:"DUR" help:"Time to try to reach the relays (default 5s)."`
}

// checkObject is one thing that was looked at.
type checkObject struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // words; they may change
}

// doctorObject is what was found.
type doctorObject struct {
	versionObject
	OK     bool          `json:"ok"`
	Checks []checkObject `json:"checks"`
	Keys   keyCounts     `json:"keys"`
	Relays []relayObject `json:"relays"`
}

// keyCounts is how many keys are in each stage of their life.
type keyCounts struct {
	Sessions int   `json:"sessions"`
	Archived int   `json:"archived"` // sessions that only open late messages
	Signed   int   `json:"signed"`   // signed prekeys with their last-resort key
	OneTime  int   `json:"one_time"` // one-time prekeys nobody has used
	Due      int   `json:"due"`      // private prekeys to be erased by now
	Oldest   stamp `json:"oldest"`   // when the oldest private prekey was made
}

func (o doctorObject) print(p *page) {
	rows := make([][]string, len(o.Checks))
	for i, c := range o.Checks {
		state := "ok"
		if !c.OK {
			state = "FAILED"
		}
		rows[i] = []string{c.Name, state, plain(c.Detail)}
	}
	o.versionObject.print(p)
	p.line("")
	p.table([]string{"CHECK", "STATE", ""}, rows)
	if len(o.Relays) > 0 {
		p.line("")
		printRelays(p, o.Relays)
	}
}

func (*doctorVerb) runsAside() {}

func (v *doctorVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	o := doctorObject{versionObject: thisVersion(), OK: true}
	o.note("vault", nil, "It opens.")
	o.note("history", readAll(ctx, p), "Every contact, conversation and newest page authenticates.")
	head, err := verifyAudit(ctx, p)
	o.note("audit log", err, fmt.Sprintf("Whole, %d entries.", head.Seq))
	o.Keys, err = countKeys(ctx, p, time.Now())
	if err == nil && o.Keys.Due > 0 {
		err = &failure{Message: fmt.Sprintf("%d private prekeys are past their time.", o.Keys.Due)}
	}
	o.note("keys", err, o.Keys.words())
	if err := o.lookAtRelays(ctx, p, time.Duration(v.Wait)); err != nil {
		return nil, err
	}
	if !o.OK {
		return o, withResult(&failure{Code: "unhealthy", Exit: exitFailed, Message: "A check failed; what was found stands above."}, o)
	}
	return o, nil
}

// note adds a check that is fine unless err says otherwise.
func (o *doctorObject) note(name string, err error, fine string) {
	if err != nil {
		o.fail(name, describe(err).Message)
		return
	}
	o.Checks = append(o.Checks, checkObject{Name: name, OK: true, Detail: fine})
}

func (o *doctorObject) fail(name, why string) {
	o.OK = false
	o.Checks = append(o.Checks, checkObject{Name: name, Detail: why})
}

// lookAtRelays tries to reach the relays and tells what waits.
func (o *doctorObject) lookAtRelays(ctx context.Context, p *profile.Profile, wait time.Duration) error {
	if err := p.Messenger.Sync(ctx, wait); err != nil && ctx.Err() != nil {
		return err
	}
	status, err := p.Messenger.Status(ctx)
	if err != nil {
		return err
	}
	o.Relays = newRelays(status.Relays)
	reached := 0
	for _, r := range status.Relays {
		if r.Online {
			reached++
		}
	}
	words := fmt.Sprintf("%d of %d reached.", reached, len(status.Relays))
	if reached < len(status.Relays) {
		o.fail("relays", words)
	} else {
		o.note("relays", nil, words)
	}
	if status.Parked > 0 {
		o.fail("outbox", fmt.Sprintf("%d wait, %d cannot be sent as they are.", status.Waiting, status.Parked))
		return nil
	}
	o.note("outbox", nil, fmt.Sprintf("%d wait.", status.Waiting))
	return nil
}

// readAll opens every small row and the newest messages of each conversation.
func readAll(ctx context.Context, p *profile.Profile) error {
	return p.View(ctx, func(tx chat.Tx) error {
		if _, err := tx.Contacts().List(); err != nil {
			return err
		}
		if _, err := tx.Settings().List(); err != nil {
			return err
		}
		if _, err := tx.Queue().List(); err != nil {
			return err
		}
		conversations, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		for _, c := range conversations {
			if _, err := tx.Messages().Page(c.ID, 0, 50); err != nil {
				return err
			}
		}
		return nil
	})
}

func verifyAudit(ctx context.Context, p *profile.Profile) (head security.Head, err error) {
	err = p.View(ctx, func(tx chat.Tx) error {
		head, err = security.Verify(tx)
		return err
	})
	var fault *security.AuditError
	if errors.As(err, &fault) {
		err = auditFailure(fault)
	}
	return head, err
}

// countKeys counts sessions and prekeys.
func countKeys(ctx context.Context, p *profile.Profile, now time.Time) (keyCounts, error) {
	var n keyCounts
	err := p.View(ctx, func(tx chat.Tx) error {
		contacts, err := tx.Contacts().List()
		if err != nil {
			return err
		}
		for _, c := range contacts {
			sessions, err := tx.Sessions().ForPeer(c.ID)
			if err != nil {
				return err
			}
			for _, s := range sessions {
				if s.Archived.IsZero() {
					n.Sessions++
				} else {
					n.Archived++
				}
			}
		}
		mailboxes, err := tx.Mailboxes().List()
		if err != nil {
			return err
		}
		for _, m := range mailboxes {
			prekeys, err := tx.Prekeys().ForMailbox(m.ID)
			if err != nil {
				return err
			}
			n.add(prekeys)
		}
		due, err := tx.Prekeys().DueBefore(now.Add(-sweepGrace))
		n.Due = len(due)
		return err
	})
	return n, err
}

// sweepGrace is how long a prekey may be past its time before that is a fault: the messenger sweeps while it runs.
const sweepGrace = 24 * time.Hour

func (n *keyCounts) add(prekeys []chat.Prekey) {
	for _, k := range prekeys {
		if k.Kind == chat.PrekeyOneTime {
			n.OneTime++
		} else {
			n.Signed++
		}
		if oldest := time.Time(n.Oldest); oldest.IsZero() || k.Created.Before(oldest) {
			n.Oldest = stamp(k.Created)
		}
	}
}

func (n keyCounts) words() string {
	return fmt.Sprintf("%d sessions, %d archived; %d signed and %d one-time prekeys.", n.Sessions, n.Archived, n.Signed, n.OneTime)
}
