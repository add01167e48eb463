package shell

import (
	"sync"
	"time"

	"fyne.io/fyne/v2"
)

// secretStays is how long a secret stays on the clipboard.
const secretStays = 60 * time.Second

// Clipboard copies for the screens. What was copied as a secret is taken back
// after 60 s, unless something else was copied meanwhile. Programs that watch
// the clipboard, and its history where the desktop keeps one, have seen it all
// the same; the window says so.
type Clipboard struct {
	port  fyne.Clipboard
	after func(time.Duration, func())

	mu     sync.Mutex
	serial int
}

// NewClipboard answers a clipboard over port. after calls its function on the UI
// thread once the time has passed.
func NewClipboard(port fyne.Clipboard, after func(time.Duration, func())) *Clipboard {
	return &Clipboard{port: port, after: after}
}

// Copy puts text on the clipboard to stay.
func (c *Clipboard) Copy(text string) { c.put(text) }

// CopySecret puts a recovery code, an invitation or a passphrase on the
// clipboard and takes it back after 60 s.
func (c *Clipboard) CopySecret(text string) {
	mine := c.put(text)
	c.after(secretStays, func() {
		c.mu.Lock()
		latest := c.serial == mine
		c.mu.Unlock()
		if latest && c.port.Content() == text {
			c.port.SetContent("")
		}
	})
}

func (c *Clipboard) put(text string) int {
	c.mu.Lock()
	c.serial++
	n := c.serial
	c.mu.Unlock()
	c.port.SetContent(text)
	return n
}
