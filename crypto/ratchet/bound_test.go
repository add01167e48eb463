package ratchet

import (
	"bytes"
	"testing"
)

// I5 and I18: key, nonce and associated data of a message depend on every byte of its header, on the
// session, the sender, the salt and the caller's data, each by itself. Some of it would be noticed by
// other means as well; that is no reason to do without.
func TestAMessageIsBoundToAllItIsMadeOf(t *testing.T) {
	type inputs struct {
		mk        messageKey
		binding   Binding
		sender    Role
		raw, salt []byte
		ad        []byte
	}
	base := func() inputs {
		return inputs{sender: Initiator, raw: make([]byte, HeaderSize+40), salt: make([]byte, saltSize), ad: make([]byte, 4)}
	}
	sealed := func(in inputs) []byte {
		aead, nonce, ad := sealing(&in.mk, &in.binding, in.sender, in.raw, in.salt, in.ad)
		return aead.Seal(nil, nonce, []byte("text"), ad)
	}
	opens := func(in inputs, body []byte) bool {
		aead, nonce, ad := sealing(&in.mk, &in.binding, in.sender, in.raw, in.salt, in.ad)
		_, err := aead.Open(nil, nonce, body, ad)
		return err == nil
	}
	body := sealed(base())
	if !opens(base(), body) || !bytes.Equal(sealed(base()), body) {
		t.Fatal("sealing is not a function of its inputs")
	}
	refused := func(what string, change func(*inputs)) {
		t.Helper()
		in := base()
		change(&in)
		if opens(in, body) {
			t.Errorf("opens with another %s", what)
		}
	}
	for i := range base().raw {
		refused("header", func(in *inputs) { in.raw[i] ^= 1 })
	}
	refused("header, longer", func(in *inputs) { in.raw = append(in.raw, 0) })
	refused("message key", func(in *inputs) { in.mk[31] ^= 1 })
	refused("session", func(in *inputs) { in.binding[31] ^= 1 })
	refused("sender", func(in *inputs) { in.sender = Acceptor })
	refused("salt", func(in *inputs) { in.salt[15] ^= 1 })
	refused("associated data", func(in *inputs) { in.ad[3] ^= 1 })
	refused("associated data, none", func(in *inputs) { in.ad = nil })
}

// The root key and the chain key of a step depend on the root before it, on every secret, and on all
// that the two sides must agree on.
func TestAChainIsBoundToAllItIsMadeOf(t *testing.T) {
	type inputs struct {
		root             rootKey
		binding          Binding
		sender           Role
		public, receiver [publicSize]byte
		flags            flags
		material         []byte
		secrets          []byte
	}
	base := func() inputs {
		return inputs{sender: Initiator, flags: carriesFirst, material: make([]byte, 2*ciphertextSize), secrets: make([]byte, 3*keySize)}
	}
	step := func(in inputs) (rootKey, chainKey) {
		hash := chainHash(&in.binding, in.sender, &in.public, in.flags, in.material)
		return rootStep(&in.root, hash, &in.receiver, in.secrets)
	}
	root, chain := step(base())
	if bytes.Equal(root[:], chain[:]) {
		t.Error("root and chain key are the same")
	}
	for what, change := range map[string]func(*inputs){
		"root":                 func(in *inputs) { in.root[31] ^= 1 },
		"session":              func(in *inputs) { in.binding[31] ^= 1 },
		"sender":               func(in *inputs) { in.sender = Acceptor },
		"ratchet key":          func(in *inputs) { in.public[31] ^= 1 },
		"receiver":             func(in *inputs) { in.receiver[31] ^= 1 },
		"flags":                func(in *inputs) { in.flags = carriesAnswer },
		"first ciphertext":     func(in *inputs) { in.material[0] ^= 1 },
		"static ciphertext":    func(in *inputs) { in.material[2*ciphertextSize-1] ^= 1 },
		"X25519 secret":        func(in *inputs) { in.secrets[0] ^= 1 },
		"ML-KEM secret":        func(in *inputs) { in.secrets[keySize] ^= 1 },
		"static ML-KEM secret": func(in *inputs) { in.secrets[3*keySize-1] ^= 1 },
		"number of secrets":    func(in *inputs) { in.secrets = in.secrets[:2*keySize] },
	} {
		in := base()
		change(&in)
		otherRoot, otherChain := step(in)
		if otherRoot == root || otherChain == chain {
			t.Errorf("another %s gives the same keys", what)
		}
	}
}
