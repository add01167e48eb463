package gallery

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/messenger"
	"sotto/app/ui/files"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/pictures"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

const (
	page = 100 // messages with files that are read at once
	near = 30  // of the last one in sight, the next page is read
	side = 264 // pixels of a picture in the grid, on a screen of twice the density
)

// The kinds that are shown.
const (
	showPictures = iota
	showFiles
)

// entry is a message with a file, and where the file stands.
type entry struct {
	message chat.Message
	status  messenger.FileStatus
	known   bool
}

// View shows the files of one conversation.
type View struct {
	s    screen.Services
	conv chat.ConversationID
	name string // of the contact

	kinds   [2][]entry // pictures and files
	before  int64      // position of the oldest that was read
	more    bool
	reading bool
	again   bool // read everything anew once the reading has ended

	shelf  *pictures.Shelf
	tiles  map[*widget.Thumbnail]int // what each shows
	choice *widget.Choice
	grid   *widget.Tiles
	list   *widget.List
	empty  *fyne.Container
	body   *fyne.Container
	root   fyne.CanvasObject
	header *widget.PageHeader
}

var (
	_ screen.Screen   = (*View)(nil)
	_ screen.Listener = (*View)(nil)
	_ screen.Reader   = (*View)(nil)
)

// New answers the gallery at a place of kind screen.Files.
func New(s screen.Services, at screen.Place) screen.Screen {
	v := &View{s: s, conv: at.Conversation, more: true, tiles: map[*widget.Thumbnail]int{}}
	v.shelf = pictures.NewShelf(s.Work, files.Loader(s.Profile, side), v.came)
	v.header = widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("files.title"), BackLabel: i18n.T("back"), Back: s.Nav.Back})
	v.choice = widget.NewChoice([]string{i18n.T("files.pictures"), i18n.T("files.others")}, showPictures, func(int) { v.show() })
	v.buildGrid()
	v.buildList()
	v.empty = widget.NewColumn(0)
	v.body = container.NewStack(v.grid, v.list, v.empty)
	bar := widget.NewNarrow(theme.FormWidth, false, widget.NewInset(theme.Space3, theme.Space4, theme.Space3, theme.Space4, v.choice))
	v.root = widget.NewGround(theme.Background, widget.NewStack(2, v.header, bar,
		widget.NewInset(0, theme.Space3, theme.Space3, theme.Space3, v.body)))
	v.show()
	return v
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.root }

// Shown implements screen.Screen.
func (v *View) Shown() {
	if len(v.kinds[showPictures])+len(v.kinds[showFiles]) == 0 {
		v.Reread()
	}
	v.s.Canvas().Focus(v.choice)
}

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.shelf.Empty()
	v.kinds = [2][]entry{}
	clear(v.tiles)
	v.grid.Refresh()
	v.list.Refresh()
}

// Heard implements screen.Listener.
func (v *View) Heard(events []messenger.Event) {
	for _, e := range events {
		if e.Conversation != v.conv {
			continue
		}
		switch e.Type {
		case messenger.EventFile, messenger.EventDelete, messenger.EventMessage:
			v.Reread()
			return
		}
	}
}

// Reread implements screen.Reader: it begins anew, with as many as were read.
func (v *View) Reread() {
	if v.reading {
		v.again = true
		return
	}
	n := max(len(v.kinds[showPictures])+len(v.kinds[showFiles]), page)
	v.read(0, n, func(found []entry) {
		v.kinds = [2][]entry{}
		v.take(found)
	})
}

// readOn reads the next page.
func (v *View) readOn() {
	if v.more && !v.reading {
		v.read(v.before, page, v.take)
	}
}

func (v *View) read(before int64, n int, then func([]entry)) {
	v.reading = true
	messages, conv := v.s.Messenger(), v.conv
	type result struct {
		found []entry
		name  string
		more  bool
	}
	screen.Run(v.s.Work, func(ctx context.Context) (r result, err error) {
		c, err := messages.Conversation(ctx, conv)
		if err != nil {
			return r, err
		}
		if len(c.Members) > 0 {
			contact, err := messages.Contact(ctx, c.Members[0])
			if err != nil {
				return r, err
			}
			r.name = screen.NameOf(contact)
		}
		all, err := messages.Files(ctx, conv, before, n)
		if err != nil {
			return r, err
		}
		r.more = len(all) == n
		r.found, err = stand(ctx, messages, all)
		return r, err
	}, func(r result, err error) {
		v.reading = false
		if err != nil {
			v.s.Nav.Fail(err)
			return
		}
		v.name, v.more = r.name, r.more
		v.header.SetTitle(i18n.T("files.title.with", i18n.Args{"Name": r.name}))
		then(r.found)
		v.show()
		if v.again {
			v.again = false
			v.Reread()
		}
	})
}

