package attach

import (
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
)

// Pick asks for a file and opens the sheet with it.
func Pick(s screen.Services, to To) { pick(s, func(path string) { Open(s, to, Path(path)) }) }

func pick(s screen.Services, picked func(path string)) {
	form.PickAnyFile(s, form.PickWords{
		Title: i18n.T("attach.pick"), Text: i18n.T("attach.pick.text"), Path: i18n.T("attach.pick.path"), Up: i18n.T("pick.up"),
		Empty: i18n.T("attach.pick.empty"), Missing: i18n.T("attach.pick.missing"), Folder: i18n.T("pick.is-folder"), Act: i18n.T("attach.pick.take"), Cancel: i18n.T("cancel"),
	}, form.Documents(), picked)
}
