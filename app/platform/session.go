package platform

// SessionEvent is something that should lock the window.
type SessionEvent int

// The events.
const (
	Suspending SessionEvent = iota // the computer is about to sleep
	Resumed
	ScreenLocked
	ScreenUnlocked
)
