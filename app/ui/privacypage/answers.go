package privacypage

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"sotto/app/privacy"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// questionsOf lists what contacts ask to be deleted here.
func (p *Screen) questionsOf(d deletions) fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, q := range d.questions {
		name := d.name(q.Peer)
		args := i18n.Args{"Name": name, "When": p.s.Format.Full(q.Received)}
		what := i18n.T("question.conversation", args)
		if n := len(q.Targets); n > 0 {
			what = i18n.N("question.messages", n, args)
		}
		rows = append(rows, widget.NewColumn(theme.Space2, form.Body(what), form.Small(i18n.T("question.when", args)), form.Buttons(
			widget.NewSmallButton(i18n.T("question.honour"), "", widget.Secondary, func() { p.confirmAnswer(q, name, privacy.OutcomeHonoured) }),
			widget.NewSmallButton(i18n.T("question.partial", args), "", widget.Secondary, func() { p.confirmAnswer(q, name, privacy.OutcomePartial) }),
			widget.NewSmallButton(i18n.T("question.refuse"), "", widget.Quiet, func() { p.answer(q, privacy.OutcomeRefused) }))))
	}
	return form.Section(i18n.T("question.title"), i18n.T("question.lead"), form.Group(rows...))
}

// confirmAnswer asks once more before something of one's own history goes.
func (p *Screen) confirmAnswer(q privacy.Question, name string, outcome privacy.Outcome) {
	args := i18n.Args{"Name": name}
	w := widget.DangerWords{
		Title: i18n.T("question.confirm.title", args), Cancel: i18n.T("cancel"),
		Points: []string{i18n.T("question.confirm.all", args), i18n.T("deletion.here.undone"), i18n.T("question.confirm.told", args)},
		Act:    i18n.T("question.honour"),
	}
	if outcome == privacy.OutcomePartial {
		w.Points[0], w.Act = i18n.T("question.confirm.part", args), i18n.T("question.partial", args)
	}
	widget.NewDangerDialog(w, func() { p.answer(q, outcome) }).Open(p.s.Canvas())
}

func (p *Screen) answer(q privacy.Question, outcome privacy.Outcome) {
	screen.Run(p.s.Work, func(ctx context.Context) (int, error) {
		return p.s.Profile.Eraser.Answer(context.WithoutCancel(ctx), q.ID, outcome)
	}, func(n int, err error) {
		if err != nil {
			p.s.Nav.Fail(err)
			return
		}
		p.s.Nav.Changed()
		p.s.Nav.Toast(theme.IconCheck, i18n.N("question.answered", n))
		p.showDeletion()
	})
}

// answersOf lists the requests to contacts with what each answered, newest first.
func (p *Screen) answersOf(d deletions) fyne.CanvasObject {
	if len(d.asked) == 0 {
		return form.Section(i18n.T("asked.title"), i18n.T("asked.none"))
	}
	var rows []fyne.CanvasObject
	for _, a := range slices.Backward(d.asked) {
		rows = append(rows, p.askedRow(d.name(a.Peer), a))
	}
	return form.Section(i18n.T("asked.title"), i18n.T("asked.lead"), form.Group(rows...))
}

func (p *Screen) askedRow(name string, a privacy.Asked) fyne.CanvasObject {
	args := i18n.Args{"Name": name, "When": p.s.Format.Full(a.Time)}
	what := i18n.T("asked.conversation", args)
	if n := len(a.Targets); n > 0 {
		what = i18n.N("asked.messages", n, args)
	}
	chip, said := answerOf(a, name)
	return widget.NewColumn(theme.Space1, form.Body(what), widget.NewRow(theme.Space2, 1, chip, form.Small(said)),
		form.Small(i18n.T("asked.when", args)))
}

// answerOf says what the contact's program answered, and no more.
func answerOf(a privacy.Asked, name string) (*widget.Chip, string) {
	args := i18n.Args{"Name": name}
	switch a.Outcome {
	case privacy.OutcomeHonoured:
		return widget.NewChip(theme.IconCheckCircle, i18n.T("asked.honoured"), widget.Fine, nil), i18n.N("asked.honoured.said", int(a.Erased), args)
	case privacy.OutcomePartial:
		return widget.NewChip(theme.IconInfo, i18n.T("asked.partial"), widget.Careful, nil), i18n.N("asked.partial.said", int(a.Erased), args)
	case privacy.OutcomeRefused:
		return widget.NewChip(theme.IconClose, i18n.T("asked.refused"), widget.Careful, nil), i18n.T("asked.refused.said", args)
	case privacy.OutcomeExpired:
		return widget.NewChip(theme.IconClock, i18n.T("asked.expired"), widget.Plain, nil), i18n.T("asked.expired.said", args)
	}
	return widget.NewChip(theme.IconClock, i18n.T("asked.waiting"), widget.Plain, nil), i18n.T("asked.waiting.said", args)
}

// policyOf is the switch that refuses all requests without asking.
func (p *Screen) policyOf(d deletions) fyne.CanvasObject {
	var toggle *widget.Toggle
	toggle = widget.NewToggle(i18n.T("policy.title"), i18n.T("policy.text"), d.policy == privacy.PolicyRefuse, func(on bool) {
		policy := privacy.PolicyAsk
		if on {
			policy = privacy.PolicyRefuse
		}
		p.s.Work.InOrder(func(ctx context.Context) error { return p.s.Profile.Eraser.SetPolicy(ctx, policy) }, func(err error) {
			if err != nil {
				toggle.SetOn(!on)
				p.s.Nav.Fail(err)
			}
		})
	})
	return form.Group(toggle)
}
