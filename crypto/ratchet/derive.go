package ratchet

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
)

// The two inputs of the chain step (docs/PROTOCOL.md section 6.4).
var (
	chainStepInput   = encode.Fields(encode.RatchetChain, []byte{1})
	messageStepInput = encode.Fields(encode.RatchetChain, []byte{2})
)

// firstRoot derives the root key a session starts from (section 6.3).
func firstRoot(root Root, binding Binding, session SessionID) rootKey {
	return rootKey(encode.Derive(root[:], binding[:], encode.RatchetRoot, keySize, session[:]))
}

// chainHash commits to everything that is the same in all messages of a chain: the session, the side
// that sends, its ratchet key and the KEM material (section 6.3).
func chainHash(binding *Binding, sender Role, public *[publicSize]byte, f flags, material []byte) [32]byte {
	return encode.Hash(encode.RatchetKEM, binding[:], []byte{byte(sender)}, public[:], []byte{byte(f)}, material)
}

// rootStep is KDF_RK of the Double Ratchet specification, revision 4, section 3.1, over the
// concatenation of the X25519 secret and the KEM secrets of the step. The chain hash and the
// receiver's ratchet key fix what the secrets were agreed with. It clears the secrets.
func rootStep(root *rootKey, hash [32]byte, receiver *[publicSize]byte, secrets []byte) (rootKey, chainKey) {
	out := encode.Derive(secrets, root[:], encode.RatchetRoot, 2*keySize, hash[:], receiver[:])
	clear(secrets)
	next, chain := rootKey(out[:keySize]), chainKey(out[keySize:])
	clear(out)
	return next, chain
}

// chainStep is KDF_CK of the Double Ratchet specification, revision 4, section 3.1: it turns key
// into the next chain key and returns the message key in between.
func chainStep(key *chainKey) messageKey {
	var mk messageKey
	mac := hmac.New(sha256.New, key[:])
	mac.Write(messageStepInput)
	mac.Sum(mk[:0])
	mac.Reset()
	mac.Write(chainStepInput)
	mac.Sum(key[:0])
	return mk
}

// sealing returns the cipher, nonce and associated data of one message (section 6.5), and clears the
// message key: key || nonce = HKDF(mk, salt, label || header hash).
func sealing(mk *messageKey, binding *Binding, sender Role, raw, salt, ad []byte) (cipher.AEAD, []byte, []byte) {
	hash := encode.Hash(encode.RatchetHeader, binding[:], []byte{byte(sender)}, raw)
	out := encode.Derive(mk[:], salt, encode.RatchetMessage, chacha20poly1305.KeySize+chacha20poly1305.NonceSize, hash[:])
	clear(mk[:])
	aead, err := chacha20poly1305.New(out[:chacha20poly1305.KeySize])
	if err != nil {
		panic("ratchet: " + err.Error()) // only for a key of another size
	}
	clear(out[:chacha20poly1305.KeySize])
	return aead, out[chacha20poly1305.KeySize:], encode.Fields(encode.RatchetMessage, hash[:], ad)
}
