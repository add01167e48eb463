package memstore

import (
	"maps"
	"slices"
)

// Image returns a store that holds what s holds now and goes its own way from here: what a restored disk image, or a
// copied machine, is.
func (s *Store) Image() *Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	threads := maps.Clone(s.threads)
	for conv, places := range threads {
		threads[conv] = slices.Clone(places) // the only value that is changed in place
	}
	return &Store{
		sequence:      s.sequence,
		contacts:      maps.Clone(s.contacts),
		conversations: maps.Clone(s.conversations),
		messages:      maps.Clone(s.messages),
		threads:       threads,
		heads:         maps.Clone(s.heads),
		annotations:   maps.Clone(s.annotations),
		attachments:   maps.Clone(s.attachments),
		previews:      maps.Clone(s.previews),
		sessions:      maps.Clone(s.sessions),
		prekeys:       maps.Clone(s.prekeys),
		initials:      maps.Clone(s.initials),
		rejected:      maps.Clone(s.rejected),
		mailboxes:     maps.Clone(s.mailboxes),
		routes:        maps.Clone(s.routes),
		invitations:   maps.Clone(s.invitations),
		queue:         maps.Clone(s.queue),
		consents:      maps.Clone(s.consents),
		audit:         slices.Clone(s.audit),
		events:        slices.Clone(s.events),
		lastEvent:     s.lastEvent,
		settings:      maps.Clone(s.settings),
	}
}
