package export

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"sotto/chat"
	"sotto/crypto/identity"
)

// ErrAltered says that an export is not what was signed. The error that matches it is a [*PlaceError].
var ErrAltered = errors.New("export altered")

// Change says what happened at a place.
type Change string

// Changes.
const (
	Changed Change = "changed"
	Missing Change = "missing"
	Added   Change = "added"
	Swapped Change = "swapped with the next one"
)

// PlaceError names the first place at which an export differs from what was signed.
type PlaceError struct {
	File   string // path inside the export, with slashes
	Line   int    // from 1; 0: the file as a whole
	Change Change
}

// Error names file, line and change.
func (e *PlaceError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%v: %s: %s", ErrAltered, e.File, e.Change)
	}
	return fmt.Sprintf("%v: %s, line %d: %s", ErrAltered, e.File, e.Line, e.Change)
}

// Is reports whether target is ErrAltered.
func (e *PlaceError) Is(target error) bool { return target == ErrAltered }

func place(file string, line int, c Change) error {
	return &PlaceError{File: file, Line: line, Change: c}
}

// Verify checks the export in the folder: signature, every file, every line, nothing missing, nothing added. It needs no
// profile; whose export it is stands in the summary and is for the caller to judge. Errors: a [*PlaceError];
// chat.ErrNotFound when there is no export; chat.ErrNewerFormat.
func Verify(folder string, now time.Time) (Summary, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return Summary{}, fmt.Errorf("%w: no export there", chat.ErrNotFound)
	}
	defer root.Close()
	return verify(context.Background(), found{root}, now)
}

func verify(ctx context.Context, root source, now time.Time) (Summary, error) {
	_, _, m, err := readManifest(root, now)
	if err != nil {
		return Summary{}, err
	}
	if err := checkNames(root, m.Files); err != nil {
		return Summary{}, err
	}
	if err := checkFiles(ctx, root, m); err != nil {
		return Summary{}, err
	}
	who, err := identity.ParseFingerprint(m.Exporter)
	if err != nil {
		return Summary{}, place(manifestFile, 0, Changed)
	}
	return Summary{Manifest: m, Exporter: who}, nil
}

// readManifest reads and checks the manifest and its signature, and returns all three.
func readManifest(root source, now time.Time) (manifest, signature []byte, m Manifest, err error) {
	manifest, err = readBounded(root, manifestFile, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, m, fmt.Errorf("%w: no manifest there", chat.ErrNotFound)
	}
	if err != nil {
		return nil, nil, m, place(manifestFile, 0, Changed)
	}
	signature, err = readBounded(root, signatureFile, 16<<10)
	if err != nil {
		return nil, nil, m, place(signatureFile, 0, changeOf(err))
	}
	m, err = openManifest(manifest, signature, now)
	return manifest, signature, m, err
}

func changeOf(err error) Change {
	if errors.Is(err, fs.ErrNotExist) {
		return Missing
	}
	return Changed
}

// checkNames compares the names in the folder with the manifest's.
func checkNames(root source, files []File) error {
	want := map[string]bool{manifestFile: true, signatureFile: true}
	folders := map[string]bool{".": true}
	for _, f := range files {
		if !validPath(f.Path) || want[f.Path] || f.Lines < 0 || f.Size < 0 {
			return place(manifestFile, 0, Changed) // signed, but not by this program
		}
		want[f.Path] = true
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	return root.check(want, folders)
}

// checkFiles checks the index of lines first, then every file against it.
func checkFiles(ctx context.Context, root source, m Manifest) error {
	files := m.Files
	if len(files) == 0 || files[len(files)-1].Path != linesFile {
		return place(manifestFile, 0, Changed)
	}
	last := len(files) - 1
	if err := checkFile(root, files[last], nil); err != nil {
		return place(linesFile, 0, whatOf(err))
	}
	index, err := root.open(linesFile)
	if err != nil {
		return place(linesFile, 0, changeOf(err))
	}
	defer index.Close()
	entries := bufio.NewReader(index)
	for _, f := range files[:last] {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Whole {
			if m.V < 2 || f.Lines != 0 || f.Root != emptyRoot || f.Size > chat.MaxFile || !strings.HasPrefix(f.Path, attachmentsFolder+"/") {
				return place(manifestFile, 0, Changed) // signed, but not by this program
			}
			if err := checkWhole(ctx, root, f); err != nil {
				return err
			}
			continue
		}
		if err := checkFile(root, f, entries); err != nil {
			return err
		}
	}
	return nil
}

func whatOf(err error) Change {
	var p *PlaceError
	if errors.As(err, &p) && p.Line == 0 {
		return p.Change
	}
	return Changed
}

// checkFile hashes a file and compares it line by line with its entries in the index, if there is one.
func checkFile(root source, want File, index io.Reader) error {
	file, err := root.open(want.Path)
	if err != nil {
		return place(want.Path, 0, changeOf(err))
	}
	defer file.Close()
	c := &checker{in: bufio.NewReaderSize(file, 64<<10), index: index, want: want, sum: sha256.New()}
	if err := c.all(); err != nil {
		return err
	}
	root256 := c.tree.root()
	if c.size != want.Size || hex.EncodeToString(c.sum.Sum(nil)) != want.SHA256 || hex.EncodeToString(root256[:]) != want.Root {
		return place(want.Path, 0, Changed)
	}
	return nil
}

// checker reads one file.
type checker struct {
	in    *bufio.Reader
	index io.Reader
	want  File
	sum   hash.Hash
	tree  merkle
	size  int64
	line  []byte
}

func (c *checker) all() error {
	for n := 1; ; n++ {
		leaf, err := c.next()
		switch {
		case errors.Is(err, io.EOF) && n <= c.want.Lines:
			return place(c.want.Path, n, Missing)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return place(c.want.Path, n, Changed)
		case n > c.want.Lines:
			return place(c.want.Path, n, Added)
		}
		if c.index == nil {
			continue
		}
		entry, err := c.entry()
		if err != nil {
			return place(linesFile, 0, Changed)
		}
		if !bytes.Equal(leaf[:indexEntry], entry[:]) {
			return place(c.want.Path, n, c.explain(leaf, entry, n))
		}
	}
}

func (c *checker) entry() ([indexEntry]byte, error) {
	var e [indexEntry]byte
	_, err := io.ReadFull(c.index, e[:])
	return e, err
}

// explain looks one line ahead to say what happened at line n.
func (c *checker) explain(leaf [32]byte, entry [indexEntry]byte, n int) Change {
	following, err := c.next()
	isNext := err == nil && bytes.Equal(following[:indexEntry], entry[:])
	wasNext := false
	if n < c.want.Lines {
		e, err := c.entry()
		wasNext = err == nil && bytes.Equal(leaf[:indexEntry], e[:])
	}
	switch {
	case isNext && wasNext:
		return Swapped
	case wasNext:
		return Missing
	case isNext:
		return Added
	}
	return Changed
}

// next reads one line and returns its leaf.
func (c *checker) next() ([32]byte, error) {
	c.line = c.line[:0]
	for len(c.line) < maxLine {
		b, err := c.in.ReadByte()
		if errors.Is(err, io.EOF) && len(c.line) > 0 {
			break
		}
		if err != nil {
			return [32]byte{}, err
		}
		if c.line = append(c.line, b); b == '\n' {
			break
		}
	}
	if _, err := c.sum.Write(c.line); err != nil {
		return [32]byte{}, err
	}
	c.size += int64(len(c.line))
	leaf := lineLeaf(c.line)
	c.tree.add(leaf)
	return leaf, nil
}
