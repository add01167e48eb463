package profile_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"testing"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/profile"
	"sotto/chat"
)

// decrypt opens a backup with nothing but OpenPGP.
func decrypt(t *testing.T, file string) []byte {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	prompt := func([]openpgp.Key, bool) ([]byte, error) { return []byte(backupPassphrase), nil }
	m, err := openpgp.ReadMessage(in, nil, prompt, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(m.UnverifiedBody)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// deviceSecrets are the bytes of everything in a profile that belongs to its device.
func deviceSecrets(t *testing.T, p *profile.Profile) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := p.View(t.Context(), func(tx chat.Tx) error {
		contacts, err := tx.Contacts().List()
		if err != nil {
			return err
		}
		for _, c := range contacts {
			sessions, err := tx.Sessions().ForPeer(c.ID)
			if err != nil {
				return err
			}
			for _, s := range sessions {
				// The head names the session and flags; every 32 bytes of the rest are looked for.
				for at := 64; at+32 <= len(s.State); at += 32 {
					if piece := s.State[at : at+32]; bytes.Count(piece, []byte{0}) < 8 {
						out[fmt.Sprintf("bytes %d of a session", at)] = piece
					}
				}
			}
		}
		mailboxes, err := tx.Mailboxes().List()
		if err != nil {
			return err
		}
		for _, m := range mailboxes {
			out["token of mailbox "+m.ID.String()] = m.Token
			out["secret of mailbox "+m.ID.String()] = m.Secret
			prekeys, err := tx.Prekeys().ForMailbox(m.ID)
			if err != nil {
				return err
			}
			for _, k := range prekeys {
				out["prekey "+hex.EncodeToString(k.ID[:])] = k.Private[len(k.Private)-32:]
				out["prekey's begin "+hex.EncodeToString(k.ID[:])] = k.Private[len(k.Private)/2 : len(k.Private)/2+24]
			}
		}
		device, err := tx.Settings().Get("messenger/device")
		if err != nil {
			return err
		}
		public, err := tx.Settings().Get("messenger/device-list")
		if err != nil {
			return err
		}
		who, err := tx.Settings().Get("messenger/identity")
		if err != nil {
			return err
		}
		public = append(public, who...)                // forms and dates that the two secrets have in common
		for at := 16; at+16 <= len(device); at += 16 { // the first bytes are its id, which messages name
			piece := device[at : at+16]
			if !bytes.Contains(public, piece[:8]) && !bytes.Contains(public, piece[8:]) {
				out[fmt.Sprintf("bytes %d of the device", at)] = piece
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// forms are the bytes as they stand, in hexadecimal, and in base64 wherever the piece begins in a longer text.
func forms(b []byte) [][]byte {
	out := [][]byte{b, []byte(hex.EncodeToString(b))}
	for shift := range 3 {
		e := base64.StdEncoding.EncodeToString(append(make([]byte, shift), b...))
		out = append(out, []byte(e[4:len(e)-6]))
	}
	return out
}
