package form

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// PickWords are the words on a sheet that asks for a place.
type PickWords struct {
	Title   string
	Text    string
	Path    string // label of the folder's path
	Name    string // label of the file's name
	Up      string
	Empty   string // there are no folders in this one
	Missing string // there is no such folder
	Folder  string // what was taken is the folder shown, and a file is wanted; of PickAnyFile
	NoName  string // the name is empty or no name
	Act     string
	Cancel  string
}

// Picker asks where to put something: it walks the folders of this computer.
type Picker struct {
	*Sheet
	Path *widget.Entry
	Name *widget.Entry // nil where a folder is asked for

	s       screen.Services
	words   PickWords
	field   *widget.Field
	naming  *widget.Field
	folder  string
	turn    int // of what was asked last
	entries []string
	list    *fynewidget.List
	none    *widget.Text
	picked  func(path string)
	suffix  string // of the files that are shown among the folders; "" for none
	any     bool   // every file is shown
}

// PickFolder asks for a folder, beginning at start, and calls picked with its path; not when it was cancelled.
func PickFolder(s screen.Services, words PickWords, start string, picked func(path string)) *Picker {
	return open(s, &Picker{words: words, picked: picked}, start, "")
}

// PickFile asks for a folder and a file name, name at first, and calls picked with the path.
func PickFile(s screen.Services, words PickWords, name string, picked func(path string)) *Picker {
	return open(s, &Picker{words: words, picked: picked}, Documents(), name)
}

// PickExisting asks for a file that is there: it shows the folders, and the files whose name ends with suffix, and calls
// picked with the path of the one that was chosen.
func PickExisting(s screen.Services, words PickWords, start, suffix string, picked func(path string)) *Picker {
	return open(s, &Picker{words: words, picked: picked, suffix: suffix}, start, "")
}

// PickAnyFile asks for a file that is there, whatever its name, and calls picked with its path.
func PickAnyFile(s screen.Services, words PickWords, start string, picked func(path string)) *Picker {
	return open(s, &Picker{words: words, picked: picked, any: true}, start, "")
}

func open(s screen.Services, p *Picker, start, name string) *Picker {
	p.s = s
	words := p.words
	p.Path = widget.NewEntry("")
	p.Path.OnSubmitted = func(path string) {
		if p.any || p.isFile(path) {
			p.take()
			return
		}
		p.enter(path)
	}
	p.field = widget.NewField(words.Path, "", p.Path)
	p.none = Note(words.Empty)
	p.list = fynewidget.NewList(
		func() int { return len(p.entries) },
		func() fyne.CanvasObject {
			return widget.NewInset(theme.Space2, theme.Space3, theme.Space2, theme.Space3, widget.NewFileName("", theme.SizeBody, theme.Text, false))
		},
		func(i int, o fyne.CanvasObject) {
			if i < len(p.entries) {
				o.(*fyne.Container).Objects[0].(*widget.FileName).SetName(p.entries[i])
			}
		})
	p.list.OnSelected = func(i int) {
		p.list.UnselectAll()
		if i >= len(p.entries) {
			return
		}
		path := filepath.Join(p.folder, p.entries[i])
		if !strings.HasSuffix(p.entries[i], folderMark) && (p.any || p.isFile(path)) {
			p.Path.SetText(path)
			return
		}
		p.enter(path)
	}
	up := widget.NewSmallButton(words.Up, theme.IconBack, widget.Secondary, func() { p.enter(filepath.Dir(p.folder)) })
	parts := []fyne.CanvasObject{
		p.field, widget.NewRow(0, -1, up),
		screen.Tall(newFrame(container.NewStack(p.list, widget.NewInset(theme.Space3, 0, 0, theme.Space3, p.none))), 200),
	}
	p.Sheet = NewSheet(SheetWords{Title: words.Title, Text: words.Text, Act: words.Act, Cancel: words.Cancel, Rank: widget.Primary},
		nil, p.take, nil)
	p.First = p.Path
	p.Path.Escape = p.Close
	if name != "" {
		p.Name = widget.NewEntry("")
		p.Name.SetText(name)
		p.Name.OnSubmitted = func(string) { p.take() }
		p.Name.Escape = p.Close
		p.naming = widget.NewField(words.Name, "", p.Name)
		parts = append(parts, p.naming)
		p.First = p.Name
	}
	p.Sheet.put(widget.NewColumn(theme.Space3, parts...))
	p.Open(s.Canvas())
	p.enter(start)
	return p
}

