package attach

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"sotto/app/media"
	"sotto/app/profile"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// parcel is what is sent of the sheet: one message each.
type parcel struct {
	out *media.Outgoing
	o   profile.FileOptions
}

// send encrypts the files one after the other and queues their messages. What is encrypted leaves by itself, also when the
// rest is cancelled.
func (t *Sheet) send() {
	_, ready := t.Files()
	if ready == 0 || t.looking || t.stop != nil {
		return
	}
	var all []parcel
	total := int64(0)
	for _, i := range t.items {
		if !i.ready() {
			continue
		}
		p := parcel{out: i.look.Outgoing}
		if len(all) == 0 {
			p.o.Caption, p.o.ReplyTo = t.caption.Text, t.to.Reply
		}
		all = append(all, p)
		total += p.out.Size
	}
	row := widget.NewProgressRow(i18n.N("attach.sending", len(all)), "", nil)
	t.body.Objects = []fyne.CanvasObject{row, form.Note(i18n.T("attach.sending.text"))}
	t.body.Refresh()
	t.Act.Disable()
	work, core, conv := t.s.Work, t.s.Profile, t.to.Conversation
	show := func(done int64) {
		work.Do(func() {
			row.SetProgress(float32(done)/float32(max(total, 1)), i18n.T("file.moving", i18n.Args{"Done": i18n.Bytes(done), "Size": i18n.Bytes(total)}))
		})
	}
	t.stop = screen.RunStoppable(work, func(ctx context.Context) (sent int, err error) {
		before := int64(0)
		for _, p := range all {
			progress := func(done, _ int64) { show(before + done) }
			if _, err = core.SendPrepared(ctx, conv, p.out, p.o, progress); err != nil {
				return sent, err
			}
			sent++
			before += p.out.Size
		}
		return sent, nil
	}, func(sent int, err error) { t.ended(sent, len(all), err) })
	t.Fit()
	t.s.Canvas().Focus(t.Cancel)
}

// ended closes the sheet, and says how many were sent when not all were.
func (t *Sheet) ended(sent, all int, err error) {
	t.Close()
	if sent > 0 && t.to.Sent != nil {
		t.to.Sent()
	}
	if err == nil || errors.Is(err, context.Canceled) {
		if sent > 0 && sent < all {
			t.s.Nav.Toast(theme.IconInfo, i18n.N("attach.some", sent, i18n.Args{"All": i18n.Number(all)}))
		}
		return
	}
	why := Refusal(err)
	if sent > 0 {
		why = i18n.N("attach.some", sent, i18n.Args{"All": i18n.Number(all)}) + " " + why
	}
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconAlert, Tone: widget.Alarming, Title: i18n.T("attach.failed"), Text: why, Cancel: i18n.T("chat.close"),
	}, nil, nil).Open(t.s.Canvas())
}
