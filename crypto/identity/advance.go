package identity

import "time"

// Succession says how a received device list follows the pinned one.
type Succession int

const (
	// Unchanged: the same list again.
	Unchanged Succession = iota + 1
	// Accepted: the first list, or one that names the pinned one among its predecessors. Pin it.
	Accepted
	// RestoredOrCopied: a newer list that does not name the pinned one. The identity was restored from a
	// backup, more than MaxEarlier lists in between were missed, or someone holds a copy of it. Pin it,
	// raise the event, and stop sending to a verified contact until the user has confirmed.
	RestoredOrCopied
)

// String returns the name of the outcome.
func (s Succession) String() string {
	switch s {
	case Unchanged:
		return "unchanged"
	case Accepted:
		return "accepted"
	case RestoredOrCopied:
		return "restored or copied"
	}
	return "unknown"
}

// Pinned is what is remembered of the last accepted device list of a contact.
type Pinned struct {
	Identity Fingerprint
	Version  uint64
	Hash     [32]byte
}

// Pin returns what to remember of the list.
func (l *DeviceList) Pin() Pinned {
	return Pinned{Identity: l.Identity, Version: l.Version, Hash: l.hash}
}

// Advance judges a verified list against the pinned one, nil at first contact (docs/PROTOCOL.md
// section 3.5). It returns ErrForeign for another identity, ErrListRolledBack for a lower version or
// the same version with other contents, ErrFuture or ErrExpired; then nothing may be pinned.
func Advance(pinned *Pinned, received *DeviceList, now time.Time) (Succession, error) {
	if pinned != nil && received.Identity != pinned.Identity {
		return 0, ErrForeign
	}
	if err := received.check(now); err != nil {
		return 0, err
	}
	switch {
	case pinned == nil:
		return Accepted, nil
	case received.Version < pinned.Version:
		return 0, ErrListRolledBack
	case received.Version == pinned.Version && received.hash != pinned.Hash:
		return 0, ErrListRolledBack
	case received.Version == pinned.Version:
		return Unchanged, nil
	case received.follows(pinned.Hash):
		return Accepted, nil
	}
	return RestoredOrCopied, nil
}
