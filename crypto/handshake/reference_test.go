package handshake

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"testing/cryptotest"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

var record = flag.Bool("record", false, "record the handshakes of ../testdata/reference anew; see its README.md")

const (
	recordedHandshakes = "../testdata/reference/recorded-handshakes.json"
	derivedHandshakes  = "../testdata/reference/derived-handshakes.json"
)

// hexBytes is a byte string in the JSON of the reference: hexadecimal.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// recordedHandshake is what the second implementation starts from: all secrets, and what was sent.
type recordedHandshake struct {
	Date             int64          `json:"date"` // Unix seconds
	Random           uint64         `json:"random"`
	InvitationSecret hexBytes       `json:"invitation_secret"`
	Acceptor         recordedDevice `json:"acceptor"`
	Initiator        recordedDevice `json:"initiator"`
	PrekeySet        recordedPrekey `json:"prekey_set"`
	OneTimePair      recordedPrekey `json:"one_time_pair"` // empty in mode 0
	SealedBundle     hexBytes       `json:"sealed_bundle"`
	SealedPair       hexBytes       `json:"sealed_pair"` // empty in mode 0
	Ephemeral        hexBytes       `json:"ephemeral"`
	Encapsulation    hexBytes       `json:"encapsulation"`
	Header           hexBytes       `json:"header"`
}

type recordedDevice struct {
	Device  hexBytes `json:"device"`  // identity.Device.Marshal, for Go only
	Private hexBytes `json:"private"` // X25519
	Seed    hexBytes `json:"seed"`    // ML-KEM-768
}

type recordedPrekey struct {
	ID      hexBytes `json:"id"`
	Private hexBytes `json:"private"` // X25519
	Seed    hexBytes `json:"seed"`    // ML-KEM-1024
	Created int64    `json:"created"`
}

// derivedHandshake is every value of sections 3 to 5, in the order of the second implementation.
type derivedHandshake struct {
	AcceptorFingerprint      hexBytes `json:"acceptor_fingerprint"`
	AcceptorCertificateHash  hexBytes `json:"acceptor_certificate_hash"`
	AcceptorListHash         hexBytes `json:"acceptor_list_hash"`
	AcceptorStatementHash    hexBytes `json:"acceptor_statement_hash"`
	InitiatorFingerprint     hexBytes `json:"initiator_fingerprint"`
	InitiatorCertificateHash hexBytes `json:"initiator_certificate_hash"`
	InitiatorListHash        hexBytes `json:"initiator_list_hash"`
	InitiatorStatementHash   hexBytes `json:"initiator_statement_hash"`
	SafetyNumber             string   `json:"safety_number"`
	BundleKey                hexBytes `json:"bundle_key"`
	PrekeyKey                hexBytes `json:"prekey_key"`
	PairHash                 hexBytes `json:"pair_hash"`
	GateKey                  hexBytes `json:"gate_key"`
	Gate                     hexBytes `json:"gate"`
	ReplayHash               hexBytes `json:"replay_hash"`
	DH1                      hexBytes `json:"dh1"`
	DH2                      hexBytes `json:"dh2"`
	DH3                      hexBytes `json:"dh3"`
	DH4                      hexBytes `json:"dh4"`
	KEMSecret                hexBytes `json:"kem_secret"`
	BlockKey                 hexBytes `json:"block_key"`
	BlockNonce               hexBytes `json:"block_nonce"`
	ChainingKey              hexBytes `json:"chaining_key"`
	BlockPlaintextHash       hexBytes `json:"block_plaintext_hash"`
	Transcript               hexBytes `json:"transcript"`
	RootKey                  hexBytes `json:"root_key"`
	SessionBinding           hexBytes `json:"session_binding"`
	SessionID                hexBytes `json:"session_id"`
}

// TestHandshakesMatchTheSecondImplementation derives every value of the recorded handshakes, and
// demands the very bytes that the implementation in JavaScript wrote.
func TestHandshakesMatchTheSecondImplementation(t *testing.T) {
	if *record {
		recordHandshakes(t)
		return
	}
	var recorded []recordedHandshake
	readReference(t, recordedHandshakes, &recorded)
	want, err := os.ReadFile(derivedHandshakes)
	check(t, err)
	var second []derivedHandshake
	readReference(t, derivedHandshakes, &second)
	if len(recorded) != 2 || len(second) != len(recorded) {
		t.Fatalf("%d handshakes recorded, %d derived, want 2", len(recorded), len(second))
	}
	got := make([]derivedHandshake, len(recorded))
	for i, r := range recorded {
		got[i] = r.derive(t, second[i])
	}
	if ours := formatReference(t, got); !bytes.Equal(ours, want) {
		reportDifference(t, ours, want)
	}
}

