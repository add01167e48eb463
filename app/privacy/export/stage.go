package export

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
)

// Bounds of what is taken in before anything of it is known to be genuine.
const (
	maxFiles    = 1 << 17
	maxPath     = 512
	archiveTop  = "sotto-export/"
	tarOverhead = 64 << 10
	spare       = 32 << 20 // bytes that a stage leaves on the disk
)

// stage is a private copy of an export: what was checked is what is read, whoever writes to the original meanwhile. It is
// encrypted under a key that only lives in memory.
type stage struct {
	folder
	sizes map[string]int64
	free  int64 // bytes that it may take
}

// newStage makes an empty stage in a new folder inside dir, for at most free bytes; discard removes it.
func newStage(dir string, free int64) (*stage, error) {
	where, err := os.MkdirTemp(dir, "import-*")
	if err != nil {
		return nil, disk.Error(err)
	}
	return &stage{folder: folder{path: where, key: newSpoolKey()}, sizes: map[string]int64{}, free: free}, nil
}

func (s *stage) discard() {
	clear(s.key[:])
	_ = os.RemoveAll(s.path) // emptied at the next start in any case
}

func (s *stage) open(name string) (io.ReadCloser, error) {
	if _, ok := s.sizes[name]; !ok {
		return nil, fs.ErrNotExist
	}
	return s.folder.open(name)
}

func (s *stage) size(name string) (int64, error) {
	size, ok := s.sizes[name]
	if !ok {
		return 0, fs.ErrNotExist
	}
	return size, nil
}

func (s *stage) check(files, folders map[string]bool) error {
	for name := range maps.Keys(s.sizes) {
		if !files[name] {
			return place(name, 0, Added)
		}
	}
	return nil
}

// take copies one file of at most limit bytes under a name that is new and stays inside. Error: chat.ErrDiskFull when the
// disk would have no room left.
func (s *stage) take(ctx context.Context, name string, in io.Reader, limit int64) error {
	if !validPath(name) {
		return place(path.Base(path.Clean("/"+name)), 0, Added)
	}
	if _, taken := s.sizes[name]; taken {
		return place(name, 0, Added)
	}
	if len(s.sizes) >= maxFiles {
		return fmt.Errorf("%w: more than %d files", chat.ErrTooLarge, maxFiles)
	}
	out, err := s.create(name)
	if err != nil {
		return place(name, 0, Added) // a file where a folder must be, or the other way round
	}
	n, err := files.Copy(ctx, out, io.LimitReader(in, min(limit, s.free)+1), nil)
	if closed := disk.Error(out.file.Close()); err == nil {
		err = closed
	}
	switch {
	case err != nil:
	case n > limit:
		err = place(name, 0, Changed)
	case n > s.free:
		err = chat.ErrDiskFull
	}
	s.sizes[name] = n
	s.free -= min(n, s.free)
	return err
}

// drop removes a file that is no longer needed, to make room.
func (s *stage) drop(name string) error {
	delete(s.sizes, name)
	return s.remove(name)
}

