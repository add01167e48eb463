package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// Secret is a planted value and what to call it in a report.
type Secret struct {
	Name  string
	Value []byte // at least 6 bytes, or it would be found by chance
}

// Hit is one place where a secret was found.
type Hit struct {
	Place, Secret, Form string
	Offset              int
}

func (h Hit) String() string {
	return fmt.Sprintf("%s in %s as %s at byte %d", h.Secret, h.Place, h.Form, h.Offset)
}

// Scanner holds the forms of all planted secrets.
type Scanner struct {
	forms []form
	begin map[[beginning]byte][]int // forms by their first bytes
}

// beginning is how many bytes the forms are found by; none is shorter.
const beginning = 6

type form struct {
	secret, kind string
	value        []byte
}

// NewScanner prepares the search. It panics on a secret shorter than 6 bytes.
func NewScanner(secrets ...Secret) *Scanner {
	s := &Scanner{}
	for _, p := range secrets {
		if len(p.Value) < 6 {
			panic("leak: secret " + p.Name + " is too short to search for")
		}
		add := func(kind string, v []byte) { s.forms = append(s.forms, form{p.Name, kind, v}) }
		add("bytes", p.Value)
		u := utf16.Encode([]rune(string(p.Value)))
		le, be := make([]byte, 0, 2*len(u)), make([]byte, 0, 2*len(u))
		for _, c := range u {
			le = append(le, byte(c), byte(c>>8))
			be = append(be, byte(c>>8), byte(c))
		}
		add("UTF-16LE", le)
		add("UTF-16BE", be)
		add("hex", []byte(hex.EncodeToString(p.Value)))
		add("HEX", []byte(strings.ToUpper(hex.EncodeToString(p.Value))))
		for shift := range 3 {
			// Inside a longer base64 text the secret starts at one of three alignments; the characters that also
			// depend on its neighbours are cut off.
			e := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), p.Value...))
			from := (shift*8 + 5) / 6
			to := (shift + len(p.Value)) * 8 / 6
			if to-from < 8 {
				continue
			}
			add("base64", []byte(e[from:to]))
			if url := strings.NewReplacer("+", "-", "/", "_").Replace(e[from:to]); url != e[from:to] {
				add("base64url", []byte(url))
			}
		}
	}
	s.begin = map[[beginning]byte][]int{}
	for i, f := range s.forms {
		s.begin[[beginning]byte(f.value)] = append(s.begin[[beginning]byte(f.value)], i)
	}
	return s
}

// Scan searches data, reporting the first occurrence of each form.
func (s *Scanner) Scan(place string, data []byte) []Hit {
	var hits []Hit
	found := map[int]bool{}
	for at := 0; at+beginning <= len(data); at++ {
		for _, i := range s.begin[[beginning]byte(data[at:])] {
			if f := s.forms[i]; !found[i] && bytes.HasPrefix(data[at:], f.value) {
				found[i] = true
				hits = append(hits, Hit{place, f.secret, f.kind, at})
			}
		}
	}
	return hits
}

// ScanDir searches the content and the name of every file below dir, WAL and temporary files included.
func (s *Scanner) ScanDir(dir string) (hits []Hit, files int, err error) {
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // a temporary file that went away while a running profile was searched
		}
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		hits = append(hits, s.Scan("the name of "+rel, []byte(rel))...)
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(p)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		files++
		hits = append(hits, s.Scan(rel, data)...)
		return nil
	})
	return hits, files, err
}
