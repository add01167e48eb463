package identity

import (
	"bytes"
	"testing"

	"sotto/app/apptest/alloc"
	"sotto/crypto/encode"
)

// FuzzVerifyDeviceList signs what the fuzzer makes up, so that it gets behind the signature: what a list says is checked
// even when its identity signed it.
func FuzzVerifyDeviceList(f *testing.F) {
	id, err := New(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	device, err := NewDevice(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	list, err := SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	signature, err := device.Sign(encode.AuditHead, []byte("x"), fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	body := encode.NewReader(list.Bytes()).Bytes(MaxDeviceList)
	f.Add(list.Bytes(), signature)
	f.Add(body, signature)
	f.Add(body[:len(body)-1], signature[:64])
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0}, []byte{})
	f.Fuzz(func(t *testing.T, b, sig []byte) {
		alloc.Check(t, len(b), func() { _, _ = VerifyDeviceList(b, id.Certificate(), fuzzNow) })
		alloc.Check(t, len(sig), func() { _ = list.Devices[0].Verify(encode.AuditHead, []byte("x"), sig, fuzzNow) })
		if got, err := VerifyDeviceList(b, id.Certificate(), fuzzNow); err == nil && !bytes.Equal(got.Bytes(), list.Bytes()) {
			t.Error("a list that nobody signed was accepted")
		}
		_, _ = LoadDeviceList(b, id.Certificate())
		signed, err := id.Sign(encode.DeviceList, b, fuzzNow)
		if err != nil {
			return
		}
		whole := encode.Append(encode.Append(nil, b), signed)
		alloc.Check(t, len(whole), func() { _, _ = VerifyDeviceList(whole, id.Certificate(), fuzzNow) })
		got, err := VerifyDeviceList(whole, id.Certificate(), fuzzNow)
		if err == nil && (got.Identity != id.Fingerprint() || len(got.Devices) == 0) {
			t.Errorf("accepted a list of %v with %d devices", got.Identity, len(got.Devices))
		}
		if s := list.Devices[0]; s.Verify(encode.AuditHead, []byte("x"), sig, fuzzNow) == nil && !bytes.Equal(sig, signature) {
			t.Error("a signature the device did not make was accepted")
		}
	})
}

// FuzzKnown gives a certificate with its list, with nothing remembered and with the good ones.
func FuzzKnown(f *testing.F) {
	id, err := New(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	device, err := NewDevice(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	good, err := SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	certificate := id.Certificate().Bytes()
	f.Add(certificate, good.Bytes())
	f.Add(certificate[:PublicKeySize], good.Bytes())
	f.Add(certificate, good.Bytes()[:100])
	f.Fuzz(func(t *testing.T, c, l []byte) {
		var warm, cold Known
		if _, _, err := warm.Verify(certificate, good.Bytes(), fuzzNow); err != nil {
			t.Fatal(err)
		}
		alloc.Check(t, len(c)+len(l), func() { _, _, _ = cold.Verify(c, l, fuzzNow) })
		cold.Forget()
		alloc.Check(t, len(c)+len(l), func() { _, _, _ = cold.Load(c, l) })
		_, _, alone := cold.Verify(c, l, fuzzNow)
		_, _, beside := warm.Verify(c, l, fuzzNow)
		if (alone == nil) != (beside == nil) {
			t.Errorf("refused alone: %v, beside others: %v", alone, beside)
		}
		if alone != nil {
			return
		}
		// Whoever cannot sign has nothing that the full verification, one after the other, would refuse.
		one, err := ParseCertificate(c)
		if err != nil {
			t.Fatalf("accepted a certificate that does not stand alone: %v", err)
		}
		if _, err := VerifyDeviceList(l, one, fuzzNow); err != nil {
			t.Errorf("accepted a list that its certificate refuses: %v", err)
		}
	})
}

func FuzzParseSafetyQR(f *testing.F) {
	f.Add(SafetyNumber{1}.QR())
	f.Add(SafetyNumber{1}.QR()[:64])
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = ParseSafetyQR(b) })
		n, err := ParseSafetyQR(b)
		if err == nil && !bytes.Equal(n.QR(), b) {
			t.Error("a payload is read as another one")
		}
		if err != nil && err != ErrMalformed {
			t.Errorf("error %v", err)
		}
	})
}

func FuzzParseFingerprint(f *testing.F) {
	f.Add(Fingerprint{0xab}.String())
	f.Add(Fingerprint{0xab}.String()[1:])
	f.Add("zz")
	f.Fuzz(func(t *testing.T, s string) {
		alloc.Check(t, len(s), func() { _, _ = ParseFingerprint(s) })
		p, err := ParseFingerprint(s)
		if err != nil {
			if err != ErrMalformed {
				t.Errorf("error %v", err)
			}
			return
		}
		if again, err := ParseFingerprint(p.String()); err != nil || again != p {
			t.Errorf("%q is read back as another one", s)
		}
	})
}
