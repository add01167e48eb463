package attach

import (
	"context"
	"errors"
	"image"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/media"
	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// File is one that may be sent: on the disk, or in memory.
type File struct {
	path string
	name string
	data []byte
}

// Path is a file on the disk.
func Path(path string) File { return File{path: path, name: filepath.Base(path)} }

// Bytes is a picture from the clipboard.
func Bytes(name string, data []byte) File { return File{name: name, data: data} }

// look is what was found out about a file.
type look struct {
	*media.Outgoing
	picture bool
	small   image.Image
}

// look looks at a file. It runs off the UI thread.
func (f File) look(ctx context.Context, keep bool) (look, error) {
	o := media.Options{KeepMetadata: keep}
	out, err := (*media.Outgoing)(nil), error(nil)
	if f.data != nil {
		out, err = media.PrepareBytes(ctx, f.name, f.data, o)
	} else {
		out, err = media.Prepare(ctx, f.path, o)
	}
	if err != nil {
		return look{}, err
	}
	l := look{Outgoing: out, picture: out.Width > 0}
	if small, err := media.DecodeSmall(ctx, out.Thumbnail, 0, 0); err == nil {
		l.small = small
	}
	return l, nil
}

// item is one file on the sheet.
type item struct {
	file   File
	asItIs bool // of this one nothing is taken out
	looked bool
	look   look
	fault  error
}

func (i *item) ready() bool { return i.looked && i.fault == nil }

// mayStrip reports whether something may be taken out of it. Of one that was not looked at yet its name tells: the switch
// must not come under the pointer later.
func (i *item) mayStrip() bool {
	if !i.looked && i.fault == nil {
		return i.look.picture || i.file.data != nil || pictureEndings[strings.ToLower(filepath.Ext(i.file.name))]
	}
	return i.look.picture || isStructure(i.fault)
}

var pictureEndings = map[string]bool{".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".webp": true, ".tif": true, ".tiff": true, ".heic": true, ".avif": true}

// row shows an item: what it is, how large, what happens to it, and a way to take it off.
func (i *item) row(t *Sheet) fyne.CanvasObject {
	lead := widget.NewPicture(widget.PictureOptions{Icon: i.icon(), Radius: theme.ControlRadius, Cover: true}, nil)
	if i.look.small != nil {
		lead.SetPixels(i.look.small)
	}
	tone := theme.Muted
	if i.fault != nil {
		tone = theme.Danger
	}
	lines := []fyne.CanvasObject{
		widget.NewFileName(i.file.name, theme.SizeBody, theme.Text, true),
		widget.NewText(i.say(), widget.TextOptions{Size: theme.SizeMeta, Color: tone, Wrap: true}),
	}
	if isStructure(i.fault) {
		lines = append(lines, widget.NewRow(0, -1, widget.NewSmallButton(i18n.T("attach.as-it-is"), "", widget.Secondary, func() {
			i.asItIs, i.looked, i.fault = true, false, nil
			t.show()
			t.look()
		})))
	}
	off := widget.NewIconButton(theme.IconClose, i18n.T("attach.remove", i18n.Args{"File": files.Name(chat.File{Name: i.file.name})}), func() { t.remove(i) })
	return widget.NewRow(theme.Space3, 1, screen.Tall(lead, 48), widget.NewColumn(2, lines...), off)
}

func (i *item) icon() theme.IconName {
	f := chat.File{Name: i.file.name}
	if i.ready() {
		f.Type, f.Width, f.Height = i.look.Type, i.look.Width, i.look.Height
	}
	return files.Icon(f)
}

// say says how large a file is and what is taken out of it, or why it is not sent.
func (i *item) say() string {
	switch {
	case i.fault != nil:
		return Refusal(i.fault)
	case !i.looked:
		return i18n.T("attach.looking")
	}
	said := i18n.Bytes(i.look.Size)
	switch {
	case i.look.Kept == media.KeptAsked && i.look.picture:
		return said + " · " + i18n.T("attach.kept")
	case i.look.Kept == media.KeptFormat:
		return said + " · " + i18n.T("attach.kept.format")
	case slices.Contains(i.look.Removed, media.RemovedLocation):
		return said + " · " + i18n.T("attach.removed.place")
	case len(i.look.Removed) > 0:
		return said + " · " + i18n.T("attach.removed")
	}
	return said
}

func isStructure(err error) bool { return errors.Is(err, media.ErrStructure) }

func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// Refusal says why a file is not sent, and what to do.
func Refusal(err error) string {
	for _, r := range []struct {
		err error
		key string
	}{
		{media.ErrFolder, "attach.refused.folder"},
		{media.ErrLink, "attach.refused.link"},
		{media.ErrNotRegular, "attach.refused.special"},
		{media.ErrStructure, "attach.refused.structure"},
		{media.ErrChanged, "attach.refused.changed"},
	} {
		if errors.Is(err, r.err) {
			return i18n.T(r.key)
		}
	}
	if errors.Is(err, chat.ErrTooLarge) {
		return i18n.T("attach.refused.large", i18n.Args{"Size": i18n.Bytes(chat.MaxFile)})
	}
	if isMissing(err) {
		return i18n.T("attach.refused.missing")
	}
	return words.Error(err)
}
