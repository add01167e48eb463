package prefs

import (
	"sync/atomic"

	"sotto/app/platform"
)

// silent is what was last read or put of the notifications setting. The process has one desktop and one profile.
var silent atomic.Bool

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
