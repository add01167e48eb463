package main

import (
	"fmt"
	"time"

	"sotto/app/messenger"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
)

// keysObject is how many keys are in each stage of their life (docs/PROTOCOL.md sections 4.2, 4.4 and 6.6).
type keysObject struct {
	Sessions     int            `json:"sessions"`
	Archived     int            `json:"archived"`   // sessions that only open late messages
	PQPending    int            `json:"pq_pending"` // sessions without proof of the contact's post-quantum keys
	PQOverdue    int            `json:"pq_overdue"` // sessions without a post-quantum exchange for too long
	NoForward    int            `json:"no_forward"` // sessions begun without a one-time prekey and not answered since
	Skipped      int            `json:"skipped"`    // message keys kept for messages that have not arrived
	Signed       int            `json:"signed"`     // signed prekeys with their last-resort key
	OneTime      int            `json:"one_time"`   // one-time prekeys nobody has used
	Due          int            `json:"due"`        // private prekeys past their time; the next sweep erases them
	Oldest       stamp          `json:"oldest"`     // when the oldest private prekey was made
	Bundles      []bundleObject `json:"bundles"`
	DevicesUntil stamp          `json:"devices_until"` // end of the own device list
	Generations  int            `json:"generations"`   // own mailboxes whose state cell is at the generation of this run
	RolledBack   bool           `json:"rolled_back"`   // a rollback was noticed in this run
}

// bundleObject is what one open mailbox offers to whoever begins a session.
type bundleObject struct {
	Relay     string `json:"relay"`
	For       string `json:"for"` // invitation, contact
	Published stamp  `json:"published"`
	Size      int    `json:"size"` // one-time prekeys in a full pool
	Left      *int   `json:"left"` // at the relay when it was last asked; null: not asked in this run
}

func newKeys(r messenger.KeyReport) keysObject {
	o := keysObject{
		Sessions: r.Sessions, Archived: r.Archived, PQPending: r.PQPending, PQOverdue: r.PQOverdue, NoForward: r.NoForward,
		Skipped: r.Skipped, Signed: r.Signed, OneTime: r.OneTime, Due: r.Due, Oldest: stamp(r.Oldest),
		Bundles: []bundleObject{}, DevicesUntil: stamp(r.DevicesUntil), Generations: r.Generations, RolledBack: r.RolledBack,
	}
	for _, b := range r.Bundles {
		bundle := bundleObject{Relay: b.Relay, For: "contact", Published: stamp(b.Published), Size: b.Size}
		if b.Invitation {
			bundle.For = "invitation"
		}
		if b.Left >= 0 {
			bundle.Left = &b.Left
		}
		o.Bundles = append(o.Bundles, bundle)
	}
	return o
}

// sweepGrace is how long a prekey may outlive its time before that is a fault: the messenger sweeps while it runs.
const sweepGrace = 24 * time.Hour

// judgeKeys judges each stage in the lives of the keys.
func judgeKeys(r messenger.KeyReport, now time.Time) []checkObject {
	return []checkObject{
		judgeSessions(r), judgeQuantum(r), judgeFirsts(r), judgePrekeys(r, now), judgeBundles(r.Bundles, now), judgeDevices(r, now),
		judgeGeneration(r),
	}
}

func judgeSessions(r messenger.KeyReport) checkObject {
	return checkObject{Name: "sessions", Judgement: judgedOK, Detail: fmt.Sprintf(
		"%d in use, %d archived; %d keys are kept for messages that have not arrived.", r.Sessions, r.Archived, r.Skipped)}
}

func judgeQuantum(r messenger.KeyReport) checkObject {
	c := checkObject{Name: "quantum-safe", Judgement: judgedOK, Detail: fmt.Sprintf(
		"%d proved, %d pending, %d overdue.", max(r.Sessions-r.PQPending-r.PQOverdue, 0), r.PQPending, r.PQOverdue)}
	if r.PQOverdue > 0 {
		c.Judgement = judgedAttention
		c.Advice = "Write to the contacts concerned: the next message begins a new session. `listen` shows them as pq-overdue."
	}
	return c
}