// derive runs both sides on the recorded values. The three keys that no function gives away, those of
// the two seals and of the identity block, are taken from the second implementation once sealing under
// them has given the recorded bytes.
func (r recordedHandshake) derive(t *testing.T, second derivedHandshake) derivedHandshake {
	t.Helper()
	date := time.Unix(r.Date, 0)
	secret := Secret(r.InvitationSecret)
	initial, err := ParseInitial(r.Header)
	check(t, err)
	check(t, initial.CheckGate(secret))

	// The initiator, who under the recorded randomness writes the recorded header.
	fingerprint := identity.Fingerprint(second.AcceptorFingerprint)
	bundle, err := OpenBundle(nil, secret, r.SealedBundle, fingerprint, date)
	check(t, err)
	initiator := r.Initiator.parse(t)
	block := parseRecordedBlock(t, r, bundle, date)
	var pair *PublicPair
	if len(r.SealedPair) > 0 {
		pair, err = OpenPair(secret, r.SealedPair)
		check(t, err)
	}
	cryptotest.SetGlobalRandom(t, r.Random)
	own := Own{Device: initiator, Certificate: block.certificate, List: block.list}
	initiated, err := Initiate(own, bundle, pair, secret, date)
	check(t, err)
	if !bytes.Equal(initiated.Header, r.Header) {
		t.Fatal("the recorded randomness gives another header")
	}

	// The acceptor.
	set, oneTime := &PrekeySet{r.PrekeySet.parse(t)}, (*OneTimePair)(nil)
	if pair != nil {
		oneTime = &OneTimePair{r.OneTimePair.parse(t)}
	}
	acceptorCertificate := bundle.Certificate
	acceptor := Own{Device: r.Acceptor.parse(t), Certificate: acceptorCertificate, List: bundle.List}
	accepted, err := Accept(nil, acceptor, set, oneTime, initial, secret, date)
	check(t, err)
	if accepted.Root != initiated.Root || accepted.Binding != initiated.Binding || accepted.SessionID != initiated.SessionID {
		t.Fatal("the two sides disagree")
	}

	// The steps between, each by the function that both sides use.
	dh, prefix := r.agree(t, initial, acceptor, set, oneTime)
	dh1, err := set.dh.ECDH(accepted.PeerDevice.DH)
	check(t, err)
	stage := newStage(dh, secret, prefix, bundle.Device)
	plain, err := stage.open(initial.block)
	check(t, err)
	chaining := bytes.Clone(stage.chaining)
	tr := transcript{
		initiator: accepted.PeerList, acceptor: bundle.List, initiatorDevice: accepted.PeerDevice, peerDevice: bundle.Device,
		setID: set.id, signedPrekey: set.dh.PublicKey().Bytes(), kemKey: set.kem.EncapsulationKey().Bytes(),
		kemCiphertext: initial.kem, ephemeral: initial.ephemeral, header: r.Header,
	}
	var pairHash, prekeyKey hexBytes
	if pair != nil {
		tr.pairID, tr.oneTimeKey, tr.kemKey = pair.id[:], pair.dh.Bytes(), pair.kem.Bytes()
		h := pair.hash()
		pairHash = h[:]
		prekeyKey = provenSeal(t, second.PrekeyKey, encode.PrekeySeal, r.SealedPair, pair.encode())
	}
	hash := tr.hash()
	if out := stage.finish(dh1, tr); out.root != accepted.Root {
		t.Fatal("the transcript of this test is not the one that was used")
	}

	theirs, ours := block.list.Hash(), bundle.List.Hash()
	theirCertificate, ourCertificate := block.certificate.Hash(), acceptorCertificate.Hash()
	theirStatement, ourStatement := accepted.PeerDevice.Hash(), bundle.Device.Hash()
	theirFingerprint, ourFingerprint := block.certificate.Fingerprint(), acceptorCertificate.Fingerprint()
	plainHash := sha256.Sum256(plain)
	bundlePlain, err := secret.open(encode.BundleSeal, r.SealedBundle, len(r.SealedBundle))
	check(t, err)
	return derivedHandshake{
		AcceptorFingerprint:      ourFingerprint[:],
		AcceptorCertificateHash:  ourCertificate[:],
		AcceptorListHash:         ours[:],
		AcceptorStatementHash:    ourStatement[:],
		InitiatorFingerprint:     theirFingerprint[:],
		InitiatorCertificateHash: theirCertificate[:],
		InitiatorListHash:        theirs[:],
		InitiatorStatementHash:   theirStatement[:],
		SafetyNumber:             identity.NewSafetyNumber(ourFingerprint, theirFingerprint).String(),
		BundleKey:                provenSeal(t, second.BundleKey, encode.BundleSeal, r.SealedBundle, bundlePlain),
		PrekeyKey:                prekeyKey,
		PairHash:                 pairHash,
		GateKey:                  encode.Derive(secret[:], nil, encode.Gate, sha256.Size),
		Gate:                     gateMAC(secret, prefix, initial.block),
		ReplayHash:               accepted.Replay[:],
		DH1:                      dh1,
		DH2:                      dh.dh2,
		DH3:                      dh.dh3,
		DH4:                      dh.dh4,
		KEMSecret:                dh.shared,
		BlockKey:                 provenBlock(t, second.BlockKey, stage, plain, initial.block),
		BlockNonce:               stage.nonce,
		ChainingKey:              chaining,
		BlockPlaintextHash:       plainHash[:],
		Transcript:               hash[:],
		RootKey:                  accepted.Root[:],
		SessionBinding:           accepted.Binding[:],
		SessionID:                accepted.SessionID[:],
	}
}

