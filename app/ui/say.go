package ui

import (
	"net/url"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
)

// toastStays is how long a toast is shown.
const toastStays = 4 * time.Second

// toaster shows one toast at the foot of the window.
type toaster struct {
	work  *screen.Work
	layer *fyne.Container
	stop  func()
}

func newToaster(work *screen.Work) *toaster {
	t := &toaster{work: work}
	t.layer = container.New(footLayout{})
	return t
}

func (t *toaster) show(icon theme.IconName, sentence string) {
	t.clear()
	t.layer.Add(widget.NewToast(icon, sentence, t.clear))
	t.stop = t.work.After(toastStays, t.clear)
}

func (t *toaster) clear() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	t.layer.RemoveAll()
}

// footLayout centres its objects over the foot.
type footLayout struct{}

func (footLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (footLayout) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objs {
		m := o.MinSize()
		w := min(m.Width, s.Width-theme.Space8)
		place(o, (s.Width-w)/2, s.Height-m.Height-72, w, m.Height)
	}
}

// Toast implements screen.Navigator.
func (w *Window) Toast(icon theme.IconName, sentence string) { w.toast.show(icon, sentence) }

// Fail implements screen.Navigator.
func (w *Window) Fail(err error) {
	sentence := words.Error(err)
	if sentence == "" || w.fault != nil && w.fault.IsOpen() {
		return
	}
	w.fault = widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconAlert, Tone: widget.Alarming, Title: i18n.T("window.fault"), Text: sentence, Cancel: i18n.T("chat.close"),
	}, nil, nil)
	w.fault.Open(w.win.Canvas())
}

// Copy implements screen.Navigator.
func (w *Window) Copy(text string) {
	w.clipboard.Copy(text)
	w.Toast(theme.IconCopy, i18n.T("window.copied"))
}

// CopySecret implements screen.Navigator.
func (w *Window) CopySecret(text string) {
	w.clipboard.CopySecret(text)
	w.Toast(theme.IconCopy, i18n.T("window.copied.secret"))
}

// Follow implements screen.Navigator.
func (w *Window) Follow(link *url.URL) {
	text := i18n.T("window.follow.text")
	for i := range len(link.Host) {
		if link.Host[i] >= utf8.RuneSelf {
			text += " " + i18n.T("window.follow.letters")
			break
		}
	}
	whole := widget.NewText(link.String(), widget.TextOptions{Mono: true, Size: theme.SizeMeta, Color: theme.Muted, Wrap: true, MaxLines: 6})
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconLink, Title: i18n.T("window.follow", i18n.Args{"Host": widget.CleanName(link.Host)}), Text: text,
		Act: i18n.T("window.follow.act"), Cancel: i18n.T("chat.cancel"),
	}, whole, func() { w.Fail(w.o.App.OpenURL(link)) }).Open(w.win.Canvas())
}

// OpenFile implements screen.Navigator.
func (w *Window) OpenFile(path string) {
	if w.o.OpenFile != nil {
		w.Fail(w.o.OpenFile(path))
		return
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive
	}
	w.Fail(w.o.App.OpenURL(&url.URL{Scheme: "file", Path: slashed}))
}
