package platform

import (
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"
)

const (
	notifyName = "org.freedesktop.Notifications"
	notifyPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

type dbusNotifier struct {
	opts NotifierOptions
	conn *dbus.Conn

	mu    sync.Mutex
	shown [kinds]uint32 // id of the notification of each kind, 0 for none
	done  sync.WaitGroup
}

// NewNotifier connects to the notification service of the session. It answers
// [ErrUnsupported] when there is no session bus.
func NewNotifier(o NotifierOptions) (Notifier, error) {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, fmt.Errorf("%w: no session bus", ErrUnsupported)
	}
	n := &dbusNotifier{opts: o, conn: conn}
	if err := conn.AddMatchSignal(dbus.WithMatchInterface(notifyName), dbus.WithMatchObjectPath(notifyPath)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("watch notifications: %w", err)
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	n.done.Go(func() { n.watch(signals) })
	return n, nil
}

// Notify implements Notifier.
func (n *dbusNotifier) Notify(k Kind) error {
	words, ok := n.opts.Words[k]
	if !ok || k < 0 || k >= kinds {
		return fmt.Errorf("%w: kind %d has no words", ErrUnsupported, k)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	hints := map[string]dbus.Variant{
		"desktop-entry": dbus.MakeVariant(n.opts.AppID),
		"category":      dbus.MakeVariant("im.received"),
	}
	call := n.conn.Object(notifyName, notifyPath).Call(notifyName+".Notify", 0,
		n.opts.AppName, n.shown[k], n.opts.AppID, words.Title, words.Text,
		[]string{"default", ""}, hints, int32(-1))
	if err := call.Store(&n.shown[k]); err != nil {
		return fmt.Errorf("show a notification: %w", err)
	}
	return nil
}

// Clear implements Notifier.
func (n *dbusNotifier) Clear(k Kind) error {
	if k < 0 || k >= kinds {
		return fmt.Errorf("%w: kind %d", ErrUnsupported, k)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	id := n.shown[k]
	if id == 0 {
		return nil
	}
	n.shown[k] = 0
	if err := n.conn.Object(notifyName, notifyPath).Call(notifyName+".CloseNotification", 0, id).Err; err != nil {
		return fmt.Errorf("take a notification away: %w", err)
	}
	return nil
}

// Close implements Notifier.
func (n *dbusNotifier) Close() error {
	err := n.conn.Close()
	n.done.Wait()
	return err
}

// watch follows clicks and closed notifications until the connection ends.
func (n *dbusNotifier) watch(signals <-chan *dbus.Signal) {
	for s := range signals {
		if len(s.Body) == 0 {
			continue
		}
		id, ok := s.Body[0].(uint32)
		if !ok || !n.forget(id, s.Name == notifyName+".NotificationClosed") {
			continue
		}
		if s.Name == notifyName+".ActionInvoked" && n.opts.Activated != nil {
			n.opts.Activated()
		}
	}
}

// forget reports whether id is ours, and drops it when it was closed.
func (n *dbusNotifier) forget(id uint32, closed bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for k, shown := range n.shown {
		if shown == id && id != 0 {
			if closed {
				n.shown[k] = 0
			}
			return true
		}
	}
	return false
}