func judgeFirsts(r messenger.KeyReport) checkObject {
	c := checkObject{Name: "first messages", Judgement: judgedOK, Detail: "Each was sent to a one-time prekey, or has been answered."}
	if r.NoForward > 0 {
		c.Judgement = judgedAttention
		c.Detail = fmt.Sprintf("%d sent when no one-time prekey was left, and not answered yet.", r.NoForward)
		c.Advice = "The first answer cures it. Until then whoever takes over that contact's device within 45 days can read what was sent."
	}
	return c
}

func judgePrekeys(r messenger.KeyReport, now time.Time) checkObject {
	c := checkObject{Name: "prekeys", Judgement: judgedOK, Detail: fmt.Sprintf(
		"%d signed, %d one-time; none is past its time.", r.Signed, r.OneTime)}
	if r.Due == 0 {
		return c
	}
	c.Detail = fmt.Sprintf("%d signed, %d one-time; %d are past their time.", r.Signed, r.OneTime, r.Due)
	if now.Sub(r.Oldest) > handshake.PrekeyRetention+sweepGrace {
		c.Judgement = judgedFailed
		c.Advice = "They should have been erased. Make sure that the disk has room and can be written to, and run doctor again."
		return c
	}
	c.Judgement, c.Advice = judgedAttention, "The next sweep erases them: leave Sotto running for an hour."
	return c
}

func judgeBundles(bundles []messenger.BundleReport, now time.Time) checkObject {
	c := checkObject{Name: "bundles", Judgement: judgedOK, Detail: fmt.Sprintf("%d published, none older than it may be.", len(bundles))}
	old, empty := 0, 0
	for _, b := range bundles {
		switch {
		case b.Stale(now):
			old++
		case b.Left == 0:
			empty++
		}
	}
	switch {
	case old > 0:
		c.Judgement = judgedAttention
		c.Detail = fmt.Sprintf("%d of %d should have been renewed by now.", old, len(bundles))
		c.Advice = "Run sync while their relays can be reached; nobody can begin a session with a bundle older than 14 days."
	case empty > 0:
		c.Judgement = judgedAttention
		c.Detail = fmt.Sprintf("%d of %d have no one-time prekey left.", empty, len(bundles))
		c.Advice = "Run sync: it refills them. Somebody who begins a session before that has no forward secrecy until the first answer."
	}
	return c
}

func judgeDevices(r messenger.KeyReport, now time.Time) checkObject {
	day := r.DevicesUntil.UTC().Format(time.DateOnly)
	switch left := r.DevicesUntil.Sub(now); {
	case left <= 0:
		return checkObject{
			Name: "devices", Judgement: judgedFailed, Detail: "The list of own devices ended on " + day + ".",
			Advice: "Check the clock of this computer, then run sync: the list is renewed and the contacts are told.",
		}
	case left < identity.ListRenewal-sweepGrace:
		return checkObject{
			Name: "devices", Judgement: judgedAttention, Detail: "The list of own devices is valid until " + day + " and was not renewed.",
			Advice: "Make sure that the disk has room and can be written to, then leave Sotto running for an hour.",
		}
	}
	return checkObject{Name: "devices", Judgement: judgedOK, Detail: "The list of own devices is valid until " + day + "."}
}

func judgeGeneration(r messenger.KeyReport) checkObject {
	if r.RolledBack {
		return checkObject{
			Name: "copies", Judgement: judgedAttention, Detail: "This profile is an older copy of itself, or runs twice.",
			Advice: "Every session was begun anew. End and delete the other copy; two copies take each other's messages.",
		}
	}
	return checkObject{Name: "copies", Judgement: judgedOK, Detail: fmt.Sprintf(
		"No sign of a second copy; mailboxes that confirmed it in this run: %d.", r.Generations)}
}
