package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

var (
	encMode = must(cbor.CoreDetEncOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:   4,
		MaxArrayElements:  MaxAuthMailboxes,
		MaxMapPairs:       16,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode())
)

func must[M any](m M, err error) M {
	if err != nil {
		panic(err)
	}
	return m
}

type rawFrame struct {
	_    struct{} `cbor:",toarray"`
	Kind Kind
	ID   uint64
	Body cbor.RawMessage
}

type outFrame struct {
	_    struct{} `cbor:",toarray"`
	Kind Kind
	ID   uint64
	Body any
}

// Append writes the encoding of a frame to the end of dst.
func Append(dst []byte, f Frame) ([]byte, error) {
	if err := f.Body.valid(); err != nil {
		return dst, fmt.Errorf("encode frame: %w", err)
	}
	if unasked(f.Body.Kind()) && f.ID != 0 {
		return dst, fmt.Errorf("encode frame: %w: id of kind %d", ErrMalformed, f.Body.Kind())
	}
	b := bytes.NewBuffer(dst)
	if err := encMode.NewEncoder(b).Encode(outFrame{Kind: f.Body.Kind(), ID: f.ID, Body: f.Body}); err != nil {
		return dst, fmt.Errorf("encode frame: %w", err)
	}
	return b.Bytes(), nil
}

// Validate checks the values of a body against the limits: ErrMalformed or ErrTooLarge.
func Validate(b Body) error { return b.valid() }

// Decode reads the first frame of a message and returns what follows it. An error is ErrMalformed or
// ErrTooLarge; ErrTooLarge comes with a frame whose encoding is sound, so that it can be answered.
// A frame of unknown kind is returned with body *Unknown.
func Decode(message []byte) (f Frame, rest []byte, err error) {
	var raw rawFrame
	rest, err = decMode.UnmarshalFirst(message, &raw)
	if err != nil {
		return Frame{}, nil, fmt.Errorf("%w: frame", ErrMalformed)
	}
	body := newBody(raw.Kind)
	if body == nil {
		return Frame{ID: raw.ID, Body: &Unknown{Number: raw.Kind}}, rest, nil
	}
	if unasked(raw.Kind) && raw.ID != 0 {
		return Frame{}, nil, fmt.Errorf("%w: id of kind %d", ErrMalformed, raw.Kind)
	}
	if err := decMode.Unmarshal(raw.Body, body); err != nil {
		return Frame{}, nil, fmt.Errorf("%w: body of kind %d", ErrMalformed, raw.Kind)
	}
	f = Frame{ID: raw.ID, Body: body}
	if !deterministic(message[:len(message)-len(rest)], f) {
		return Frame{}, nil, fmt.Errorf("%w: not the deterministic encoding", ErrMalformed)
	}
	if err := body.valid(); err != nil {
		if errors.Is(err, ErrTooLarge) {
			return f, rest, err
		}
		return Frame{}, nil, fmt.Errorf("%w: values of kind %d", ErrMalformed, raw.Kind)
	}
	return f, rest, nil
}

// deterministic reports whether the frame encodes to exactly these bytes. It also refuses byte
// strings that are shorter or longer than the array they were decoded into.
func deterministic(encoded []byte, f Frame) bool {
	b := bytes.NewBuffer(make([]byte, 0, len(encoded)+16))
	err := encMode.NewEncoder(b).Encode(outFrame{Kind: f.Body.Kind(), ID: f.ID, Body: f.Body})
	return err == nil && bytes.Equal(b.Bytes(), encoded)
}
