package unlock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/profile"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// salvaging is the view of a profile that is damaged: what can be read is written as an export.
type salvaging struct {
	u      *Screen
	secret profile.Secret
	path   *widget.Entry
	field  *widget.Field
	save   *widget.Button
	back   *widget.Button
	below  *fyne.Container
	cancel context.CancelFunc
}

// damaged reports whether what is left may be worth saving.
func damaged(err error) bool {
	return errors.Is(err, chat.ErrDamaged) || errors.Is(err, chat.ErrVaultDamaged)
}

// offerRescue shows the view after an opening that found damage.
func (u *Screen) offerRescue(secret profile.Secret, err error) {
	r := &salvaging{u: u, secret: secret, below: widget.NewColumn(theme.Space3)}
	name := i18n.T("salvage.folder", i18n.Args{"Date": u.s.Now().Format("2006-01-02")})
	r.path = widget.NewEntry("")
	r.path.SetText(filepath.Join(form.Documents(), name))
	r.path.OnChanged = func(string) { r.field.SetError("") }
	r.field = widget.NewField(i18n.T("salvage.path"), i18n.T("salvage.path.hint"), r.path)
	r.save = widget.NewButton(i18n.T("salvage.act"), theme.IconExport, widget.Primary, r.run)
	r.back = widget.NewButton(i18n.T("back"), "", widget.Secondary, func() {
		if r.cancel != nil {
			r.cancel()
		}
		u.askPassphrase()
	})
	lead := i18n.T("salvage.history")
	if errors.Is(err, chat.ErrVaultDamaged) {
		lead = i18n.T("salvage.vault")
	}
	u.code = nil
	u.show(r.path,
		widget.NewColumn(theme.Space2, title(i18n.T("salvage.title")), form.Note(lead)),
		widget.NewBanner(widget.BannerWords{Icon: theme.IconWarning, Tone: widget.Careful, Text: i18n.T("salvage.careful")}, nil, nil),
		r.field,
		widget.NewRow(theme.Space2, 1, r.back, r.save),
		r.below)
}

func (r *salvaging) say(o ...fyne.CanvasObject) {
	r.below.Objects = o
	r.below.Refresh()
	r.u.root.Refresh()
}

func (r *salvaging) run() {
	path := strings.TrimSpace(r.path.Text)
	if !filepath.IsAbs(path) {
		r.field.SetError(i18n.T("export.path.absolute"))
		r.u.root.Refresh()
		return
	}
	r.save.Disable()
	row := widget.NewProgressRow(i18n.T("salvage.running"), i18n.T("salvage.stop"), func() {
		if r.cancel != nil {
			r.cancel()
		}
	})
	r.say(row)
	o := profile.SalvageOptions{
		Options: r.u.s.Options, Dir: r.u.s.Dir, Secret: r.secret, Out: path, Zone: r.u.s.Now().Location(),
		Progress: func(done, total int) {
			r.u.s.Work.Do(func() { row.SetProgress(float32(done)/float32(total), "") })
		},
	}
	locked := r.u.s.Locked
	r.cancel = screen.RunStoppable(r.u.s.Work, func(ctx context.Context) (profile.Salvaged, error) {
		if locked != nil {
			return locked.Salvage(ctx, o)
		}
		return profile.Salvage(ctx, o)
	}, func(s profile.Salvaged, err error) {
		r.cancel = nil
		r.save.Enable()
		r.done(path, s, err)
	})
}

func (r *salvaging) done(path string, s profile.Salvaged, err error) {
	switch {
	case errors.Is(err, context.Canceled):
		r.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconInfo, Text: i18n.T("salvage.stopped")}, nil, nil))
	case errors.Is(err, chat.ErrExists):
		r.fault(i18n.T("salvage.exists"))
	case errors.Is(err, os.ErrNotExist):
		r.fault(i18n.T("export.no-folder"))
	case damaged(err):
		r.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: i18n.T("salvage.nothing")}, nil, nil))
	case err != nil:
		r.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: words.Error(err)}, nil, nil))
	default:
		r.say(r.result(path, s))
	}
}

func (r *salvaging) fault(sentence string) {
	r.field.SetError(sentence)
	r.say()
}

// result says what was saved and what not.
func (r *salvaging) result(path string, s profile.Salvaged) fyne.CanvasObject {
	counts := s.Export.Manifest.Counts
	var lost []string
	switch n := s.Report.Lost(); {
	case n > 0:
		lost = append(lost, i18n.N("salvage.lost", n))
	case !s.Report.Complete:
		lost = append(lost, i18n.T("salvage.lost.unknown"))
	case counts.FilesMissing == 0:
		lost = append(lost, i18n.T("salvage.lost.none"))
	}
	if counts.FilesMissing > 0 {
		lost = append(lost, i18n.N("salvage.files.missing", counts.FilesMissing))
	}
	if !s.Report.Signed {
		lost = append(lost, i18n.T("salvage.unsigned"))
	}
	return form.NewPanel(widget.NewColumn(theme.Space2,
		form.Heading(i18n.T("salvage.done")),
		form.Body(i18n.N("salvage.saved", counts.Messages, i18n.Args{"Conversations": i18n.N("storage.conversations", counts.Conversations)})),
		form.Body(strings.Join(lost, " ")),
		form.Small(path),
		form.Buttons(widget.NewSmallButton(i18n.T("verify.copy-path"), theme.IconCopy, widget.Secondary, func() { r.u.s.Nav.Copy(path) }))))
}
