//go:build e2e

package main

import (
	"encoding/json"
	"net"
	"os"
	"reflect"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	fynewidget "fyne.io/fyne/v2/widget"
)

// The window under test is this test binary, started again with this variable:
// it then is the client, and lists what the window shows to whoever connects to
// the socket. A release has neither: its binary is built without test files.
const hookVariable = "SOTTO_E2E_SOCKET"

func TestMain(m *testing.M) {
	if socket := os.Getenv(hookVariable); socket != "" {
		onWindow = func(w fyne.Window) { listen(socket, w) }
		main()
		return
	}
	os.Exit(m.Run())
}

// seen is one object of the window: what it is called, and where it is in
// pixels from the window's corner.
type seen struct {
	Kind    string  `json:"kind"` // "button", "text", "entry", "run" (a piece of drawn text)
	Name    string  `json:"name"`
	Text    string  `json:"text,omitempty"` // of an entry
	X       float32 `json:"x"`
	Y       float32 `json:"y"`
	W       float32 `json:"w"`
	H       float32 `json:"h"`
	InSight bool    `json:"in_sight"` // not scrolled away
	Off     bool    `json:"off,omitempty"`
	Focused bool    `json:"focused,omitempty"`
}

// listen answers every connection with one JSON array of what is shown.
func listen(socket string, w fyne.Window) {
	l, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var all []seen
			fyne.DoAndWait(func() { all = look(w.Canvas()) })
			_ = json.NewEncoder(c).Encode(all) // the test sees a cut answer
			_ = c.Close()
		}
	}()
}

// look lists the content, or only the topmost overlay where there is one:
// nothing else can be reached then.
func look(c fyne.Canvas) []seen {
	l := &looker{focused: c.Focused()}
	if top := c.Overlays().Top(); top != nil {
		l.walk(top, fyne.Position{}, rect{size: c.Size()})
	} else {
		// Below the menu bar, which the content knows nothing of.
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(c.Content()).Subtract(c.Content().Position())
		l.walk(c.Content(), at, rect{size: fyne.NewSize(1e5, 1e5)})
	}
	return l.all
}

type rect struct {
	at   fyne.Position
	size fyne.Size
}

func (r rect) holds(p fyne.Position) bool {
	return p.X >= r.at.X && p.Y >= r.at.Y && p.X <= r.at.X+r.size.Width && p.Y <= r.at.Y+r.size.Height
}

type looker struct {
	all     []seen
	focused fyne.Focusable
}

func (l *looker) walk(o fyne.CanvasObject, parent fyne.Position, clip rect) {
	if o == nil || !o.Visible() {
		return
	}
	at := parent.Add(o.Position())
	l.note(o, at, clip)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			l.walk(child, at, clip)
		}
	case *container.Scroll:
		l.walk(o.Content, at, rect{at: at, size: o.Size()})
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			l.walk(child, at, clip)
		}
	}
}

func (l *looker) note(o fyne.CanvasObject, at fyne.Position, clip rect) {
	s := seen{X: at.X, Y: at.Y, W: o.Size().Width, H: o.Size().Height}
	switch o := o.(type) {
	case *canvas.Text:
		s.Kind, s.Name = "run", o.Text
	case interface{ Content() string }:
		s.Kind, s.Name = "text", o.Content()
	case *fyne.Container:
		return
	case fyne.Accessible:
		s.Kind, s.Name = string(o.AccessibilityRole()), o.AccessibilityLabel()
	default:
		e := entryOf(o)
		if e == nil {
			return
		}
		s.Kind, s.Name, s.Text = "entry", e.PlaceHolder, e.Text
		if e.Password {
			s.Text = ""
		}
	}
	if d, ok := o.(fyne.Disableable); ok {
		s.Off = d.Disabled()
	}
	if f, ok := o.(fyne.Focusable); ok {
		s.Focused = f == l.focused
	}
	s.InSight = clip.holds(fyne.NewPos(at.X+s.W/2, at.Y+s.H/2))
	l.all = append(l.all, s)
}

// entryOf answers the entry that o is or extends.
func entryOf(o fyne.CanvasObject) *fynewidget.Entry {
	v := reflect.ValueOf(o)
	for v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		if e, ok := v.Interface().(*fynewidget.Entry); ok {
			return e
		}
		f := v.Elem().FieldByName("Entry")
		if !f.IsValid() || !f.CanAddr() {
			return nil
		}
		v = f.Addr()
	}
	return nil
}
