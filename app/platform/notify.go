package platform

// Kind is what a notification is about. The desktop's own history and lock
// screen show notifications, so they carry constant words only.
type Kind int

// The kinds.
const (
	NewMessages Kind = iota // without count, name or text
	NewRequest
	Attention // something about security that should be looked at
	kinds
)

// Words are the constant words of one kind.
type Words struct{ Title, Text string }

// NotifierOptions are fixed when the application starts, so that nothing a peer
// writes can come into a notification later.
type NotifierOptions struct {
	AppName   string
	AppID     string // name of the desktop entry and of the icon
	Words     map[Kind]Words
	Activated func() // a notification was clicked; on a goroutine of its own; may be nil
}

// Notifier shows notifications. It is safe for concurrent use.
type Notifier interface {
	// Notify shows the words of kind, in place of an earlier notification of the
	// same kind.
	Notify(Kind) error
	// Clear takes the notifications of kind away, as when they were read.
	Clear(Kind) error
	Close() error
}
