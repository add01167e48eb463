package privacypage

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/chat"
)

// limits are the sizes in bytes that are offered for files that are fetched by themselves.
var limits = []int64{1_000_000, messenger.DefaultDownloadLimit, 25_000_000, chat.MaxFile}

// limitOptions answers the sizes, with the present one when it is none of them.
func limitOptions(present int64) []form.Option {
	var out []form.Option
	add := func(n int64) {
		title := i18n.Bytes(n)
		if n == chat.MaxFile {
			title = i18n.T("consent.limit.any")
		}
		out = append(out, form.Option{Key: strconv.FormatInt(n, 10), Title: title})
	}
	there := false
	for _, n := range limits {
		if present < n && !there {
			add(present)
			there = true
		}
		there = there || n == present
		add(n)
	}
	return out
}

// loadLimit shows up to which size files are fetched by themselves.
func (p *Screen) loadLimit(at *fyne.Container) {
	messages := p.s.Messenger()
	load(p, func(ctx context.Context) (int64, error) { return messages.DownloadLimit(ctx) }, func(present int64) {
		var radio *form.Radio
		radio = form.NewRadio(strconv.FormatInt(present, 10), func(key string) {
			n, err := strconv.ParseInt(key, 10, 64)
			if err != nil {
				return
			}
			p.s.Work.InOrder(func(ctx context.Context) error { return messages.SetDownloadLimit(ctx, n) }, func(err error) {
				if err != nil {
					radio.Choose(strconv.FormatInt(present, 10))
					p.s.Nav.Fail(err)
					return
				}
				present = n
			})
		}, limitOptions(present)...)
		p.fill(at, form.Group(radio))
	})
}
