//go:build linux

package platform_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"sotto/app/platform"
)

// bus starts a private message bus as session and system bus of the test, and
// answers a connection to it.
func bus(t *testing.T) *dbus.Conn {
	t.Helper()
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address", "--address=unix:dir="+t.TempDir())
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Skipf("no dbus-daemon: %v", err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

type shown struct {
	replaces    uint32
	title, text string
}

// daemon is a notification service that notes what it is asked.
type daemon struct {
	shown  chan shown
	closed chan uint32
	next   uint32
}

func (d *daemon) Notify(_ string, replaces uint32, _, title, text string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	d.shown <- shown{replaces, title, text}
	if replaces != 0 {
		return replaces, nil
	}
	d.next++
	return d.next, nil
}

func (d *daemon) CloseNotification(id uint32) *dbus.Error {
	d.closed <- id
	return nil
}

func notificationDaemon(t *testing.T, conn *dbus.Conn) *daemon {
	t.Helper()
	d := &daemon{shown: make(chan shown, 8), closed: make(chan uint32, 8), next: 40}
	if err := conn.Export(d, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNotifierShowsConstantWordsAndReplacesItsOwn(t *testing.T) {
	conn := bus(t)
	d := notificationDaemon(t, conn)
	clicked := make(chan struct{}, 1)
	n, err := platform.NewNotifier(platform.NotifierOptions{
		AppName: "Sotto", AppID: "im.sotto.Sotto",
		Words:     map[platform.Kind]platform.Words{platform.NewMessages: {Title: "Sotto", Text: "New messages"}},
		Activated: func() { clicked <- struct{}{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	var got []shown
	for range 2 {
		if err := n.Notify(platform.NewMessages); err != nil {
			t.Fatal(err)
		}
		got = append(got, <-d.shown)
	}
	want := []shown{{0, "Sotto", "New messages"}, {41, "Sotto", "New messages"}}
	if !slices.Equal(got, want) {
		t.Errorf("shown %v, wanted %v", got, want)
	}
	if err := conn.Emit("/org/freedesktop/Notifications", "org.freedesktop.Notifications.ActionInvoked", uint32(41), "default"); err != nil {
		t.Fatal(err)
	}
	<-clicked
	if err := n.Clear(platform.NewMessages); err != nil {
		t.Fatal(err)
	}
	if id := <-d.closed; id != 41 {
		t.Errorf("closed %d, wanted 41", id)
	}
	if err := n.Notify(platform.Attention); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("a kind without words: %v", err)
	}
}

func TestNotifierSaysWhenThereIsNoBus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	if _, err := platform.NewNotifier(platform.NotifierOptions{}); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("%v, wanted ErrUnsupported", err)
	}
}

func TestSessionEventsArriveAndEndWithTheContext(t *testing.T) {
	conn := bus(t)
	ctx, cancel := context.WithCancel(t.Context())
	events, err := platform.WatchSession(ctx)
	if err != nil {
		t.Fatal(err)
	}
	emit := func(path dbus.ObjectPath, name string, args ...any) {
		t.Helper()
		if err := conn.Emit(path, name, args...); err != nil {
			t.Fatal(err)
		}
	}
	const manager, session = "/org/freedesktop/login1", "/org/freedesktop/login1/session/_31"
	emit(manager, "org.freedesktop.login1.Manager.PrepareForSleep", "not a bool")
	emit(manager, "org.freedesktop.login1.Manager.PrepareForSleep", true)
	emit(manager, "org.freedesktop.login1.Manager.PrepareForSleep", false)
	emit(session, "org.freedesktop.login1.Session.Lock")
	emit(session, "org.freedesktop.login1.Session.Unlock")
	for _, want := range []platform.SessionEvent{platform.Suspending, platform.Resumed, platform.ScreenLocked, platform.ScreenUnlocked} {
		if got := <-events; got != want {
			t.Errorf("event %v, wanted %v", got, want)
		}
	}
	cancel()
	if _, open := <-events; open {
		t.Error("an event came after the context ended")
	}
}

func TestAutostartWritesAndRemovesItsEntry(t *testing.T) {
	a := platform.Autostart{AppID: "im.sotto.Sotto", AppName: "Sotto", Exec: `/opt/with "space" $x/sotto`, Folder: filepath.Join(t.TempDir(), "autostart")}
	if on, err := a.Enabled(); on || err != nil {
		t.Fatalf("at first: %v, %v", on, err)
	}
	if err := a.Enable(); err != nil {
		t.Fatal(err)
	}
	entry, err := os.ReadFile(filepath.Join(a.Folder, "im.sotto.Sotto.desktop"))
	if err != nil {
		t.Fatal(err)
	}
	if want := `Exec="/opt/with \\"space\\" \\$x/sotto"` + "\n"; !strings.Contains(string(entry), want) {
		t.Errorf("the entry is %q, wanted %q in it", entry, want)
	}
	if on, err := a.Enabled(); !on || err != nil {
		t.Errorf("enabled: %v, %v", on, err)
	}
	for range 2 {
		if err := a.Disable(); err != nil {
			t.Fatal(err)
		}
	}
	if on, _ := a.Enabled(); on {
		t.Error("still enabled")
	}
	for _, bad := range []string{"sotto", "/a\nExec=/bin/sh"} {
		a.Exec = bad
		if err := a.Enable(); !errors.Is(err, platform.ErrUnsupported) {
			t.Errorf("%q: %v, wanted ErrUnsupported", bad, err)
		}
	}
}

// TestCoreDumpsAreOff runs in a process of its own, because it cannot be undone.
func TestCoreDumpsAreOff(t *testing.T) {
	if os.Getenv("SOTTO_TEST_DUMPABLE") == "" {
		self := exec.Command(os.Args[0], "-test.run=^TestCoreDumpsAreOff$", "-test.v")
		self.Env = append(os.Environ(), "SOTTO_TEST_DUMPABLE=1")
		if out, err := self.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := platform.DisableCoreDumps(); err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("RLIMIT_CORE is %+v, %v", limit, err)
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 0 {
		t.Errorf("dumpable is %d, %v", n, err)
	}
}
