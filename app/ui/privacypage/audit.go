package privacypage

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// auditPage is how many entries are shown at once.
const auditPage = 50

// auditView is the view of the audit log.
type auditView struct {
	p      *Screen
	list   *fyne.Container
	rows   []fyne.CanvasObject
	older  *widget.Button
	oldest uint64 // seq of the oldest entry shown; 0: none yet
	result *fyne.Container
	copied *widget.Entry
	field  *widget.Field
}

// entries is one page of the log, newest first.
type entries struct {
	all   []chat.AuditEntry
	names map[string]string // of contacts, by id
}

// showAudit is the view of the audit log.
func (p *Screen) showAudit() {
	v := &auditView{p: p, list: holder(theme.Space3), result: holder(theme.Space2)}
	v.older = widget.NewSmallButton(i18n.T("audit.older"), theme.IconChevronDown, widget.Secondary, v.load)
	v.older.Hide()
	v.copied = widget.NewEntry(i18n.T("audit.copied.placeholder"))
	v.copied.OnChanged = func(string) { v.field.SetError("") }
	v.copied.Escape = p.leaveEntry
	v.copied.OnSubmitted = func(string) { v.verify() }
	v.field = widget.NewField(i18n.T("audit.copied"), i18n.T("audit.copied.hint"), v.copied)
	p.show(i18n.T("privacy.audit"), p.showCentre,
		form.Note(i18n.T("audit.lead")),
		form.Section(i18n.T("audit.verify.title"), "", v.field, form.Buttons(
			widget.NewSmallButton(i18n.T("audit.verify"), theme.IconCheckCircle, widget.Secondary, v.verify),
			widget.NewSmallButton(i18n.T("audit.save"), theme.IconDocument, widget.Secondary, v.save)),
			v.result),
		form.Section(i18n.T("audit.entries"), "", v.list, form.Buttons(v.older)))
	p.fill(v.list, waiting())
	v.load()
}

func (v *auditView) load() {
	v.older.Disable()
	before := v.oldest
	load(v.p, func(ctx context.Context) (entries, error) { return v.p.readAudit(ctx, before) }, func(e entries) {
		for _, entry := range e.all {
			v.rows = append(v.rows, v.p.auditRow(entry, e.names))
			v.oldest = entry.Seq
		}
		v.older.Enable()
		if v.oldest > 1 {
			v.older.Show()
		} else {
			v.older.Hide()
		}
		v.p.fill(v.list, form.Group(v.rows...))
	})
}

// readAudit reads the page before an entry, or the newest one.
func (p *Screen) readAudit(ctx context.Context, before uint64) (entries, error) {
	e := entries{names: map[string]string{}}
	contacts, err := p.s.Profile.Messenger.Contacts(ctx)
	if err != nil {
		return e, err
	}
	for _, c := range contacts {
		e.names[c.ID.String()] = screen.NameOf(c)
	}
	err = p.s.Profile.View(ctx, func(tx chat.Tx) error {
		if before == 0 {
			head, err := tx.Audit().Head()
			if errors.Is(err, chat.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			before = head.Seq + 1
		}
		after := uint64(0)
		if before > auditPage+1 {
			after = before - auditPage - 1
		}
		e.all, err = tx.Audit().List(after, int(before-after-1))
		slices.Reverse(e.all)
		return err
	})
	return e, err
}

func (p *Screen) auditRow(e chat.AuditEntry, names map[string]string) fyne.CanvasObject {
	second := p.s.Format.Full(e.Time)
	if name := names[e.Subject]; name != "" {
		second += " · " + name
	}
	if e.Detail != "" {
		second += " · " + e.Detail
	}
	return widget.NewRow(theme.Space3, 0,
		widget.NewColumn(0, form.Body(actionWords(e.Action)), form.Small(second)),
		widget.NewText(i18n.Number(int(e.Seq)), widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted}))
}

// checked is the answer of a verification.
type checked struct {
	head security.Head
	err  error
}

// verify walks the chain, and compares it with an earlier copy of its head where one is given.
func (v *auditView) verify() {
	var copied *security.Head
	if text := strings.TrimSpace(v.copied.Text); text != "" {
		head, err := security.ParseHead(text)
		if err != nil {
			v.field.SetError(i18n.T("audit.copied.wrong"))
			v.p.refresh()
			return
		}
		copied = &head
	}
	v.p.fill(v.result, form.Note(i18n.T("audit.verifying")))
	load(v.p, func(ctx context.Context) (checked, error) {
		var c checked
		err := v.p.s.Profile.View(ctx, func(tx chat.Tx) error {
			if copied != nil {
				c.head, c.err = security.VerifyCopy(tx, *copied)
			} else {
				c.head, c.err = security.Verify(tx)
			}
			return nil
		})
		return c, err
	}, func(c checked) { v.p.fill(v.result, v.verdict(c, copied != nil)) })
}

func (v *auditView) verdict(c checked, compared bool) fyne.CanvasObject {
	if c.err != nil {
		return widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: auditFault(c.err)}, nil, nil)
	}
	said := i18n.N("audit.whole", int(c.head.Seq))
	if compared {
		said = i18n.N("audit.whole.copy", int(c.head.Seq))
	}
	head := c.head.String()
	return form.NewPanel(widget.NewColumn(theme.Space2,
		widget.NewRow(theme.Space2, -1, widget.NewChip(theme.IconCheckCircle, i18n.T("audit.whole.chip"), widget.Fine, nil)),
		form.Body(said),
		widget.NewText(head, widget.TextOptions{Mono: true, Wrap: true}),
		form.Small(i18n.T("audit.head.note")),
		form.Buttons(widget.NewSmallButton(i18n.T("audit.head.copy"), theme.IconCopy, widget.Secondary, func() { v.p.s.Nav.Copy(head) }))))
}

