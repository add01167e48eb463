package form_test

import (
	"errors"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/stage"
	"sotto/app/ui/form"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// page is a screen of one object.
type page struct{ content fyne.CanvasObject }

func (p page) Content() fyne.CanvasObject { return p.content }
func (page) Shown()                       {}
func (page) Closed()                      {}

func TestARadioIsChosenByTapAndByKey(t *testing.T) {
	s := stage.New(t)
	var told []string
	r := form.NewRadio("a", func(key string) { told = append(told, key) },
		form.Option{Key: "a", Title: "One"}, form.Option{Key: "b", Title: "Two", Sentence: "and more"})
	s.Show(page{form.Column(r)})
	s.Tap("One")
	s.Tap("Two")
	if r.Chosen() != "b" || len(told) != 1 || told[0] != "b" {
		t.Fatalf("chosen %q, told %q", r.Chosen(), told)
	}
	s.Win.Canvas().Focus(s.Button("One").(fyne.Focusable))
	s.Press(fyne.KeySpace)
	if r.Chosen() != "a" || len(told) != 2 {
		t.Fatalf("chosen %q, told %q", r.Chosen(), told)
	}
	r.Choose("b")
	if r.Chosen() != "b" || len(told) != 2 {
		t.Error("choosing for the person calls back")
	}
}

func TestTilesStandSideBySideWhereThereIsRoom(t *testing.T) {
	test.NewTempApp(t)
	a, b := widget.NewText("a", widget.TextOptions{Wrap: true}), widget.NewText("b", widget.TextOptions{Wrap: true})
	tiles := form.Tiles(a, b)
	test.NewTempWindow(t, tiles)
	for width, beside := range map[float32]bool{680: true, 500: false} {
		tiles.Resize(fyne.NewSize(width, tiles.HeightFor(width)))
		if got := a.Position().Y == b.Position().Y; got != beside {
			t.Errorf("%v wide: beside each other %v", width, got)
		}
	}
}

func TestATallSheetKeepsItsButtonsInASmallWindow(t *testing.T) {
	s := stage.New(t)
	s.Win.Resize(fyne.NewSize(theme.WindowMinWidth, theme.WindowMinHeight))
	s.Show(page{form.Column()})
	var parts []fyne.CanvasObject
	for range 40 {
		parts = append(parts, form.Body("a line"))
	}
	sheet := form.NewSheet(form.SheetWords{Title: "Tall", Act: "Do it", Cancel: "Cancel"}, widget.NewColumn(theme.Space2, parts...), func() {}, nil)
	sheet.Open(s.Win.Canvas())
	for _, label := range []string{"Do it", "Cancel"} {
		b := s.Button(label)
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b)
		if at.Y < 0 || at.Y+b.Size().Height > theme.WindowMinHeight {
			t.Errorf("%q lies at %v", label, at)
		}
	}
	s.Tap("Cancel")
	if sheet.IsOpen() || s.Win.Canvas().Overlays().Top() != nil {
		t.Error("Cancel does not close it")
	}
}

func TestASheetIsFittedAnewWhenTheWindowBecomesLower(t *testing.T) {
	s := stage.New(t)
	s.Win.Resize(fyne.NewSize(theme.WindowWidth, theme.WindowHeight))
	s.Show(page{form.Column()})
	var parts []fyne.CanvasObject
	for range 20 {
		parts = append(parts, form.Body("a line"))
	}
	sheet := form.NewSheet(form.SheetWords{Title: "Tall", Act: "Do it", Cancel: "Cancel"}, widget.NewColumn(theme.Space2, parts...), func() {}, nil)
	sheet.Open(s.Win.Canvas())
	s.Win.Resize(fyne.NewSize(theme.WindowMinWidth, theme.WindowMinHeight))
	b := s.Button("Do it")
	if at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b); at.Y < 0 || at.Y+b.Size().Height > theme.WindowMinHeight {
		t.Errorf("its button lies at %v", at)
	}
}