// stand reads where the files of messages stand.
func stand(ctx context.Context, messages *messenger.Messenger, all []chat.Message) ([]entry, error) {
	ids := make([]chat.MessageID, len(all))
	for i, m := range all {
		ids[i] = m.ID
	}
	status, err := messages.FileStatus(ctx, ids...)
	if err != nil {
		return nil, err
	}
	byID := make(map[chat.MessageID]messenger.FileStatus, len(status))
	for _, f := range status {
		byID[f.Message] = f
	}
	out := make([]entry, 0, len(all))
	for _, m := range all {
		f, known := byID[m.ID]
		out = append(out, entry{m, f, known})
	}
	return out, nil
}

// take adds what was read to the kinds.
func (v *View) take(found []entry) {
	for _, e := range found {
		kind := showFiles
		if files.IsPicture(e.message.File) {
			kind = showPictures
		}
		v.kinds[kind] = append(v.kinds[kind], e)
		v.before = e.message.Position
	}
}

// show brings what was read into sight.
func (v *View) show() {
	kind := v.choice.Chosen()
	none := len(v.kinds[kind]) == 0
	if none && v.more {
		v.readOn() // the first page may hold only the other kind
	}
	widget.SetVisible(v.grid, kind == showPictures && !none)
	widget.SetVisible(v.list, kind == showFiles && !none)
	widget.SetVisible(v.empty, none && !v.more)
	if none {
		key := [...]string{"files.pictures.none", "files.others.none"}[kind]
		icon := [...]theme.IconName{theme.IconPicture, theme.IconFile}[kind]
		v.empty.Objects = []fyne.CanvasObject{widget.NewNarrow(theme.FormWidth, false, widget.NewInset(theme.Space4, theme.Space4, 0, theme.Space4,
			widget.NewCard(widget.CardWords{Icon: icon, Title: i18n.T(key), Sentence: i18n.T("files.none.text")}, nil, nil)))}
	}
	clear(v.tiles)
	v.grid.Refresh()
	v.list.Refresh()
	v.body.Refresh()
}

func (v *View) buildGrid() {
	v.grid = widget.NewTiles(
		func() int { return len(v.kinds[showPictures]) },
		func() fyne.CanvasObject { return widget.NewThumbnail() },
		func(i int, o fyne.CanvasObject) {
			if i >= len(v.kinds[showPictures]) {
				return
			}
			t := o.(*widget.Thumbnail)
			v.tiles[t] = i
			v.fill(t, v.kinds[showPictures][i])
			if i > len(v.kinds[showPictures])-near {
				v.readOn()
			}
		})
	v.grid.OnSelected = func(i int) {
		v.grid.UnselectAll()
		if i < len(v.kinds[showPictures]) {
			files.Do(v.s, v.kinds[showPictures][i].message, files.View)
		}
	}
}

func (v *View) fill(t *widget.Thumbnail, e entry) {
	revision := uint64(0)
	if e.status.Stored {
		revision = 1
	}
	t.Set(v.shelf.Get(e.message.ID, revision), theme.IconPicture, e.message.File.Name, !e.status.Stored)
}

// came shows a picture that was read where it is in sight.
func (v *View) came(id chat.MessageID) {
	for t, i := range v.tiles {
		if i < len(v.kinds[showPictures]) && v.kinds[showPictures][i].message.ID == id {
			v.fill(t, v.kinds[showPictures][i])
		}
	}
}

func (v *View) buildList() {
	v.list = widget.NewList(
		func() int { return len(v.kinds[showFiles]) },
		func() fyne.CanvasObject { return newLine() },
		func(i int, o fyne.CanvasObject) {
			if i >= len(v.kinds[showFiles]) {
				return
			}
			e := v.kinds[showFiles][i]
			o.(*line).set(e, v.s.Format.ListTime(v.s.Now(), e.message.DisplayTime()), v.name)
			if i > len(v.kinds[showFiles])-near {
				v.readOn()
			}
		})
	v.list.OnSelected = func(i int) {
		v.list.UnselectAll()
		if i < len(v.kinds[showFiles]) {
			v.menu(v.kinds[showFiles][i])
		}
	}
}

// menu offers what can be done with a file of the list.
func (v *View) menu(e entry) {
	v.s.Nav.Active()
	var buttons []fyne.CanvasObject
	var sheet *form.Sheet
	add := func(label string, icon theme.IconName, act func()) {
		buttons = append(buttons, widget.NewButton(label, icon, widget.Secondary, func() {
			sheet.Close()
			act()
		}))
	}
	if e.known {
		for _, key := range files.Acts(e.message, e.status) {
			a := files.Act(key)
			add(a.Label, a.Icon, func() { files.Do(v.s, e.message, key) })
		}
	}
	add(i18n.T("viewer.show"), theme.IconChat, func() {
		v.s.Nav.Open(screen.Place{Screen: screen.Chat, Conversation: v.conv, Message: e.message.ID, Found: true})
	})
	a := files.Describe(e.message, e.status, e.known)
	text := e.stands(a.Detail) + " · " + v.s.Format.Full(e.message.DisplayTime())
	sheet = form.NewSheet(form.SheetWords{Title: files.Name(e.message.File), Text: text, Cancel: i18n.T("chat.close")}, form.Buttons(buttons...), nil, nil)
	sheet.First = buttons[0].(*widget.Button)
	sheet.Open(v.s.Canvas())
}