func auditFault(err error) string {
	var fault *security.AuditError
	if !errors.As(err, &fault) {
		return words.Error(err)
	}
	at := i18n.Args{"Entry": i18n.Number(int(fault.Seq))}
	switch fault.Fault {
	case security.FaultRemoved:
		return i18n.T("audit.fault.removed", at)
	case security.FaultReordered:
		return i18n.T("audit.fault.reordered", at)
	case security.FaultHead:
		return i18n.T("audit.fault.head", at)
	case security.FaultCopy:
		return i18n.T("audit.fault.copy", at)
	}
	return i18n.T("audit.fault.altered", at)
}

func (v *auditView) save() {
	p := v.p
	p.saveFile(i18n.T("audit.save.title"), "sotto-audit.jsonl", func(ctx context.Context, w io.Writer) error {
		return p.s.Profile.View(ctx, func(tx chat.Tx) error {
			_, err := security.Export(tx, w)
			return err
		})
	})
}

// actionWords says what an entry is about; an action that is not known here is shown as it is recorded.
func actionWords(action string) string {
	switch action {
	case "profile.created":
		return i18n.T("audit.profile.created")
	case "profile.unlocked":
		return i18n.T("audit.profile.unlocked")
	case "profile.locked":
		return i18n.T("audit.profile.locked")
	case "passphrase.changed":
		return i18n.T("audit.passphrase.changed")
	case "passphrase.reset":
		return i18n.T("audit.passphrase.reset")
	case "relay.renewed":
		return i18n.T("audit.relay.renewed")
	case "slot.added":
		return i18n.T("audit.slot.added")
	case "slot.removed":
		return i18n.T("audit.slot.removed")
	case "recovery-code.replaced":
		return i18n.T("audit.recovery-code.replaced")
	case "step-up.confirmed":
		return i18n.T("audit.step-up.confirmed")
	case "step-up.refused":
		return i18n.T("audit.step-up.refused")
	case "profile.restored":
		return i18n.T("audit.profile.restored")
	case "backup.written":
		return i18n.T("audit.backup.written")
	case "backup.forgotten":
		return i18n.T("audit.backup.forgotten")
	case "history.checked":
		return i18n.T("audit.history.checked")
	case "history.compacted":
		return i18n.T("audit.history.compacted")
	case "export.imported":
		return i18n.T("audit.export.imported")
	case "export.written":
		return i18n.T("audit.export.written")
	case "file.opened":
		return i18n.T("audit.file.opened")
	case "file.saved":
		return i18n.T("audit.file.saved")
	case "messages.resent":
		return i18n.T("audit.messages.resent")
	case "profile.rolled-back":
		return i18n.T("audit.profile.rolled-back")
	case "message.deleted":
		return i18n.T("audit.message.deleted")
	case "message.deleted-for-everyone":
		return i18n.T("audit.message.deleted-for-everyone")
	case "conversation.deleted":
		return i18n.T("audit.conversation.deleted")
	case "contact.deleted", "contact.removed":
		return i18n.T("audit.contact.deleted")
	case "retention.set":
		return i18n.T("audit.retention.set")
	case "retention.deleted":
		return i18n.T("audit.retention.deleted")
	case "timer.set":
		return i18n.T("audit.timer.set")
	case "clock.confirmed":
		return i18n.T("audit.clock.confirmed")
	case "relay.home-changed":
		return i18n.T("audit.relay.home-changed")
	case "invitation.created":
		return i18n.T("audit.invitation.created")
	case "invitation.revoked":
		return i18n.T("audit.invitation.revoked")
	}
	if s := contactWords(action); s != "" {
		return s
	}
	return consentWords(action)
}

func contactWords(action string) string {
	switch action {
	case "contact.added":
		return i18n.T("audit.contact.added")
	case "contact.accepted":
		return i18n.T("audit.contact.accepted")
	case "contact.rejected":
		return i18n.T("audit.contact.rejected")
	case "contact.verified":
		return i18n.T("audit.contact.verified")
	case "contact.unverified":
		return i18n.T("audit.contact.unverified")
	case "contact.identity-confirmed":
		return i18n.T("audit.contact.identity-confirmed")
	case "contact.became-bot":
		return i18n.T("audit.contact.became-bot")
	case "contact.blocked":
		return i18n.T("audit.contact.blocked")
	case "contact.unblocked":
		return i18n.T("audit.contact.unblocked")
	}
	return ""
}

func consentWords(action string) string {
	switch action {
	case "consent.given":
		return i18n.T("audit.consent.given")
	case "consent.withdrawn":
		return i18n.T("audit.consent.withdrawn")
	case "consent.expired":
		return i18n.T("audit.consent.expired")
	case "consent.peer-given":
		return i18n.T("audit.consent.peer-given")
	case "consent.peer-withdrawn":
		return i18n.T("audit.consent.peer-withdrawn")
	case "erasure.asked":
		return i18n.T("audit.erasure.asked")
	case "erasure.requested":
		return i18n.T("audit.erasure.requested")
	case "erasure.answered":
		return i18n.T("audit.erasure.answered")
	case "erasure.honoured":
		return i18n.T("audit.erasure.honoured")
	case "erasure.partial":
		return i18n.T("audit.erasure.partial")
	case "erasure.refused":
		return i18n.T("audit.erasure.refused")
	case "erasure.expired":
		return i18n.T("audit.erasure.expired")
	case "erasure.policy":
		return i18n.T("audit.erasure.policy")
	}
	return action
}