// fromFolder copies an export that lies open: what its manifest names, and no byte more than that allows. A file with holes
// is refused before any of it is read.
func (s *stage) fromFolder(ctx context.Context, root *os.Root, now time.Time) error {
	from := found{root}
	manifest, signature, m, err := readManifest(from, now)
	if err != nil {
		return err
	}
	if err := checkNames(from, m.Files); err != nil {
		return err
	}
	all := int64(len(manifest) + len(signature))
	for _, f := range m.Files {
		if f.Size > s.free-all { // no sum that overflows
			return chat.ErrDiskFull
		}
		all += f.Size
	}
	if err := s.take(ctx, manifestFile, bytes.NewReader(manifest), maxManifest); err != nil {
		return err
	}
	if err := s.take(ctx, signatureFile, bytes.NewReader(signature), maxManifest); err != nil {
		return err
	}
	for _, f := range m.Files {
		size, err := from.size(f.Path)
		if err != nil {
			return place(f.Path, 0, changeOf(err))
		}
		limit := f.Size
		if !f.Whole {
			limit += maxLine // the check of the lines names the place where something was added
		}
		if size > limit || f.Whole && size != limit {
			return place(f.Path, 0, Changed)
		}
		in, err := from.open(f.Path)
		if err != nil {
			return place(f.Path, 0, changeOf(err))
		}
		err = s.take(ctx, f.Path, in, limit)
		if err := errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

// fromFile copies an export from its encrypted file, which is size bytes long. Nothing in ours is compressed, so the
// content is never larger than the file: an archive that swells is refused.
func (s *stage) fromFile(ctx context.Context, in io.Reader, size int64, code string) error {
	plain, err := openSealed(in, code)
	if err != nil {
		return err
	}
	bounded := &io.LimitedReader{R: plain, N: size + tarOverhead}
	archive := tar.NewReader(bounded)
	left := size // of what may come out: a file with holes is larger than what of it is in the archive
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: archive of an export", chat.ErrMalformed)
		}
		name, ok := strings.CutPrefix(h.Name, archiveTop)
		if !ok || h.Typeflag != tar.TypeReg || h.Size < 0 {
			return place(path.Base(path.Clean("/"+h.Name)), 0, Added)
		}
		if left -= h.Size; left < 0 {
			return fmt.Errorf("%w: archive of an export", chat.ErrMalformed)
		}
		if err := s.take(ctx, name, archive, h.Size); err != nil {
			return err
		}
	}
	// Only the end says that all of it is authentic.
	if _, err := files.Copy(ctx, io.Discard, bounded, nil); err != nil || bounded.N <= 0 {
		return fmt.Errorf("%w: not authentic to its end", chat.ErrMalformed)
	}
	return nil
}

// IsSealed reports whether a file that begins so is an export under an export code: a SKESK packet of version 4 (RFC 9580
// section 5.3.1) with AES-256.
func IsSealed(head []byte) bool {
	return len(head) > 4 && head[0] == 0xc3 && head[2] == 4 && head[3] == byte(packet.CipherAES256)
}

// sealedHead refuses every file but one of ours before anything is derived: one SKESK packet of version 4 with an iterated
// and salted derivation, then a SEIPD packet of version 1. So nobody names a cost that exhausts the machine, and there is
// no way to packets without authentication.
func sealedHead(b []byte) bool {
	if !IsSealed(b) || b[4] != 3 || b[1] < 13 || b[1] > 64 {
		return false
	}
	b = b[2+int(b[1]):]
	if b[0] != 0xd2 {
		return false
	}
	switch first := b[1]; {
	case first < 192, first >= 224 && first < 255:
		return b[2] == 1
	case first < 224:
		return b[3] == 1
	}
	return b[6] == 1
}

// openSealed decrypts an export. What it yields is authentic only at its end. Errors: chat.ErrWrongSecret, chat.ErrMalformed.
func openSealed(in io.Reader, code string) (io.Reader, error) {
	buffered := bufio.NewReaderSize(in, 64<<10)
	if head, err := buffered.Peek(2 + 64 + 8); err != nil || !sealedHead(head) {
		return nil, fmt.Errorf("%w: not an export", chat.ErrMalformed)
	}
	asked := false
	prompt := func([]openpgp.Key, bool) ([]byte, error) {
		if asked {
			return nil, chat.ErrWrongSecret
		}
		asked = true
		return []byte(strings.ToUpper(strings.TrimSpace(code))), nil
	}
	none := int64(0)
	message, err := openpgp.ReadMessage(buffered, nil, prompt, &packet.Config{MaxDecompressedMessageSize: &none})
	switch {
	case errors.Is(err, chat.ErrWrongSecret):
		return nil, chat.ErrWrongSecret
	case err != nil, !message.IsEncrypted, message.IsSigned, message.LiteralData == nil:
		// With a version 4 key packet a wrong code shows as noise, one time in twenty only here.
		return nil, fmt.Errorf("%w: %w", chat.ErrWrongSecret, chat.ErrMalformed)
	}
	return message.UnverifiedBody, nil
}