func (r recordedHandshake) agree(t *testing.T, in *Initial, own Own, set *PrekeySet, pair *OneTimePair) (*secrets, []byte) {
	t.Helper()
	ephemeral, err := own.Device.DH().Curve().NewPublicKey(in.ephemeral)
	check(t, err)
	dh, err := in.agree(own.Device.DH(), set, pair, ephemeral)
	check(t, err)
	return dh, in.prefix
}

// parseRecordedBlock opens the identity block, which holds the initiator's certificate and list.
func parseRecordedBlock(t *testing.T, r recordedHandshake, bundle *Bundle, date time.Time) *peer {
	t.Helper()
	initial, err := ParseInitial(r.Header)
	check(t, err)
	set, pair := &PrekeySet{r.PrekeySet.parse(t)}, (*OneTimePair)(nil)
	if len(r.OneTimePair.ID) > 0 {
		pair = &OneTimePair{r.OneTimePair.parse(t)}
	}
	dh, prefix := r.agree(t, initial, Own{Device: r.Acceptor.parse(t)}, set, pair)
	plain, err := newStage(dh, Secret(r.InvitationSecret), prefix, bundle.Device).open(initial.block)
	check(t, err)
	peer, err := parseBlock(nil, plain, date)
	check(t, err)
	return peer
}

// provenSeal returns key if plain sealed under it with the nonce of sealed is sealed.
func provenSeal(t *testing.T, key hexBytes, label encode.Label, sealed, plain []byte) hexBytes {
	t.Helper()
	aead, err := chacha20poly1305.NewX(key)
	check(t, err)
	again := aead.Seal(bytes.Clone(sealed[:25]), sealed[1:25], plain, encode.Fields(label, sealed[:1]))
	if !bytes.Equal(again, sealed) {
		t.Errorf("%s: the second implementation's key is another", label)
	}
	return key
}

// provenBlock returns key if sealing plain under it gives the identity block.
func provenBlock(t *testing.T, key hexBytes, s *stage, plain, block []byte) hexBytes {
	t.Helper()
	aead, err := chacha20poly1305.New(key)
	check(t, err)
	again := aead.Seal(nil, s.nonce, plain, encode.Fields(encode.HandshakeIdentityBlock, s.prefix))
	if !bytes.Equal(again, block) || !bytes.Equal(s.seal(plain), block) {
		t.Error("the second implementation's key of the identity block is another")
	}
	return key
}