// isFile reports whether a path names a file of the kind that is asked for.
func (p *Picker) isFile(path string) bool { return p.suffix != "" && strings.HasSuffix(path, p.suffix) }

// enter shows the folders inside path.
func (p *Picker) enter(path string) {
	path = filepath.Clean(path)
	p.Path.SetText(path)
	suffix, any := p.suffix, p.any
	p.turn++
	turn := p.turn
	screen.Run(p.s.Work, func(context.Context) ([]string, error) { return entries(path, suffix, any) }, func(found []string, err error) {
		if err != nil {
			p.fault(p.words.Missing)
			return
		}
		p.folder, p.entries = path, found
		if turn == p.turn { // else it is said of something newer
			p.fault("")
		}
		p.list.UnselectAll()
		p.list.ScrollToTop()
		p.list.Refresh()
		p.none.Hidden = len(found) > 0
		p.none.Refresh()
	})
}

func (p *Picker) fault(s string) {
	p.field.SetError(s)
	p.Fit()
}

// take goes to the folder typed, if it was not entered yet, and answers.
func (p *Picker) take() {
	p.turn++
	path := filepath.Clean(p.Path.Text)
	name := ""
	if p.Name != nil {
		name = strings.TrimSpace(p.Name.Text)
		if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
			p.naming.SetError(p.words.NoName)
			p.Fit()
			return
		}
	}
	folder := false
	p.s.Work.Go(func(context.Context) error {
		info, err := os.Stat(path)
		folder = err == nil && info.IsDir()
		if err == nil && !p.any && folder == (p.suffix != "") {
			err = chat.ErrNotFound
		}
		return err
	}, func(err error) {
		if err == nil && p.any && folder {
			if path == p.folder { // no file of it was chosen
				p.fault(p.words.Folder)
				return
			}
			p.enter(path)
			return
		}
		if err != nil {
			p.fault(p.words.Missing)
			return
		}
		p.Close()
		p.picked(filepath.Join(path, name))
	})
}

// folderMark follows the names of folders where files are listed, too.
const folderMark = string(filepath.Separator)

// entries lists the names of the folders in path, without hidden ones, and of the files that end with suffix, if it is
// not empty, or of any; folders are then marked.
func entries(path, suffix string, any bool) ([]string, error) {
	found, err := os.ReadDir(path)
	if err != nil {
		return nil, errors.Unwrap(err) // without the path, which is the user's
	}
	var out []string
	for _, e := range found {
		fits := e.IsDir() || any && e.Type().IsRegular() || suffix != "" && e.Type().IsRegular() && strings.HasSuffix(e.Name(), suffix)
		if fits && !strings.HasPrefix(e.Name(), ".") {
			name := e.Name()
			if e.IsDir() && (any || suffix != "") {
				name += folderMark
			}
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return out, nil
}

// SaveNew writes a file that does not exist yet, for its owner alone; after an error none is left. Errors:
// chat.ErrExists, chat.ErrReadOnly, and what write answers.
func SaveNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: the file", chat.ErrExists)
	case errors.Is(err, fs.ErrPermission):
		return chat.ErrReadOnly
	case err != nil:
		return fmt.Errorf("saving: %w", errors.Unwrap(err))
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Documents answers the folder in which files for people begin: their documents, else their home.
func Documents() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	documents := filepath.Join(home, "Documents")
	if info, err := os.Stat(documents); err == nil && info.IsDir() {
		return documents
	}
	return home
}
