package export

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/chat"
	"sotto/chat/disk"
)

// Bounds of what is taken in before anything of it is known to be genuine.
const (
	maxFiles     = 1 << 17
	maxPath      = 512
	archiveTop   = "sotto-export/"
	tarOverhead  = 64 << 10
	maxStageSize = 1 << 40
)

// stage is a private copy of an export: what was checked is what is read, whoever writes to the original meanwhile. It is
// encrypted under a key that only lives in memory.
type stage struct {
	folder
	sizes map[string]int64
}

// newStage makes an empty stage in a new folder inside dir; discard removes it.
func newStage(dir string) (*stage, error) {
	where, err := os.MkdirTemp(dir, "import-*")
	if err != nil {
		return nil, disk.Error(err)
	}
	return &stage{folder: folder{path: where, key: newSpoolKey()}, sizes: map[string]int64{}}, nil
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

// take copies one file of at most limit bytes under a name that is new and stays inside.
func (s *stage) take(name string, in io.Reader, limit int64) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:\x00") || len(name) > maxPath {
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
	n, err := io.Copy(out, io.LimitReader(in, limit+1))
	if closed := disk.Error(out.file.Close()); err == nil {
		err = closed
	}
	if err == nil && n > limit {
		err = place(name, 0, Changed)
	}
	s.sizes[name] = n
	return err
}

// fromFolder copies an export that lies open.
func (s *stage) fromFolder(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return place(name, 0, Changed)
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return place(name, 0, Changed)
		}
		in, err := root.Open(name)
		if err != nil {
			return disk.Error(err)
		}
		defer in.Close()
		return s.take(name, in, maxStageSize)
	})
}

// fromFile copies an export from its encrypted file, which is size bytes long. Nothing in ours is compressed, so the
// content is never larger than the file: an archive that swells is refused.
func (s *stage) fromFile(in io.Reader, size int64, code string) error {
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
		if err := s.take(name, archive, h.Size); err != nil {
			return err
		}
	}
	// Only the end says that all of it is authentic.
	if _, err := io.Copy(io.Discard, bounded); err != nil || bounded.N <= 0 {
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
