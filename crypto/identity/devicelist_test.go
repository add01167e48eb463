package identity_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

func TestDeviceListSurvivesTheRoundTrip(t *testing.T) {
	id, one, two := newIdentity(t), newDevice(t), newDevice(t)
	list := signList(t, id, nil, now, one, two)
	got, err := identity.VerifyDeviceList(list.Bytes(), id.Certificate(), now)
	if err != nil {
		t.Fatal(err)
	}
	if got.Hash() != list.Hash() || got.Version != uint64(now.Unix()) || got.Previous != [32]byte{} ||
		got.Certificate != id.Certificate().Hash() || !got.NotAfter.Equal(now.Add(identity.ListLifetime)) {
		t.Errorf("another list came back: %+v", got.Pin())
	}
	if len(got.Devices) != 2 || got.Device(two.ID()) != got.Devices[1] || got.Device(identity.DeviceID{}) != nil {
		t.Error("the devices are not the ones listed")
	}
	if !bytes.Equal(got.Devices[0].Bytes(), one.Statement(id.Fingerprint())) || got.Devices[0].Hash() == got.Devices[1].Hash() {
		t.Error("the statements are not the ones listed")
	}
	if got.NeedsRenewal(now) || !got.NeedsRenewal(now.Add(identity.ListLifetime-identity.ListRenewal+time.Second)) {
		t.Error("renewal is not due when under 30 days are left")
	}
}

func TestDeviceListVersionsGrowEvenIfTheClockDoesNot(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	first := signList(t, id, nil, now, device)
	second := signList(t, id, first, now.Add(-time.Hour), device)
	if second.Version != first.Version+1 || second.Previous != first.Hash() {
		t.Errorf("version %d after %d", second.Version, first.Version)
	}
}

func TestOwnListCanBeRenewedAfterItHasExpired(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	stored := signList(t, id, nil, now, device).Bytes()
	later := now.Add(2 * identity.ListLifetime)
	if _, err := identity.VerifyDeviceList(stored, id.Certificate(), later); !errors.Is(err, identity.ErrExpired) {
		t.Fatalf("an expired list: %v", err)
	}
	own, err := identity.LoadDeviceList(stored, id.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	if !own.NeedsRenewal(later) {
		t.Error("an expired list does not need renewal")
	}
	renewed := signList(t, id, own, later, device)
	pin := own.Pin()
	if got, err := identity.Advance(&pin, renewed, later); got != identity.Accepted || err != nil {
		t.Errorf("Advance = %v, %v", got, err)
	}
	damaged := bytes.Clone(stored)
	damaged[50] ^= 1
	if _, err := identity.LoadDeviceList(damaged, id.Certificate()); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("a damaged list: %v", err)
	}
	if _, err := identity.LoadDeviceList(stored, newIdentity(t).Certificate()); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("another's list: %v", err)
	}
}

// signRaw signs an arbitrary list body with the identity's own key.
func signRaw(t testing.TB, id *identity.Identity, body []byte) []byte {
	t.Helper()
	sig, err := id.Sign(encode.DeviceList, body, now)
	if err != nil {
		t.Fatal(err)
	}
	return encode.Append(encode.Append(nil, body), sig)
}

func listBody(owner identity.Fingerprint, cert [32]byte, version, notAfter uint64, statements ...[]byte) []byte {
	var devices []byte
	for _, s := range statements {
		devices = encode.Append(devices, s)
	}
	var body []byte
	for _, f := range [][]byte{owner[:], cert[:], encode.Uint64(version), make([]byte, 32), encode.Uint64(notAfter), devices} {
		body = encode.Append(body, f)
	}
	return body
}

