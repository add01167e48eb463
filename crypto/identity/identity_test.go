package identity_test

import (
	"testing"
	"time"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newIdentity(t testing.TB) *identity.Identity {
	t.Helper()
	id, err := identity.New(now)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func newDevice(t testing.TB) *identity.Device {
	t.Helper()
	d, err := identity.NewDevice(now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func signList(t testing.TB, id *identity.Identity, previous *identity.DeviceList, at time.Time, devices ...*identity.Device) *identity.DeviceList {
	t.Helper()
	var statements [][]byte
	for _, d := range devices {
		statements = append(statements, d.Statement(id.Fingerprint()))
	}
	list, err := identity.SignDeviceList(id, previous, statements, at)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSizesStayWithinThePlan(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	list := signList(t, id, nil, now, device)
	sig, err := id.Sign(encode.ExportManifest, []byte("x"), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		got  int
		max  int
	}{
		{"certificate", len(id.Certificate().Bytes()), 5520},
		{"identity secret", len(id.Marshal()), 5600},
		{"signature", len(sig), 3540},
		{"device secret", len(device.Marshal()), 2300},
		{"device statement", len(device.Statement(id.Fingerprint())), 3297},
		{"device list of one", len(list.Bytes()), 7050},
	} {
		t.Logf("%s: %d bytes", c.name, c.got)
		if c.got > c.max {
			t.Errorf("%s has %d bytes, more than %d", c.name, c.got, c.max)
		}
	}
}
