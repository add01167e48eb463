package export

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"

	"sotto/chat/disk"
)

// spoolKey encrypts the temporary files of an export that will be encrypted, so that its plaintext never lies on the
// disk. It lives in memory only, for one export. It keeps secret and does not authenticate: a temporary file that someone
// changes gives an export that does not verify.
type spoolKey [32]byte

// String shows nothing.
func (*spoolKey) String() string { return "spool key (redacted)" }

func newSpoolKey() *spoolKey {
	var k spoolKey
	rand.Read(k[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	return &k
}

// spool is a file being written.
type spool struct {
	io.Writer
	file *os.File
}

// close makes the file durable and ends it.
func (s *spool) close() error { return disk.Error(errors.Join(s.file.Sync(), s.file.Close())) }

// create makes a file of the folder; encrypted when the folder has a key.
func (d *folder) create(name string) (*spool, error) {
	full := filepath.Join(d.path, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return nil, disk.Error(err)
	}
	file, err := os.OpenFile(full, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, disk.Error(err)
	}
	if d.key == nil {
		return &spool{Writer: file, file: file}, nil
	}
	var iv [aes.BlockSize]byte
	rand.Read(iv[:]) //nolint:errcheck // never fails
	if _, err := file.Write(iv[:]); err != nil {
		return nil, errors.Join(disk.Error(err), disk.Error(file.Close()))
	}
	return &spool{Writer: &hidden{stream: d.key.stream(iv), out: file}, file: file}, nil
}

// hidden encrypts what passes, in a buffer that it keeps: cipher.StreamWriter makes one for each write.
type hidden struct {
	stream cipher.Stream
	out    io.Writer
	buffer [16 << 10]byte
}

// Write implements io.Writer.
func (h *hidden) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		piece := h.buffer[:min(len(b), len(h.buffer))]
		h.stream.XORKeyStream(piece, b[:len(piece)])
		done, err := h.out.Write(piece)
		n += done
		if err != nil {
			return n, err
		}
		b = b[len(piece):]
	}
	return n, nil
}

// reader is a file being read back.
type reader struct {
	io.Reader
	io.Closer
}

// open reads back a file of the folder.
func (d *folder) open(name string) (io.ReadCloser, error) {
	file, err := os.Open(filepath.Join(d.path, filepath.FromSlash(name)))
	if err != nil {
		return nil, disk.Error(err)
	}
	if d.key == nil {
		return file, nil
	}
	var iv [aes.BlockSize]byte
	if _, err := io.ReadFull(file, iv[:]); err != nil {
		return nil, errors.Join(disk.Error(err), disk.Error(file.Close()))
	}
	return reader{cipher.StreamReader{S: d.key.stream(iv), R: file}, file}, nil
}

func (k *spoolKey) stream(iv [aes.BlockSize]byte) cipher.Stream {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic("export: " + err.Error()) // the length is right
	}
	return cipher.NewCTR(block, iv[:])
}