func (d recordedDevice) parse(t *testing.T) *identity.Device {
	t.Helper()
	device, err := identity.ParseDevice(d.Device)
	check(t, err)
	if !bytes.Equal(device.DH().Bytes(), d.Private) || !bytes.Equal(device.KEM().Bytes(), d.Seed) {
		t.Fatal("the recorded keys are not those of the recorded device")
	}
	return device
}

func (p recordedPrekey) parse(t *testing.T) prekey {
	t.Helper()
	secret := []byte{prekeyFormat}
	for _, b := range [][]byte{p.ID, encode.Time(time.Unix(p.Created, 0)), p.Private, p.Seed} {
		secret = encode.Append(secret, b)
	}
	out, err := parsePrekey(secret)
	check(t, err)
	return out
}

// recordHandshakes writes one handshake with a one-time pair and one without.
func recordHandshakes(t *testing.T) {
	t.Helper()
	date := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	out := []recordedHandshake{recordHandshake(t, 1, date, true), recordHandshake(t, 2, date, false)}
	check(t, os.WriteFile(recordedHandshakes, formatReference(t, out), 0o644))
}

func recordHandshake(t *testing.T, seed uint64, date time.Time, oneTime bool) recordedHandshake {
	t.Helper()
	cryptotest.SetGlobalRandom(t, seed)
	acceptor, initiator := newRecordedOwn(t, date), newRecordedOwn(t, date)
	secret := NewSecret()
	set, err := NewPrekeySet(date)
	check(t, err)
	pair, err := NewOneTimePair(date)
	check(t, err)
	other, err := NewOneTimePair(date)
	check(t, err)
	bundleBytes, err := NewBundle(acceptor, set, []*OneTimePair{other, pair}, date)
	check(t, err)
	r := recordedHandshake{
		Date: date.Unix(), Random: seed + 100, InvitationSecret: secret[:],
		Acceptor: recordDevice(acceptor.Device), Initiator: recordDevice(initiator.Device),
		PrekeySet: recordPrekey(set.prekey), SealedBundle: SealBundle(secret, bundleBytes),
	}
	var public *PublicPair
	if oneTime {
		r.OneTimePair, r.SealedPair, public = recordPrekey(pair.prekey), SealPair(secret, pair), pair.Public()
	}
	bundle, err := OpenBundle(nil, secret, r.SealedBundle, acceptor.List.Identity, date)
	check(t, err)

	// Initiate draws the ephemeral key first and the randomness of the encapsulation next.
	cryptotest.SetGlobalRandom(t, r.Random)
	r.Ephemeral, r.Encapsulation = make([]byte, 32), make([]byte, 32)
	rand.Read(r.Ephemeral)
	rand.Read(r.Encapsulation)
	cryptotest.SetGlobalRandom(t, r.Random)
	initiated, err := Initiate(initiator, bundle, public, secret, date)
	check(t, err)
	r.Header = initiated.Header
	return r
}

func newRecordedOwn(t *testing.T, date time.Time) Own {
	t.Helper()
	id, err := identity.New(date)
	check(t, err)
	device, err := identity.NewDevice(date)
	check(t, err)
	list, err := identity.SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, date)
	check(t, err)
	return Own{Device: device, Certificate: id.Certificate(), List: list}
}

func recordDevice(d *identity.Device) recordedDevice {
	return recordedDevice{Device: d.Marshal(), Private: d.DH().Bytes(), Seed: d.KEM().Bytes()}
}

func recordPrekey(p prekey) recordedPrekey {
	return recordedPrekey{ID: p.id[:], Private: p.dh.Bytes(), Seed: p.kem.Bytes(), Created: p.created.Unix()}
}

func readReference(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	check(t, d.Decode(into))
}

// formatReference is JSON.stringify(v, null, 2) and a newline.
func formatReference(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	check(t, err)
	return append(b, '\n')
}

// reportDifference names the first line that differs.
func reportDifference(t *testing.T, ours, theirs []byte) {
	t.Helper()
	a, b := bytes.Split(ours, []byte("\n")), bytes.Split(theirs, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			t.Fatalf("line %d: here %s, second implementation %s", i+1, bytes.TrimSpace(a[i]), bytes.TrimSpace(b[i]))
		}
	}
	t.Fatalf("%d lines here, %d of the second implementation", len(a), len(b))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