func TestI14ForeignListsAndStatementsAreRefused(t *testing.T) {
	alice, mallory, device := newIdentity(t), newIdentity(t), newDevice(t)
	own, foreign := device.Statement(alice.Fingerprint()), device.Statement(mallory.Fingerprint())
	version, end := uint64(now.Unix()), uint64(now.Add(identity.ListLifetime).Unix())
	cert := alice.Certificate().Hash()

	var tooMany [][]byte
	for range identity.MaxDevices + 1 {
		tooMany = append(tooMany, newDevice(t).Statement(alice.Fingerprint()))
	}
	good := listBody(alice.Fingerprint(), cert, version, end, own)
	if _, err := identity.VerifyDeviceList(signRaw(t, alice, good), alice.Certificate(), now); err != nil {
		t.Fatal(err)
	}
	late := uint64(now.Add(identity.ClockSkew + time.Second).Unix())
	for _, c := range []struct {
		name string
		list []byte
		want error
	}{
		{"signed by another", signRaw(t, mallory, good), identity.ErrSignature},
		{"naming another identity", signRaw(t, alice, listBody(mallory.Fingerprint(), cert, version, end, own)), identity.ErrForeign},
		{"naming another identity and its device", signRaw(t, alice, listBody(mallory.Fingerprint(), cert, version, end, foreign)), identity.ErrForeign},
		{"naming another certificate", signRaw(t, alice, listBody(alice.Fingerprint(), mallory.Certificate().Hash(), version, end, own)), identity.ErrForeign},
		{"with a foreign statement", signRaw(t, alice, listBody(alice.Fingerprint(), cert, version, end, own, foreign)), identity.ErrMalformed}, // same id
		{"with only a foreign statement", signRaw(t, alice, listBody(alice.Fingerprint(), cert, version, end, foreign)), identity.ErrForeign},
		{"without devices", signRaw(t, alice, listBody(alice.Fingerprint(), cert, version, end)), identity.ErrMalformed},
		{"with too many devices", signRaw(t, alice, listBody(alice.Fingerprint(), cert, version, end, tooMany...)), identity.ErrMalformed},
		{"with a device twice", signRaw(t, alice, listBody(alice.Fingerprint(), cert, version, end, own, own)), identity.ErrMalformed},
		{"with a truncated statement", signRaw(t, alice, listBody(alice.Fingerprint(), cert, version, end, own[:len(own)-1])), identity.ErrMalformed},
		{"with a byte after the body", signRaw(t, alice, append(bytes.Clone(good), 0)), identity.ErrMalformed},
		{"with a byte after the signature", append(signRaw(t, alice, good), 0), identity.ErrMalformed},
		{"ahead of the clock", signRaw(t, alice, listBody(alice.Fingerprint(), cert, late, late+60, own)), identity.ErrFuture},
		{"with an absurd version", signRaw(t, alice, listBody(alice.Fingerprint(), cert, 1<<63, end, own)), identity.ErrMalformed},
		{"expired", signRaw(t, alice, listBody(alice.Fingerprint(), cert, version, uint64(now.Add(-identity.ClockSkew-time.Second).Unix()), own)), identity.ErrExpired},
		{"above the bound", make([]byte, identity.MaxDeviceList+1), identity.ErrMalformed},
		{"empty", nil, identity.ErrMalformed},
	} {
		if list, err := identity.VerifyDeviceList(c.list, alice.Certificate(), now); !errors.Is(err, c.want) || list != nil {
			t.Errorf("list %s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestDevicesOutsideTheirDatesAreRefused(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	for _, c := range []struct {
		name string
		at   time.Time
		want error
	}{
		{"before the device was created", now.Add(-identity.ClockSkew - time.Second), identity.ErrFuture},
		{"after the device ended", now.Add(identity.DeviceLifetime + identity.ClockSkew + time.Second), identity.ErrExpired},
	} {
		_, err := identity.SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, c.at)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSigningRefusesForeignPredecessorsAndDevices(t *testing.T) {
	alice, mallory, device := newIdentity(t), newIdentity(t), newDevice(t)
	theirs := signList(t, mallory, nil, now, device)
	if _, err := identity.SignDeviceList(alice, theirs, [][]byte{device.Statement(alice.Fingerprint())}, now); !errors.Is(err, identity.ErrForeign) {
		t.Errorf("foreign predecessor: %v", err)
	}
	if _, err := identity.SignDeviceList(alice, nil, [][]byte{device.Statement(mallory.Fingerprint())}, now); !errors.Is(err, identity.ErrForeign) {
		t.Errorf("foreign device: %v", err)
	}
}

func TestI14ListsSucceedEachOtherByRule(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	first := signList(t, id, nil, now, device)
	second := signList(t, id, first, now.Add(time.Hour), device)
	third := signList(t, id, second, now.Add(2*time.Hour), device)
	restored := signList(t, id, nil, now.Add(3*time.Hour), newDevice(t))
	twin := signList(t, id, nil, now, newDevice(t)) // same version as first, other contents
	stranger := signList(t, newIdentity(t), nil, now, device)

	pin := second.Pin()
	later := now.Add(4 * time.Hour)
	for _, c := range []struct {
		name     string
		pinned   *identity.Pinned
		received *identity.DeviceList
		at       time.Time
		want     identity.Succession
		err      error
	}{
		{"first contact", nil, second, later, identity.Accepted, nil},
		{"the same list", &pin, second, later, identity.Unchanged, nil},
		{"the direct successor", &pin, third, later, identity.Accepted, nil},
		{"an unknown predecessor", &pin, restored, later, identity.RestoredOrCopied, nil},
		{"a list in between was missed", ptr(first.Pin()), third, later, identity.Accepted, nil},
		{"an older list", &pin, first, later, 0, identity.ErrListRolledBack},
		{"the same version, other contents", ptr(first.Pin()), twin, later, 0, identity.ErrListRolledBack},
		{"another identity", &pin, stranger, later, 0, identity.ErrForeign},
		{"expired meanwhile", &pin, third, now.Add(identity.ListLifetime + 2*identity.ClockSkew), 0, identity.ErrExpired},
		{"a clock far behind", &pin, third, now.Add(-2 * identity.ClockSkew), 0, identity.ErrFuture},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := identity.Advance(c.pinned, c.received, c.at)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("Advance = %v, %v; want %v, %v", got, err, c.want, c.err)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// TestI14HonestRenewalsThatWereMissedRaiseNoAlarm follows one identity over many renewals, and a thief who signs beside it.
func TestI14HonestRenewalsThatWereMissedRaiseNoAlarm(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	lists := []*identity.DeviceList{signList(t, id, nil, now, device)}
	at := now
	for range 12 {
		at = at.Add(identity.ListLifetime - identity.ListRenewal)
		lists = append(lists, signList(t, id, lists[len(lists)-1], at, device))
	}
	last := lists[len(lists)-1]
	if again, err := identity.VerifyDeviceList(last.Bytes(), id.Certificate(), at); err != nil || len(again.Earlier) != identity.MaxEarlier {
		t.Fatalf("%d earlier lists, %v", len(again.Earlier), err)
	}
	if n := len(last.Bytes()) - len(lists[0].Bytes()); n != 32*identity.MaxEarlier {
		t.Errorf("the lineage takes %d bytes", n)
	}
	for missed := range len(lists) - 1 {
		want := identity.Accepted
		if missed > identity.MaxEarlier {
			want = identity.RestoredOrCopied
		}
		pin := lists[len(lists)-2-missed].Pin()
		if got, err := identity.Advance(&pin, last, at); got != want || err != nil {
			t.Errorf("%d lists missed: %v, %v; want %v", missed, got, err, want)
		}
	}
	// A copy of the identity goes on from an earlier list; whoever pinned either branch notices the other.
	copied := signList(t, id, lists[len(lists)-2], at.Add(time.Hour), newDevice(t))
	for name, c := range map[string]struct{ pinned, received *identity.DeviceList }{
		"the copy after the original": {last, copied},
		"the original after the copy": {copied, signList(t, id, last, at.Add(2*time.Hour), device)},
	} {
		pin := c.pinned.Pin()
		if got, err := identity.Advance(&pin, c.received, at.Add(3*time.Hour)); got != identity.RestoredOrCopied || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
