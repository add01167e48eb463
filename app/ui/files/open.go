package files

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sotto/app/media"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// starts are the warnings about files that do something by themselves: Sotto hands those to no other program, nor what would
// fill the disk of a program that unpacks it.
var starts = map[media.Warning]bool{
	media.WarnExecutable: true, media.WarnScript: true, media.WarnInstaller: true, media.WarnShortcut: true,
}

// unopened says why a file is not handed to another program; "" for one that may be, once it was asked.
func unopened(all []media.Warning) string {
	switch {
	case Starts(all):
		return i18n.T("file.open.not.text")
	case slices.Contains(all, media.WarnBomb):
		return i18n.T("file.open.not.bomb")
	}
	return ""
}

// mild is a warning that alone only asks to look twice.
func mild(all []media.Warning) bool {
	for _, w := range all {
		if w != media.WarnArchive && w != media.WarnEncrypted {
			return false
		}
	}
	return true
}

// Warned says what to mind about a file, a sentence for each warning; "" when there is nothing.
func Warned(all []media.Warning) string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = i18n.T("file.warn." + string(w))
	}
	return strings.Join(out, "\n")
}

// Starts reports whether the file would run when it is opened.
func Starts(all []media.Warning) bool {
	for _, w := range all {
		if starts[w] {
			return true
		}
	}
	return false
}

// checked looks at a file and then hands on what to mind.
func checked(s screen.Services, m chat.Message, then func([]media.Warning)) {
	core := s.Profile
	screen.Run(s.Work, func(ctx context.Context) ([]media.Warning, error) { return core.CheckFile(ctx, m.ID) }, func(all []media.Warning, err error) {
		if err != nil {
			s.Nav.Fail(err)
			return
		}
		if m.Direction == chat.Out && mild(all) {
			all = nil // one knows what one has packed
		}
		then(all)
	})
}

// openCopy asks, and then opens a readable copy with the program that the desktop has for it.
func openCopy(s screen.Services, m chat.Message) {
	checked(s, m, func(all []media.Warning) {
		name := i18n.Args{"File": Name(m.File)}
		if why := unopened(all); why != "" {
			dialog(theme.IconWarning, widget.Alarming, i18n.T("file.open.not", name), Warned(all)+"\n\n"+why, i18n.T("file.save"),
				s, func() { pickPlace(s, m) })
			return
		}
		icon, tone, text := theme.IconOpen, widget.Plain, i18n.T("file.open.text")
		if len(all) > 0 {
			icon, tone, text = theme.IconWarning, widget.Careful, Warned(all)+"\n\n"+text
		}
		dialog(icon, tone, i18n.T("file.open.title", name), text, i18n.T("file.open.act"), s, func() { hand(s, m) })
	})
}

func dialog(icon theme.IconName, tone widget.Tone, title, text, act string, s screen.Services, acted func()) {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: icon, Tone: tone, Title: title, Text: text, Act: act, Cancel: i18n.T("chat.cancel"),
	}, nil, acted).Open(s.Canvas())
}

// hand makes the copy and hands it over.
func hand(s screen.Services, m chat.Message) {
	core, path := s.Profile, ""
	running(s, i18n.T("file.open.running", i18n.Args{"File": Name(m.File)}), func(ctx context.Context, _ func(done, total int64)) (err error) {
		path, err = core.OpenCopy(ctx, m.ID)
		return err
	}, func() { s.Nav.OpenFile(path) })
}

// saveAs warns where there is something to mind, and asks where to.
func saveAs(s screen.Services, m chat.Message) {
	checked(s, m, func(all []media.Warning) {
		if len(all) == 0 {
			pickPlace(s, m)
			return
		}
		dialog(theme.IconWarning, widget.Careful, i18n.T("file.save.title", i18n.Args{"File": Name(m.File)}), Warned(all)+"\n\n"+i18n.T("file.save.text"),
			i18n.T("file.save"), s, func() { pickPlace(s, m) })
	})
}

// pickPlace asks for a folder and a name, and saves there.
func pickPlace(s screen.Services, m chat.Message) {
	form.PickFile(s, form.PickWords{
		Title: i18n.T("file.save.pick"), Text: i18n.T("file.save.pick.text"), Path: i18n.T("pick.path"), Name: i18n.T("pick.name"), Up: i18n.T("pick.up"),
		Empty: i18n.T("pick.empty"), Missing: i18n.T("pick.missing"), NoName: i18n.T("pick.no-name"), Act: i18n.T("pick.save"), Cancel: i18n.T("cancel"),
	}, media.SafeName(m.File.Name), func(path string) {
		core := s.Profile
		running(s, i18n.T("file.saving", i18n.Args{"File": Name(m.File)}), func(ctx context.Context, progress func(done, total int64)) error {
			return core.SaveFile(ctx, m.ID, path, progress)
		}, func() { s.Nav.Toast(theme.IconCheck, i18n.T("pick.saved")) })
	})
}

// running shows a sheet with progress while work runs, with a way to stop it.
func running(s screen.Services, label string, work func(ctx context.Context, progress func(done, total int64)) error, then func()) {
	var stop func()
	row := widget.NewProgressRow(label, "", nil)
	sheet := form.NewSheet(form.SheetWords{Title: i18n.T("file.running"), Cancel: i18n.T("cancel")}, row, nil, func() { stop() })
	show := func(done, total int64) {
		s.Work.Do(func() {
			row.SetProgress(float32(done)/float32(max(total, 1)), i18n.T("file.moving", i18n.Args{"Done": i18n.Bytes(done), "Size": i18n.Bytes(total)}))
		})
	}
	stop = screen.RunStoppable(s.Work, func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx, seldom(show)) }, func(_ struct{}, err error) {
		sheet.Close()
		switch {
		case err == nil:
			then()
		case errors.Is(err, chat.ErrExists):
			widget.NewMessageDialog(widget.MessageWords{
				Icon: theme.IconAlert, Tone: widget.Alarming, Title: i18n.T("window.fault"), Text: i18n.T("file.exists"), Cancel: i18n.T("chat.close"),
			}, nil, nil).Open(s.Canvas())
		default:
			s.Nav.Fail(err)
		}
	})
	sheet.Open(s.Canvas())
}

// seldom hands progress on at each hundredth.
func seldom(show func(done, total int64)) func(done, total int64) {
	last := int64(-1)
	return func(done, total int64) {
		if part := done * 100 / max(total, 1); part != last {
			last = part
			show(done, total)
		}
	}
}
