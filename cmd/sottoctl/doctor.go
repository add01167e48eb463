package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

type doctorVerb struct {
	Wait span `default:"5s" placeholder:"DUR" help:"Time to try to reach the relays (default 5s)."`
}

// judgement is what to think of one thing that was looked at. Only a failed one makes the exit code 1.
type judgement string

const (
	judgedOK        judgement = "ok"
	judgedAttention judgement = "attention" // it works, and something should be done or known
	judgedFailed    judgement = "failed"
)

// checkObject is one thing that was looked at.
type checkObject struct {
	Name      string    `json:"name"`
	OK        bool      `json:"ok"` // not failed
	Judgement judgement `json:"judgement"`
	Detail    string    `json:"detail"`           // words; they may change
	Advice    string    `json:"advice,omitempty"` // what to do, in words
}

// doctorObject is what was found.
type doctorObject struct {
	versionObject
	OK      bool           `json:"ok"`
	Checks  []checkObject  `json:"checks"`
	Keys    keysObject     `json:"keys"`
	Relays  []relayObject  `json:"relays"`
	Storage *storageObject `json:"storage,omitempty"`
}

func (o doctorObject) print(p *page) {
	rows := make([][]string, len(o.Checks))
	for i, c := range o.Checks {
		state, words := string(c.Judgement), plain(c.Detail)
		if c.Judgement == judgedFailed {
			state = "FAILED"
		}
		if c.Advice != "" {
			words += "\n-> " + plain(c.Advice)
		}
		rows[i] = []string{c.Name, state, words}
	}
	o.versionObject.print(p)
	p.line("")
	p.table([]string{"CHECK", "STATE", ""}, rows)
	if len(o.Relays) > 0 {
		p.line("")
		printRelays(p, o.Relays)
	}
	if o.Storage != nil {
		p.line("")
		o.Storage.print(p)
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
	if err := o.noteWays(ctx, p); err != nil {
		return nil, err
	}
	if err := o.checkHistory(ctx, p); err != nil {
		return nil, err
	}
	o.note("history", readAll(ctx, p), "Every contact, conversation and newest page authenticates.")
	head, err := verifyAudit(ctx, p)
	o.note("audit log", err, fmt.Sprintf("Whole, %d entries.", head.Seq))
	if err := p.Messenger.Sync(ctx, time.Duration(v.Wait)); err != nil && ctx.Err() != nil {
		return nil, err
	}
	keys, err := p.Messenger.Keys(ctx) // after the meeting with the relays, which refills and renews
	if err != nil {
		o.fail("keys", describe(err).Message)
	} else {
		o.Keys = newKeys(keys)
		o.add(judgeKeys(keys, time.Now())...)
	}
	if err := o.noteBackup(ctx, p, time.Now()); err != nil {
		return nil, err
	}
	if err := o.lookAtRelays(ctx, p); err != nil {
		return nil, err
	}
	if space, err := p.Space(ctx); err == nil {
		o.Storage = newStorage(space)
	}
	if !o.OK {
		return o, withResult(&failure{Code: "unhealthy", Exit: exitFailed, Message: "A check failed; what was found stands above."}, o)
	}
	return o, nil
}

// checkHistory reads the whole history and tells how the last run ended.
func (o *doctorObject) checkHistory(ctx context.Context, p *profile.Profile) error {
	unclean := p.Integrity().Unclean
	f, err := p.CheckHistory(ctx, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		o.fail("file", describe(err).Message)
		return nil
	}
	stop := checkObject{Name: "last stop", Judgement: judgedOK, Detail: "Sotto was closed cleanly."}
	if unclean {
		stop.Judgement, stop.Detail = judgedAttention, "Sotto was not closed cleanly. The history was checked just now."
	}
	o.add(stop)
	const advice = "Save what is readable with sottoctl salvage --out PATH, or restore a backup."
	file := checkObject{Name: "file", Judgement: judgedOK, Detail: "Every page of the history file is well formed."}
	if f.File {
		file.Judgement, file.Detail, file.Advice = judgedFailed, "Pages of the history file are malformed.", advice
	}
	read := checkObject{Name: "messages", Judgement: judgedOK, Detail: fmt.Sprintf("All %d are there and authentic.", f.Messages)}
	if f.Missing > 0 || f.Damaged > 0 || len(f.Tables) > 0 {
		read.Judgement, read.Advice = judgedFailed, advice
		read.Detail = fmt.Sprintf("Of %d messages %d are missing and %d are damaged.", f.Messages, f.Missing, f.Damaged)
		if len(f.Tables) > 0 {
			read.Detail += " Damaged too: " + strings.Join(f.Tables, ", ") + "."
		}
	}
	o.add(file, read, judgeFiles(f.Files))
	return nil
}

// judgeFiles says what reading every file of a message found. What is wrong was set aside, and is named by its code.
func judgeFiles(f messenger.FileFindings) checkObject {
	if f.Sound() {
		return checkObject{Name: "files", Judgement: judgedOK, Detail: fmt.Sprintf("All %d that are here are whole and authentic.", f.Files)}
	}
	parts := make([]string, 0, len(f.Faults))
	for _, code := range slices.Sorted(maps.Keys(f.Faults)) {
		parts = append(parts, fmt.Sprintf("%d %s", f.Faults[code], code))
	}
	return checkObject{
		Name: "files", Judgement: judgedFailed, Detail: fmt.Sprintf("Of %d files of messages: %s.", f.Files, strings.Join(parts, ", ")),
		Advice: "Their messages are as before. A received one can be fetched again while the relay has it: sottoctl fetch MESSAGE.",
	}
}

func (o *doctorObject) add(checks ...checkObject) {
	for _, c := range checks {
		c.OK = c.Judgement != judgedFailed
		o.OK = o.OK && c.OK
		o.Checks = append(o.Checks, c)
	}
}

// note adds a check that is fine unless err says otherwise.
func (o *doctorObject) note(name string, err error, fine string) {
	if err != nil {
		o.fail(name, describe(err).Message)
		return
	}
	o.add(checkObject{Name: name, Judgement: judgedOK, Detail: fine})
}

func (o *doctorObject) fail(name, why string) {
	o.add(checkObject{Name: name, Judgement: judgedFailed, Detail: why})
}

// lookAtRelays tells which relays are reached and what waits.
func (o *doctorObject) lookAtRelays(ctx context.Context, p *profile.Profile) error {
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
			page, err := tx.Messages().Page(c.ID, 0, 50)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(page, chat.Message.StandsIn) {
				return chat.ErrDamaged
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
