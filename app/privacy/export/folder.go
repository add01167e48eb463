package export

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"sotto/chat"
	"sotto/chat/disk"
)

// maxLine is where a line ends even without a newline, so that a hostile file cannot make the check hold it whole.
const maxLine = 1 << 20

// indexEntry is how many bytes of each line's leaf lines.idx keeps, to name the line that changed. What protects is the
// signed hash; the index only finds the place.
const indexEntry = 8

// folder is an export in the making: a temporary folder, the files so far, and the index of their lines.
type folder struct {
	path  string
	key   *spoolKey // nil: the files are plain
	files []File
	extra map[string]int64 // sizes of the files that the manifest does not list
	index *spool
}

// newFolder makes the temporary folder beside the target. With a key its files are encrypted.
func newFolder(target string, key *spoolKey) (*folder, error) {
	if _, err := os.Lstat(target); err == nil {
		return nil, fmt.Errorf("%w: the folder for the export", chat.ErrExists)
	}
	path, err := os.MkdirTemp(filepath.Dir(target), ".sotto-export-*")
	if err != nil {
		return nil, disk.Error(err)
	}
	d := &folder{path: path, key: key, extra: map[string]int64{}}
	if d.index, err = d.create(linesFile); err != nil {
		return nil, errors.Join(err, disk.Error(os.RemoveAll(path)))
	}
	return d, nil
}

// discard removes what was written.
func (d *folder) discard() {
	_ = d.index.file.Close()
	_ = os.RemoveAll(d.path) // the folder carries a name of ours; nothing else is lost when this fails
}

// write adds a file with the path (with slashes) through f.
func (d *folder) write(path string, f func(*lines) error) error {
	file, err := d.create(path)
	if err != nil {
		return err
	}
	index := bufio.NewWriter(d.index)
	w := newLines(file, index)
	err = f(w)
	if err == nil {
		err = w.end()
	}
	if err = errors.Join(err, disk.Error(index.Flush()), file.close()); err != nil {
		return err
	}
	d.files = append(d.files, w.file(path))
	return nil
}

// finish adds the index itself to the files.
func (d *folder) finish(ctx context.Context) error {
	_ = os.Remove(filepath.Join(d.path, attachmentsFolder)) // when nothing is in it
	if err := d.index.close(); err != nil {
		return err
	}
	w := newLines(nil, nil)
	if err := d.copy(ctx, w, linesFile, nil); err != nil {
		return err
	}
	if err := w.end(); err != nil {
		return err
	}
	d.files = append(d.files, w.file(linesFile))
	return nil
}

// put adds a file that the manifest does not list.
func (d *folder) put(name string, b []byte) error {
	file, err := d.create(name)
	if err != nil {
		return err
	}
	d.extra[name] = int64(len(b))
	_, err = file.Write(b)
	return errors.Join(disk.Error(err), file.close())
}

// lines is a writer that hashes what passes, as a whole and line by line.
type lines struct {
	out   *bufio.Writer
	index *bufio.Writer
	sum   hash.Hash
	tree  merkle
	line  []byte
	size  int64
	count int
}

// newLines writes to file and index; either may be nil.
func newLines(file io.Writer, index *bufio.Writer) *lines {
	w := &lines{index: index, sum: sha256.New()}
	if file != nil {
		w.out = bufio.NewWriterSize(file, 64<<10)
	}
	return w
}

// Write implements io.Writer.
func (w *lines) Write(b []byte) (int, error) {
	for _, c := range b {
		w.line = append(w.line, c)
		if c == '\n' || len(w.line) == maxLine {
			if err := w.cut(); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

// cut ends the present line.
func (w *lines) cut() error {
	w.sum.Write(w.line)
	leaf := lineLeaf(w.line)
	w.tree.add(leaf)
	w.size += int64(len(w.line))
	w.count++
	if w.index != nil {
		if _, err := w.index.Write(leaf[:indexEntry]); err != nil {
			return disk.Error(err)
		}
	}
	if w.out != nil {
		if _, err := w.out.Write(w.line); err != nil {
			return disk.Error(err)
		}
	}
	w.line = w.line[:0]
	return nil
}

// end takes in what stands after the last newline and flushes.
func (w *lines) end() error {
	if len(w.line) > 0 {
		if err := w.cut(); err != nil {
			return err
		}
	}
	if w.out == nil {
		return nil
	}
	return disk.Error(w.out.Flush())
}

func (w *lines) file(path string) File {
	root := w.tree.root()
	return File{
		Path: path, Size: w.size, SHA256: hex.EncodeToString(w.sum.Sum(nil)), Lines: w.count, Root: hex.EncodeToString(root[:]),
	}
}
