package welcome

import (
	"context"
	_ "embed"
	"html/template"
	"io"

	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// pageWords is what page.html shows.
type pageWords struct {
	Title, Lead, Note string
	Words             []numbered
}

type numbered struct {
	Number int
	Word   string
}

// SavePage asks for a place and saves the recovery code as a page to print: Fyne cannot print, a browser can.
func SavePage(s screen.Services, code []string) *form.Picker {
	return form.PickFile(s, form.PickWords{
		Title: i18n.T("code.save.title"), Text: i18n.T("code.save.text"), Path: i18n.T("pick.path"), Name: i18n.T("pick.name"),
		Up: i18n.T("pick.up"), Empty: i18n.T("pick.empty"), Missing: i18n.T("pick.missing"), NoName: i18n.T("pick.no-name"),
		Act: i18n.T("code.save.act"), Cancel: i18n.T("cancel"),
	}, "sotto-recovery-code.html", func(path string) {
		s.Work.Go(func(context.Context) error {
			return form.SaveNew(path, func(w io.Writer) error { return writePage(w, code) })
		}, func(err error) {
			if err != nil {
				s.Nav.Fail(err)
				return
			}
			s.Nav.Toast(theme.IconCheck, i18n.T("code.save.done"))
		})
	})
}

func writePage(w io.Writer, code []string) error {
	p := pageWords{Title: i18n.T("code.page.title"), Lead: i18n.T("code.page.lead"), Note: i18n.T("code.page.note")}
	for i, word := range code {
		p.Words = append(p.Words, numbered{Number: i + 1, Word: word})
	}
	return page.Execute(w, p)
}
