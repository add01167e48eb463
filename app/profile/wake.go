package profile

import (
	"context"
	"time"

	"sotto/app/platform"
)

// lookEvery is how often the ends of messages are looked at where the system does not tell that it woke up.
const lookEvery = time.Minute

// wakeWithTheComputer has the ends of messages looked at when the computer wakes up: the timer that waits for the next one
// does not count what was slept.
func (p *Profile) wakeWithTheComputer(ctx context.Context) {
	events, err := p.options.Session(ctx)
	if err != nil {
		events = nil
	}
	p.tending.Go(func() {
		for events != nil {
			select {
			case <-ctx.Done():
				return
			case e, ok := <-events:
				if !ok {
					events = nil // the bus is gone
				} else if e == platform.Resumed {
					p.Messenger.WakeExpiry()
				}
			}
		}
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				p.Messenger.WakeExpiry()
			}
		}
	})
}
