package export

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

// Names of the files at the top of an export.
const (
	manifestFile  = "manifest.json"
	signatureFile = "manifest.sig"
	linesFile     = "lines.idx"
	schemaFile    = "schema.json"
)

// Manifest is what an export says about itself; it lies in manifest.json and is signed in manifest.sig; one
// from a history whose identity is lost has neither exporter nor signature.
type Manifest struct {
	V             int      `json:"v"`      // 2 with files of messages, else 1
	Format        string   `json:"format"` // "sotto-export"
	Created       string   `json:"created"`
	Exporter      string   `json:"exporter"`    // fingerprint
	Certificate   string   `json:"certificate"` // base64
	Scope         string   `json:"scope"`       // "everything" or "conversation"
	Counts        Counts   `json:"counts"`
	Conversations []Thread `json:"conversations"`
	Gaps          []Gap    `json:"gaps"`
	GapsLeftOut   int      `json:"gaps_left_out,omitempty"` // beyond the first 1,000
	Skipped       []Skip   `json:"skipped"`

	WithoutFiles        bool          `json:"without_files,omitempty"` // the person wanted no files of messages
	MissingFiles        []MissingFile `json:"missing_files,omitempty"`
	MissingFilesLeftOut int           `json:"missing_files_left_out,omitempty"` // beyond the first 1,000

	Files []File `json:"files"` // in the order of lines.idx; all but manifest.json and manifest.sig
	Root  string `json:"root"`  // Merkle root over the files
}

// Counts says how much there is.
type Counts struct {
	Conversations int `json:"conversations"`
	Messages      int `json:"messages"`
	Contacts      int `json:"contacts"`
	Consents      int `json:"consents"`
	AuditEntries  int `json:"audit_entries"`

	Files        int   `json:"files,omitempty"`         // of messages
	FileBytes    int64 `json:"file_bytes,omitempty"`    // of those
	FilesMissing int   `json:"files_missing,omitempty"` // of messages in the export
}

// Thread is one conversation of the export.
type Thread struct {
	ID       string `json:"id"`
	Folder   string `json:"folder"`
	Messages int    `json:"messages"`
}

// Gap is a place where messages never arrived.
type Gap struct {
	Conversation string `json:"conversation"`
	Before       string `json:"before"` // id of the message after the gap
	Missing      int    `json:"missing"`
}

// Skip is what is not in the export, and why.
type Skip struct {
	Conversation string `json:"conversation"`
	Reason       string `json:"reason"`          // "peer-withdrew-export", "damaged", "gone" (from the files of the profile)
	From         string `json:"from,omitempty"`  // author of what was left out
	After        string `json:"after,omitempty"` // id of the last message before the damage
	Count        int    `json:"count,omitempty"` // 0: not known
}

// MissingFile is a file of a message that is not in the export, and why.
type MissingFile struct {
	Conversation string `json:"conversation"`
	Message      string `json:"message"`
	Reason       string `json:"reason"` // "not-fetched", "gone", "damaged", "later"
}

// File is one file of the export.
type File struct {
	Path   string `json:"path"` // with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Lines  int    `json:"lines"`           // a line ends after its newline, after 1 MiB, or with the file
	Root   string `json:"root"`            // Merkle root over the lines
	Whole  bool   `json:"whole,omitempty"` // a file of a message: it has no lines and is checked by its sum
}

const (
	version     = 2 // the newest form that is read
	formatName  = "sotto-export"
	maxManifest = 64 << 20
	maxGaps     = 1000
	timeLayout  = "2006-01-02T15:04:05.000Z"
)

// fileRoot is the Merkle root over the files in their order.
func fileRoot(files []File) string {
	var tree merkle
	for _, f := range files {
		tree.add(encode.Hash(encode.ExportLeaf, []byte(f.Path), encode.Uint64(uint64(f.Size)), []byte(f.SHA256), []byte(f.Root)))
	}
	root := tree.root()
	return hex.EncodeToString(root[:])
}

// bytes returns the content of manifest.json.
func (m Manifest) bytes() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", " ")
	return append(b, '\n'), err
}

// sign returns the content of manifest.sig.
func sign(manifest []byte, who *identity.Identity, now time.Time) ([]byte, error) {
	sig, err := who.Sign(encode.ExportManifest, manifest, now)
	if err != nil {
		return nil, fmt.Errorf("signing the manifest: %w", err)
	}
	return signatureBytes(sha256.Sum256(manifest), sig), nil
}

// signatureBytes is the one form of manifest.sig. The two sums let a change be told apart: of the manifest, of the
// signature, or of the sums.
func signatureBytes(manifest [32]byte, sig []byte) []byte {
	return fmt.Appendf(nil, "sotto-export-signature 1\nmanifest %x\nsignature %x\n%s\n",
		manifest, sha256.Sum256(sig), base64.StdEncoding.EncodeToString(sig))
}

func parseSignature(b []byte) (manifest [32]byte, sig []byte, ok bool) {
	lines := strings.Split(string(b), "\n")
	if len(lines) != 5 {
		return manifest, nil, false
	}
	sum, err := hex.DecodeString(strings.TrimPrefix(lines[1], "manifest "))
	if err != nil || len(sum) != len(manifest) {
		return manifest, nil, false
	}
	manifest = [32]byte(sum)
	sig, err = base64.StdEncoding.Strict().DecodeString(lines[3])
	if err != nil || len(sig) > identity.MaxSignature || string(signatureBytes(manifest, sig)) != string(b) {
		return manifest, nil, false
	}
	return manifest, sig, true
}

// openManifest checks the signature and returns the manifest. Its errors are places: manifest.json or manifest.sig.
func openManifest(manifest, signature []byte, now time.Time) (Manifest, error) {
	if len(manifest) > maxManifest {
		return Manifest{}, place(manifestFile, 0, Changed)
	}
	sum, sig, ok := parseSignature(signature)
	if !ok {
		return Manifest{}, place(signatureFile, 0, Changed)
	}
	var m Manifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		return Manifest{}, place(manifestFile, 0, Changed)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(m.Certificate)
	if err != nil {
		return Manifest{}, place(manifestFile, 0, Changed)
	}
	certificate, err := identity.ParseCertificate(raw)
	if err != nil || certificate.Fingerprint().String() != m.Exporter {
		return Manifest{}, place(manifestFile, 0, Changed)
	}
	valid := certificate.Verify(encode.ExportManifest, manifest, sig, now) == nil
	switch same := sum == sha256.Sum256(manifest); {
	case valid && same:
	case valid || same: // the sum was changed, or the signature together with its sum
		return Manifest{}, place(signatureFile, 0, Changed)
	default:
		return Manifest{}, place(manifestFile, 0, Changed)
	}
	if m.V < 1 || m.V > version || m.Format != formatName {
		return Manifest{}, fmt.Errorf("%w: export of version %d", chat.ErrNewerFormat, m.V)
	}
	if m.Root != fileRoot(m.Files) {
		return Manifest{}, place(manifestFile, 0, Changed)
	}
	return m, nil
}
