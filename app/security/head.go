package security

import (
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"

	"sotto/chat"
	"sotto/crypto/encode"
)

// Head names the newest entry of an audit log in a form a person can print and compare later: the seq and 160 bits of
// hash. Kept elsewhere, it also finds a log that was cut back or rewritten as a whole.
type Head struct {
	Seq  uint64
	Code [20]byte
}

// HeadOf returns the head of a log that ends with e; the zero Head for the zero entry.
func HeadOf(e chat.AuditEntry) Head {
	if e.Seq == 0 {
		return Head{}
	}
	sum := encode.Hash(encode.AuditHead, encode.Uint64(e.Seq), e.Hash[:])
	return Head{Seq: e.Seq, Code: [20]byte(sum[:20])}
}

// String returns the printable form: the seq, a colon, and eight groups of four letters and digits (RFC 4648 base32).
func (h Head) String() string {
	code := base32.StdEncoding.EncodeToString(h.Code[:])
	groups := make([]string, 0, 8)
	for ; code != ""; code = code[4:] {
		groups = append(groups, code[:4])
	}
	return strconv.FormatUint(h.Seq, 10) + ": " + strings.Join(groups, " ")
}

// ParseHead reads what String wrote, in either case, with or without the spaces. Errors: chat.ErrMalformed.
func ParseHead(s string) (Head, error) {
	seq, code, ok := strings.Cut(s, ":")
	if !ok || len(s) > 128 {
		return Head{}, fmt.Errorf("%w: head of an audit log", chat.ErrMalformed)
	}
	var h Head
	var err error
	if h.Seq, err = strconv.ParseUint(strings.TrimSpace(seq), 10, 64); err != nil {
		return Head{}, fmt.Errorf("%w: number of an audit head", chat.ErrMalformed)
	}
	b, err := base32.StdEncoding.DecodeString(strings.ToUpper(strings.Join(strings.Fields(code), "")))
	if err != nil || len(b) != len(h.Code) {
		return Head{}, fmt.Errorf("%w: code of an audit head", chat.ErrMalformed)
	}
	h.Code = [20]byte(b)
	return h, nil
}
