package backup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/vault"
)

// standard is what a passphrase costs: Argon2id over 256 MiB. It is fixed and not calibrated, because a backup is opened
// on another machine than it was made on. RFC 9580 section 3.7.1.4 writes memory as a power of two of KiB.
func standard() vault.Params { return vault.Params{Memory: 256 << 10, Time: 3, Threads: 4} }

// chunkSize is how much one tag of the AEAD covers (RFC 9580 section 5.13.2).
const chunkSize = 256 << 10

// seal returns a writer that encrypts to out: a version 6 SKESK packet and a version 2 SEIPD packet with AES-256-GCM.
func seal(out io.Writer, passphrase string, cost vault.Params, now time.Time) (io.WriteCloser, error) {
	if cost == (vault.Params{}) {
		cost = standard()
	}
	plain, err := openpgp.SymmetricallyEncrypt(out, []byte(passphrase), &openpgp.FileHints{IsUTF8: true}, &packet.Config{
		DefaultCipher: packet.CipherAES256, DefaultCompressionAlgo: packet.CompressionNone,
		AEADConfig: &packet.AEADConfig{DefaultMode: packet.AEADModeGCM, ChunkSize: chunkSize},
		S2KConfig: &s2k.Config{S2KMode: s2k.Argon2S2K, Argon2Config: &s2k.Argon2Config{
			NumberOfPasses: uint8(cost.Time), DegreeOfParallelism: cost.Threads, Memory: cost.Memory,
		}},
		Time: func() time.Time { return now },
	})
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", disk.Error(err))
	}
	debug.FreeOSMemory() // what the derivation took is as much as all the rest together
	return plain, nil
}

// The head of a backup is fixed but for salts, nonces, keys and cost (RFC 9580 sections 5.3.2 and 5.13.2).
const (
	skeskSize = 2 + 85 // tag, length, body
	s2kCost   = 24     // offset of passes, threads and memory
	headSize  = skeskSize + 1 + 5 + 4
)

// IsBackup reports whether a file that begins so is a backup of this or a later form: a SKESK packet of version 6.
func IsBackup(head []byte) bool { return len(head) > 2 && head[0] == 0xc3 && head[2] == 6 }

// maxMemory is the most that a backup may ask of Argon2id, in KiB: 1 GiB, four times what one of ours asks for. The head is
// whoever made the file's to choose, and nothing of it is known to be genuine before the passphrase was derived.
const maxMemory = 1 << 20

// checkHead refuses every file but one of ours before anything is derived or decrypted: one SKESK packet of version 6 with
// AES-256, GCM and Argon2id at a bearable cost, and a SEIPD packet of version 2 with AES-256 and GCM. So there is no way
// to packets without authentication.
func checkHead(b []byte, limits vault.Limits) error {
	if len(b) < headSize {
		return fmt.Errorf("%w: not a backup", chat.ErrMalformed)
	}
	for i, want := range map[int]byte{
		0: 0xc3, 1: skeskSize - 2, 2: 6, 3: 35, 4: byte(packet.CipherAES256), 5: byte(packet.AEADModeGCM), 6: 20, 7: byte(s2k.Argon2S2K),
		skeskSize: 0xd2,
	} {
		if b[i] != want {
			return fmt.Errorf("%w: not a backup", chat.ErrMalformed)
		}
	}
	if b[s2kCost+2] > 31 {
		return fmt.Errorf("%w: cost of the passphrase", chat.ErrMalformed)
	}
	cost := vault.Params{Time: uint32(b[s2kCost]), Threads: b[s2kCost+1], Memory: 1 << b[s2kCost+2]}
	if cost.Memory < limits.MinMemory || cost.Memory > min(limits.MaxMemory, maxMemory) || cost.Time < limits.MinTime || cost.Time > limits.MaxTime ||
		cost.Threads == 0 || cost.Threads > 16 {
		return fmt.Errorf("%w: cost of the passphrase", chat.ErrMalformed)
	}
	body := b[skeskSize+1:]
	switch first := body[0]; {
	case first < 192, first >= 224 && first < 255:
		body = body[1:]
	case first < 224:
		body = body[2:]
	default:
		body = body[5:]
	}
	if body[0] != 2 || body[1] != byte(packet.CipherAES256) || body[2] != byte(packet.AEADModeGCM) || body[3] > 16 {
		return fmt.Errorf("%w: not a backup", chat.ErrMalformed)
	}
	return nil
}

// open returns the plaintext of a backup. What it yields is authentic only once it was read to io.EOF. Errors:
// chat.ErrMalformed, chat.ErrWrongSecret.
func open(in io.Reader, passphrase string, limits vault.Limits) (io.Reader, error) {
	if limits == (vault.Limits{}) {
		limits = vault.Standard()
	}
	buffered := bufio.NewReaderSize(in, 32<<10)
	head, err := buffered.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, disk.Error(err)
	}
	if err := checkHead(head, limits); err != nil {
		return nil, err
	}
	asked := false
	prompt := func([]openpgp.Key, bool) ([]byte, error) {
		if asked {
			return nil, chat.ErrWrongSecret
		}
		asked = true
		return []byte(passphrase), nil
	}
	none := int64(0) // nothing in a backup is compressed: it never grows while it is read
	message, err := openpgp.ReadMessage(buffered, nil, prompt, &packet.Config{MaxDecompressedMessageSize: &none})
	if errors.Is(err, chat.ErrWrongSecret) {
		return nil, chat.ErrWrongSecret
	}
	if err != nil || message.IsSigned || message.LiteralData == nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, chat.ErrMalformed)
	}
	debug.FreeOSMemory() // as in seal
	return message.UnverifiedBody, nil
}