func TestEscapeClosesOnlyTheSheetOnTop(t *testing.T) {
	s := stage.New(t)
	s.Show(page{form.Column()})
	c := s.Win.Canvas()
	if form.Escape(c) {
		t.Fatal("there was nothing to close")
	}
	cancelled := 0
	open := func() *form.Sheet {
		sheet := form.NewSheet(form.SheetWords{Title: "Sheet", Cancel: "Cancel"}, form.Body("text"), nil, func() { cancelled++ })
		sheet.Open(c)
		return sheet
	}
	below, top := open(), open()
	menu := canvas.NewRectangle(color.Transparent)
	c.Overlays().Add(menu)
	if form.Escape(c) {
		t.Error("what lies under a menu was closed")
	}
	c.Overlays().Remove(menu)
	if !form.Escape(c) || top.IsOpen() || !below.IsOpen() || cancelled != 1 {
		t.Errorf("top open %v, below open %v, cancelled %d", top.IsOpen(), below.IsOpen(), cancelled)
	}
	form.Forget(c)
	if form.Escape(c) {
		t.Error("a forgotten sheet was closed")
	}
	asked := form.NewSheet(form.SheetWords{Title: "Only the act closes it", Act: "Do"}, form.Body("text"), func() {}, nil)
	asked.Open(c)
	if form.Escape(c) || !asked.IsOpen() {
		t.Error("a sheet without Cancel was closed")
	}
}

var words = form.PickWords{Title: "Where", Path: "Folder", Name: "File name", Up: "Up", Empty: "nothing", Missing: "missing", NoName: "no name", Act: "Take", Cancel: "Cancel"}

func TestThePickerWalksFoldersAndTakesOnlyThoseThatExist(t *testing.T) {
	s := stage.New(t)
	s.Show(page{form.Column()})
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	var picked []string
	p := form.PickFolder(s.Services(nil), words, root, func(path string) { picked = append(picked, path) })
	s.Fill("Folder", filepath.Join(root, "gone"))
	s.Tap("Take")
	s.Sees("missing")
	if len(picked) != 0 || !p.IsOpen() {
		t.Fatal("a folder that is not there was taken")
	}
	s.Fill("Folder", filepath.Join(root, "inside"))
	s.Press(fyne.KeyReturn)
	s.Sees("nothing")
	s.Tap("Up")
	s.Until("the folder above", func() bool { return p.Path.Text == root })
	s.Tap("Take")
	s.Until("it is taken", func() bool { return len(picked) == 1 })
	if picked[0] != root || p.IsOpen() {
		t.Errorf("took %q", picked)
	}
}

func TestThePickerOfFilesTakesOnlyAFileThatIsThere(t *testing.T) {
	s := stage.New(t)
	s.Show(page{form.Column()})
	root := t.TempDir()
	file := filepath.Join(root, "mine.kind")
	bare := filepath.Join(root, "bare")
	if err := errors.Join(os.Mkdir(bare, 0o700), os.WriteFile(file, nil, 0o600), os.WriteFile(filepath.Join(bare, "other"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	var picked []string
	p := form.PickExisting(s.Services(nil), words, root, ".kind", func(path string) { picked = append(picked, path) })
	s.Until("the file is listed", func() bool { return !s.Text("nothing") })
	s.Tap("Take")
	s.Sees("missing") // a folder is no file
	s.Fill("Folder", bare)
	s.Press(fyne.KeyReturn)
	s.Sees("nothing") // a file of another kind is not shown
	s.Fill("Folder", filepath.Join(root, "none.kind"))
	s.Press(fyne.KeyReturn)
	s.Sees("missing")
	s.Fill("Folder", file)
	s.Press(fyne.KeyReturn)
	s.Until("it is taken", func() bool { return len(picked) == 1 })
	if picked[0] != file || p.IsOpen() {
		t.Errorf("took %q", picked)
	}
}

func TestSavingOverwritesNothingAndLeavesNoHalfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	broken := errors.New("broken")
	if err := form.SaveNew(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a half file was left")
	}
	whole := func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }
	if err := form.SaveNew(path, whole); err != nil {
		t.Fatal(err)
	}
	if err := form.SaveNew(path, whole); !errors.Is(err, chat.ErrExists) {
		t.Errorf("%v, wanted ErrExists", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

var _ screen.Screen = page{}
