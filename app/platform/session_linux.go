package platform

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

const (
	logindName    = "org.freedesktop.login1"
	logindManager = logindName + ".Manager"
	logindSession = logindName + ".Session"
)

// WatchSession answers the events of the login session until ctx ends, then the
// channel closes. It answers [ErrUnsupported] without a system bus. Suspending
// is told while systemd-logind still delays the sleep for other programs;
// Sotto takes no delay of its own, so a slow lock may finish after waking.
func WatchSession(ctx context.Context) (<-chan SessionEvent, error) {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("%w: no system bus", ErrUnsupported)
	}
	for _, member := range []struct{ iface, name string }{
		{logindManager, "PrepareForSleep"},
		{logindSession, "Lock"},
		{logindSession, "Unlock"},
	} {
		err := conn.AddMatchSignal(dbus.WithMatchInterface(member.iface), dbus.WithMatchMember(member.name))
		if err != nil {
			conn.Close()
			return nil, fmt.Errorf("watch the login session: %w", err)
		}
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	out := make(chan SessionEvent)
	go func() {
		defer close(out)
		defer conn.Close()
		relaySession(ctx, signals, out)
	}()
	return out, nil
}

func relaySession(ctx context.Context, signals <-chan *dbus.Signal, out chan<- SessionEvent) {
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-signals:
			if !ok {
				return
			}
			e, ok := sessionEvent(s)
			if !ok {
				continue
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}
}

// sessionEvent reads one signal. A Lock of any session of the user counts: to
// lock once too often is the safe side.
func sessionEvent(s *dbus.Signal) (SessionEvent, bool) {
	switch s.Name {
	case logindManager + ".PrepareForSleep":
		if len(s.Body) != 1 {
			return 0, false
		}
		before, ok := s.Body[0].(bool)
		if before {
			return Suspending, ok
		}
		return Resumed, ok
	case logindSession + ".Lock":
		return ScreenLocked, true
	case logindSession + ".Unlock":
		return ScreenUnlocked, true
	}
	return 0, false
}
