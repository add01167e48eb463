package prefs

import (
	"sync/atomic"

	"sotto/app/platform"
	"sotto/app/ui/i18n"
)

// silent is what was last read or put of the notifications setting. The process has one desktop and one profile.
var silent atomic.Bool

// NotificationWords are the only words that the desktop is told.
func NotificationWords(title string) map[platform.Kind]platform.Words {
	return map[platform.Kind]platform.Words{
		platform.NewMessages: {Title: title, Text: i18n.T("notify.messages")},
		platform.NewRequest:  {Title: title, Text: i18n.T("notify.request")},
		platform.Attention:   {Title: title, Text: i18n.T("notify.attention")},
	}
}

// Guard answers n, kept from telling anything while notifications are switched off.
func Guard(n platform.Notifier) platform.Notifier { return guarded{n} }

type guarded struct{ platform.Notifier }

// Notify implements platform.Notifier.
func (g guarded) Notify(k platform.Kind) error {
	if silent.Load() {
		return nil
	}
	return g.Notifier.Notify(k)
}
