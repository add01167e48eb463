package identity_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

func TestIdentitySurvivesMarshalAndParse(t *testing.T) {
	id := newIdentity(t)
	again, err := identity.Parse(id.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Certificate().Bytes(), id.Certificate().Bytes()) || !bytes.Equal(again.Marshal(), id.Marshal()) {
		t.Error("another identity came back")
	}
	sig, err := again.Sign(encode.AuditHead, []byte("x"), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := id.Certificate().Verify(encode.AuditHead, []byte("x"), sig, now); err != nil {
		t.Error(err)
	}
}

func TestDeviceSurvivesMarshalAndParse(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	again, err := identity.ParseDevice(device.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Marshal(), device.Marshal()) {
		t.Error("another device came back")
	}
	if !bytes.Equal(again.Statement(id.Fingerprint()), device.Statement(id.Fingerprint())) {
		t.Error("the same device makes another statement")
	}
	if again.ID() != device.ID() || !again.Created().Equal(now) || again.NotAfter() != device.NotAfter() {
		t.Error("id or dates changed")
	}
	statement := signList(t, id, nil, now, device).Devices[0]
	sig, err := again.Sign(encode.BundleStatement, []byte("x"), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := statement.Verify(encode.BundleStatement, []byte("x"), sig, now); err != nil {
		t.Error(err)
	}
	kem, err := statement.KEM()
	if err != nil {
		t.Fatal(err)
	}
	if !statement.DH.Equal(again.DH().PublicKey()) || !bytes.Equal(kem.Bytes(), again.KEM().EncapsulationKey().Bytes()) {
		t.Error("the statement holds other keys")
	}
	foreign, err := newDevice(t).Sign(encode.BundleStatement, []byte("x"), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := statement.Verify(encode.BundleStatement, []byte("x"), foreign, now); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("signature of another device: %v", err)
	}
}

func TestDamagedSecretsAreRefused(t *testing.T) {
	secret, device := newIdentity(t).Marshal(), newDevice(t).Marshal()
	for _, cut := range []int{0, 1, 5, 100, len(device) - 1} {
		if _, err := identity.ParseDevice(device[:cut]); !errors.Is(err, identity.ErrMalformed) {
			t.Errorf("device cut to %d: %v", cut, err)
		}
		if _, err := identity.Parse(secret[:cut]); !errors.Is(err, identity.ErrMalformed) {
			t.Errorf("identity cut to %d: %v", cut, err)
		}
	}
	if _, err := identity.ParseDevice(append(bytes.Clone(device), 0)); !errors.Is(err, identity.ErrMalformed) {
		t.Errorf("device with a byte too many: %v", err)
	}
	device[0]++
	if _, err := identity.ParseDevice(device); !errors.Is(err, identity.ErrMalformed) {
		t.Errorf("device of another format: %v", err)
	}
	if _, err := identity.Parse(append(bytes.Clone(secret), 0)); !errors.Is(err, identity.ErrMalformed) {
		t.Errorf("identity with a byte too many: %v", err)
	}
	for at := range 64 { // what frames the key, and its beginning
		odd := bytes.Clone(secret)
		odd[at]++
		if i, err := identity.Parse(odd); err == nil && !bytes.Equal(i.Marshal(), odd) {
			t.Errorf("identity with another byte %d has a second form", at)
		}
	}
}

func TestErasedSecretsAreGone(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	id.Erase()
	id.Erase()
	device.Erase()
	if id.Marshal() != nil || device.Marshal() != nil || device.Statement(id.Fingerprint()) != nil {
		t.Error("an erased secret can still be marshalled")
	}
	if device.DH() != nil || device.KEM() != nil {
		t.Error("an erased device still has keys")
	}
	if _, err := id.Sign(encode.AuditHead, nil, now); !errors.Is(err, identity.ErrErased) {
		t.Errorf("identity signs: %v", err)
	}
	if _, err := device.Sign(encode.AuditHead, nil, now); !errors.Is(err, identity.ErrErased) {
		t.Errorf("device signs: %v", err)
	}
}

func TestPrintingNeverShowsASecret(t *testing.T) {
	id, device := newIdentity(t), newDevice(t)
	dh := device.DH().Bytes()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, secret := range []any{id, device} {
			printed := fmt.Sprintf(verb, secret)
			if len(printed) > 60 || bytes.Contains([]byte(printed), dh) {
				t.Errorf("%s prints %q", verb, printed)
			}
		}
	}
}
