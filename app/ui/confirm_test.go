package ui

import (
	"context"
	"testing"
	"time"

	"sotto/app/apptest/moved"
	"sotto/app/profile"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/chat"
	"sotto/storage"
)

type move func(context.Context, string, storage.Options, storage.Secret, time.Time) error

// moves lets a peer go on with another device.
func (v *world) moves(p *profile.Profile, to move) *profile.Profile {
	v.t.Helper()
	dir := v.dirs[p.Messenger.Self().ID]
	if err := p.Close(); err != nil {
		v.t.Fatal(err)
	}
	err := to(v.t.Context(), dir, storage.Options{Params: cheap.Params, Limits: cheap.Limits}, storage.Passphrase(passphrase), time.Now().Add(time.Minute))
	if err != nil {
		v.t.Fatal(err)
	}
	p, err = profile.Open(v.t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		v.t.Fatal(err)
	}
	v.keep(p, dir)
	if err := p.Start(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
	return p
}

func TestANewDeviceIsConfirmedFromTheChat(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	ada = v.moves(ada, moved.ToNewDevice)
	v.says(ada, "from my new laptop")
	v.until("the banner", func() bool { return v.text("Ada has a new device. It can read what you write.") })
	v.shoot("confirm-device")
	v.tap("New device: confirm")
	v.until("it is explained", func() bool { return v.text("You confirm that Ada uses this device") })
	v.shoot("confirm-device-asked")
	v.tapTop("Confirm")
	v.until("it is confirmed", func() bool { return v.button("New device: confirm") == nil && !v.text("Ada has a new device") })
	if s, err := v.me.Messenger.Security(t.Context(), ada.Messenger.Self().ID); err != nil || s.NewDevices != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestARestoredIdentityOfAnUnverifiedContactStaysOnScreenUntilItIsConfirmed(t *testing.T) {
	v := newWorld(t, theme.Dark)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	ada = v.moves(ada, moved.Restored)
	id := ada.Messenger.Self().ID
	v.says(ada, "it is me, really")
	const banner = "The identity of Ada was restored or copied. What you write goes there all the same."
	v.until("the banner", func() bool { return v.text(banner) })
	v.write("is it?")
	v.until("what is written still goes out", func() bool { return has(ada, v.me, "is it?") })
	v.lock()
	v.unlock()
	v.openChat(ada)
	v.until("the banner outlived the lock", func() bool { return v.text(banner) })
	v.tap("Confirm")
	v.tap("Compare the safety number first")
	v.until("the number is shown", func() bool { return v.text("Safety number") })
	if s, err := v.me.Messenger.Security(t.Context(), id); err != nil || !s.Restored {
		t.Errorf("comparing confirmed: %+v, %v", s, err)
	}
	v.shoot("confirm-restored")
	v.w.Open(screen.Place{Screen: screen.Security})
	v.until("the alert", func() bool { return v.text("The identity of Ada was restored or copied. Compare the safety number") })
	v.shoot("confirm-alert")
	v.tap("Confirm")
	v.until("it is explained", func() bool { return v.text("You confirm that it was Ada") })
	v.tapTop("Confirm")
	v.until("nothing waits", func() bool { return v.button("Confirm") == nil })
	if s, err := v.me.Messenger.Security(t.Context(), id); err != nil || s.Restored || s.Verification != chat.Unverified {
		t.Errorf("%+v, %v", s, err)
	}
}
