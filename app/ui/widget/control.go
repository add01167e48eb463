package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"
)

// control is what everything that can be pressed shares: pointer, keyboard,
// focus. With no callback it is inert and left out of the focus order.
type control struct {
	fynewidget.BaseWidget
	label   string // for assistive technology and tests
	onTap   func()
	escape  func() // Escape was pressed; may be nil
	hovered bool
	focused bool
	off     bool
}

// Tapped implements fyne.Tappable.
func (c *control) Tapped(*fyne.PointEvent) { c.press() }

func (c *control) press() {
	if !c.Disabled() {
		c.onTap()
	}
}

// Disabled reports whether pressing does nothing.
func (c *control) Disabled() bool { return c.off || c.onTap == nil }

// Enable lets presses through.
func (c *control) Enable() { c.setOff(false) }

// Disable ignores presses and looks like it.
func (c *control) Disable() { c.setOff(true) }

func (c *control) setOff(off bool) {
	if c.off != off {
		c.off = off
		c.Refresh()
	}
}

// MouseIn implements desktop.Hoverable.
func (c *control) MouseIn(*desktop.MouseEvent) { c.setHovered(true) }

// MouseMoved implements desktop.Hoverable.
func (c *control) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *control) MouseOut() { c.setHovered(false) }

func (c *control) setHovered(h bool) {
	if c.hovered != h {
		c.hovered = h
		c.Refresh()
	}
}

// FocusGained implements fyne.Focusable.
func (c *control) FocusGained() {
	c.focused = true
	c.Refresh()
}

// FocusLost implements fyne.Focusable.
func (c *control) FocusLost() {
	c.focused = false
	c.Refresh()
}

// TypedRune implements fyne.Focusable.
func (c *control) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: Space and Enter press.
func (c *control) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyEscape:
		if c.escape != nil {
			c.escape()
		} else {
			handUp(e)
		}
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		c.press()
	}
}

// Cursor implements desktop.Cursorable.
func (c *control) Cursor() desktop.Cursor {
	if c.Disabled() {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// AccessibilityLabel implements fyne.Accessible.
func (c *control) AccessibilityLabel() string { return c.label }

// AccessibilityRole implements fyne.Accessible.
func (c *control) AccessibilityRole() fyne.AccessibleRole {
	if c.onTap == nil {
		return fyne.AccessibleRoleText
	}
	return fyne.AccessibleRoleButton
}
