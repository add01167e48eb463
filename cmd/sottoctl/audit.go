package main

import (
	"context"
	"errors"
	"os"

	"sotto/app/security"
	"sotto/chat"
)

type auditGroup struct {
	List   auditListVerb   `cmd:"" help:"Show what was done."`
	Verify auditVerifyVerb `cmd:"" help:"Check that no entry was altered, removed or moved."`
	Export auditExportVerb `cmd:"" help:"Write the log as JSON Lines to a new file."`
}

// auditObject is one entry of the audit log.
type auditObject struct {
	V       v1     `json:"v"`
	Seq     uint64 `json:"seq"`
	Time    stamp  `json:"time"`
	Action  string `json:"action"`
	Subject string `json:"subject"`
	Detail  string `json:"detail"`
}

type auditList []auditObject

func (l auditList) print(p *page) {
	rows := make([][]string, len(l))
	for i, e := range l {
		rows[i] = []string{count(int(e.Seq)), e.Time.local(), e.Action, short(e.Subject), plain(e.Detail)}
	}
	if len(rows) > 0 {
		p.table([]string{"SEQ", "TIME", "ACTION", "SUBJECT", "DETAIL"}, rows)
	}
}

type auditListVerb struct {
	After uint64 `placeholder:"SEQ" help:"Only entries after this one."`
	Limit int    `default:"1000" placeholder:"N" help:"At most so many, the oldest first (default 1000)."`
}

const mostEntries = 10000

func (v *auditListVerb) do(ctx context.Context, d *desk) (any, error) {
	if v.Limit < 1 || v.Limit > mostEntries {
		return nil, usagef("The limit is between 1 and %d.", mostEntries)
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	list := auditList{}
	err = p.View(ctx, func(tx chat.Tx) error {
		entries, err := tx.Audit().List(v.After, v.Limit)
		for _, e := range entries {
			list = append(list, auditObject{Seq: e.Seq, Time: stamp(e.Time), Action: e.Action, Subject: e.Subject, Detail: e.Detail})
		}
		return err
	})
	return list, err
}

// headObject names the newest entry; a copy of it kept elsewhere finds a log that was cut back or rewritten.
type headObject struct {
	V    v1     `json:"v"`
	Seq  uint64 `json:"seq"`
	Head string `json:"head"`
}

func (o headObject) print(p *page) { p.line("%s", o.Head) }

type auditVerifyVerb struct {
	Head string `placeholder:"HEAD" help:"A head that was printed earlier; the log must still contain it."`
}

func (v *auditVerifyVerb) do(ctx context.Context, d *desk) (any, error) {
	check := security.Verify
	if v.Head != "" {
		copied, err := security.ParseHead(v.Head)
		if err != nil {
			return nil, explain(err, "That is not the head of an audit log.")
		}
		check = func(tx chat.Tx) (security.Head, error) { return security.VerifyCopy(tx, copied) }
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	var head security.Head
	err = p.View(ctx, func(tx chat.Tx) error {
		head, err = check(tx)
		return err
	})
	var fault *security.AuditError
	if errors.As(err, &fault) {
		return nil, auditFailure(fault)
	}
	if err != nil {
		return nil, err
	}
	d.say("The audit log is whole. Keep this line elsewhere to find a later rewriting.")
	return headObject{Seq: head.Seq, Head: head.String()}, nil
}

func auditFailure(e *security.AuditError) error {
	return &failure{Code: "audit-" + string(e.Fault), Exit: exitFailed, Message: faultWords(e), cause: e}
}

func faultWords(e *security.AuditError) string {
	entry := "Entry " + count(int(e.Seq)) + " of the audit log "
	switch e.Fault {
	case security.FaultRemoved:
		return entry + "is missing."
	case security.FaultReordered:
		return entry + "stands out of its order."
	case security.FaultHead:
		return "The audit log does not end with the entry its head names; look from entry " + count(int(e.Seq)) + " on."
	case security.FaultCopy:
		return entry + "is not the one that the earlier head names: the log was cut back or rewritten."
	}
	return entry + "was altered."
}

type auditExportVerb struct {
	Out string `required:"" placeholder:"FILE" help:"New file to write."`
}

// auditExportObject is a written log.
type auditExportObject struct {
	V    v1     `json:"v"`
	Path string `json:"path"`
	Seq  uint64 `json:"seq"`
	Head string `json:"head"`
}

func (o auditExportObject) print(p *page) { p.line("%s", o.Head) }

func (v *auditExportVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(v.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, bareFile("writing the audit log", err)
	}
	var head security.Head
	err = p.View(ctx, func(tx chat.Tx) error {
		head, err = security.Export(tx, f)
		return err
	})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(v.Out))
	}
	return auditExportObject{Path: v.Out, Seq: head.Seq, Head: head.String()}, nil
}

func (*auditExportVerb) runsAside() {}
