package export

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
)

// Encryption is how an export is encrypted.
type Encryption string

// Forms.
const (
	// Plain is a folder that is not encrypted.
	Plain Encryption = ""
	// ExportCode is one file, a tar archive of the folder in OpenPGP (RFC 9580 section 5.13.1: SEIPD version 1, AES-256)
	// under a generated code. GnuPG 2.2, Sequoia and OpenPGP.js open it.
	ExportCode Encryption = "export-code"
	// Backup is the form that can be restored. Package backup writes it; here it is chat.ErrUnsupported.
	Backup Encryption = "backup"
)

// codeBytes is the entropy of an export code: 120 bits.
const codeBytes = 15

// newCode returns six groups of four letters and digits (RFC 4648 base32), joined by hyphens. It is typed as it stands.
func newCode() string {
	var b [codeBytes]byte
	rand.Read(b[:]) //nolint:errcheck // never fails
	text := base32.StdEncoding.EncodeToString(b[:])
	var groups []string
	for ; text != ""; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, "-")
}

// seal writes the folder as one encrypted file at temp and returns its code; step hears of the bytes of whole files.
func (d *folder) seal(ctx context.Context, temp string, now time.Time, step func(int64)) (code string, err error) {
	out, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", disk.Error(err)
	}
	defer func() { err = errors.Join(err, disk.Error(out.Sync()), disk.Error(out.Close())) }()
	code = newCode()
	plain, err := openpgp.SymmetricallyEncrypt(out, []byte(code), &openpgp.FileHints{IsUTF8: false}, &packet.Config{
		DefaultCipher: packet.CipherAES256, DefaultCompressionAlgo: packet.CompressionNone,
		// The code is random: the derivation only has to be the one that older programs know.
		S2KConfig: &s2k.Config{S2KMode: s2k.IteratedSaltedS2K, S2KCount: 65536},
		Time:      func() time.Time { return now },
	})
	if err != nil {
		return "", fmt.Errorf("encrypting: %w", disk.Error(err))
	}
	if err := d.pack(ctx, plain, now, step); err != nil {
		return "", err
	}
	if err := plain.Close(); err != nil {
		return "", disk.Error(err)
	}
	return code, nil
}

// pack writes the folder as a tar archive, under one name at its top.
func (d *folder) pack(ctx context.Context, w io.Writer, now time.Time, step func(int64)) error {
	archive := tar.NewWriter(w)
	sizes := map[string]int64{}
	whole := map[string]func(int64){}
	names := []string{manifestFile, signatureFile}
	for _, f := range d.files {
		names = append(names, f.Path)
		sizes[f.Path] = f.Size
		if f.Whole {
			whole[f.Path] = step
		}
	}
	for name, size := range d.extra {
		sizes[name] = size
	}
	for _, name := range names {
		header := &tar.Header{Name: archiveTop + name, Mode: 0o600, Size: sizes[name], ModTime: now, Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return disk.Error(err)
		}
		if err := d.copy(ctx, archive, name, whole[name]); err != nil {
			return err
		}
	}
	return disk.Error(archive.Close())
}

func (d *folder) copy(ctx context.Context, w io.Writer, name string, step func(int64)) error {
	in, err := d.open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = files.Copy(ctx, w, in, step)
	return disk.Error(err)
}

func (e Encryption) check() error {
	switch e {
	case Plain, ExportCode:
		return nil
	case Backup:
		return fmt.Errorf("%w: a backup is not written as an export", chat.ErrUnsupported)
	}
	return fmt.Errorf("%w: form of encryption", chat.ErrMalformed)
}
