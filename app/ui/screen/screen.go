package screen

import (
	"context"
	"net/url"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/chat"
)

// Screen is one view of the window. Its methods are called on the UI thread.
type Screen interface {
	// Content is the view, the same object at every call.
	Content() fyne.CanvasObject
	// Shown is called each time that the view has come to sight: load what may have changed, take the keyboard.
	Shown()
	// Closed is called once, when the view will not be shown again: it was left by Back, or the profile locks. Drop what
	// was read. What runs in Services.Work is cancelled right afterwards.
	Closed()
}

// Listener is a Screen that follows what happens in the messenger while it is kept. Events come in bundles, on the UI
// thread, after their commit.
type Listener interface {
	Heard(events []messenger.Event)
}

// Reader is a Screen that reads anew when Navigator.Changed was called.
type Reader interface {
	Reread()
}

// Arranger is a Screen whose parts depend on the room: narrow is true below 900 units, where list and chat share one
// column. It is called before Shown and at each change.
type Arranger interface {
	Arrange(narrow bool)
}

// FocusFollower is a Screen that is told when the window comes to the front or leaves it.
type FocusFollower interface {
	WindowFocused(on bool)
}

// Leaver is a Screen that is told when it goes out of sight but is kept, because another one was opened over it.
type Leaver interface {
	Left()
}

// Escaper is a Screen that may use Escape itself; it reports whether it did. Otherwise Escape is Back.
type Escaper interface {
	Escape() bool
}

// Name names a kind of screen.
type Name string

// The screens. Welcome and Unlock have the window for themselves; the others stand right of the list, or over it in a
// narrow window.
const (
	Welcome  Name = "welcome"
	Unlock   Name = "unlock"
	Home     Name = "home" // the empty chat area
	Chat     Name = "chat"
	Contact  Name = "contact"
	Requests Name = "requests"
	Search   Name = "search"
	Invite   Name = "invite"
	Add      Name = "add"
	Privacy  Name = "privacy"
	Security Name = "security"
	Settings Name = "settings"
	Storage  Name = "storage"
	About    Name = "about"
	Files    Name = "files"  // all files of a conversation
	Viewer   Name = "viewer" // one picture over the whole window
)

// Place is where to go: a screen and what it is about.
type Place struct {
	Screen       Name
	Conversation chat.ConversationID // Chat, Files, Viewer; Search: only there, unless it is zero
	Message      chat.MessageID      // Chat: go to this message; zero: the newest. Viewer: the one whose picture is shown
	Contact      chat.ContactID      // Contact, Requests: this one first; Privacy: about this contact; zero: all
	Link         string              // Add: already filled in
	Text         string              // Search: looked for at once
	Found        bool                // Chat: Message was found, it is framed for a moment, and Back returns to where that was
}

// Maker makes a screen for a place of its kind.
type Maker func(s Services, at Place) Screen

// Navigator is the window, as screens see it. Its methods are called on the UI thread.
type Navigator interface {
	// Open shows a place. Opening a Chat from the list starts anew; everything else is put over what is shown, and Back
	// returns there.
	Open(Place)
	Back()
	// Changed tells all screens to read anew, after an act that the messenger does not report (erasing, importing).
	Changed()
	// Narrow reports whether list and chat share one column.
	Narrow() bool
	// Focused reports whether the window is at the front.
	Focused() bool

	// Unlocked hands over a profile that was created, or opened, and started; the window shows it. Work that is needed
	// before (profile.Create, Open, Start, Locked.Unlock) is the screen's.
	Unlocked(*profile.Profile)
	// Lock locks the profile and shows Unlock.
	Lock()
	// Arrived tells that something waits for a locked profile.
	Arrived()
	// Erased ends a profile that was erased and shows Welcome.
	Erased()

	// Toast says briefly that something was done.
	Toast(icon theme.IconName, sentence string)
	// Fail says an error in words (app/ui/words), for acts that have no field to say it in. nil and cancelled say nothing.
	Fail(err error)
	// Copy puts text into the clipboard and says so. CopySecret also takes it back after a minute.
	Copy(text string)
	CopySecret(text string)
	// Follow shows where a link really goes, asks, and opens it in the system's browser.
	Follow(link *url.URL)
	// OpenFile hands a file of this computer to the program that the desktop has for it, and says so when that fails.
	OpenFile(path string)
	// Active tells the idle lock that a person is there. The window does so for keys and pointer; a screen needs it only
	// for signs of a person that the window cannot see.
	Active()
	// IdleAfter changes the idle time of the lock; 0: never. The caller keeps the setting.
	IdleAfter(time.Duration)
}

// Services are what a screen works with.
type Services struct {
	// Dir is the profile's folder and Options what profile.Create, Open are to be called with.
	Dir     string
	Options profile.Options
	// Profile is the open profile; nil for Welcome and Unlock.
	Profile *profile.Profile
	// Locked is the locked profile; nil when none was open in this process yet.
	Locked *profile.Locked

	// Picture reads the picture of the clipboard; nil: the one of this computer.
	Picture func(context.Context) ([]byte, error)

	Window fyne.Window // for its canvas: dialogs, focus
	Nav    Navigator
	Work   *Work // ends when the screen is closed
	Now    func() time.Time
	Format i18n.Format // times as the person's locale writes them
}

// Canvas is where dialogs open.
func (s Services) Canvas() fyne.Canvas { return s.Window.Canvas() }

// Messenger is the open profile's messenger.
func (s Services) Messenger() *messenger.Messenger { return s.Profile.Messenger }
