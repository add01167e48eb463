package sqlite

import (
	"sotto/chat"
	"sotto/crypto/vault"
)

func (t *tx) authorTag(conv chat.ConversationID, author chat.ContactID, device chat.DeviceID) vault.Tag {
	return t.s.tags.Tag("authors.id", conv[:], author[:], device[:])
}

// rememberedAuthors is how many tags of authors a thread keeps, so that each message need not compute one anew.
const rememberedAuthors = 8

type rememberedAuthor struct {
	author chat.ContactID
	device chat.DeviceID
	tag    vault.Tag
}

// tagOfAuthor is authorTag for a unit of work that writes.
func (t *tx) tagOfAuthor(th *thread, conv chat.ConversationID, author chat.ContactID, device chat.DeviceID) vault.Tag {
	for i := range th.authors {
		if a := &th.authors[i]; a.author == author && a.device == device {
			return a.tag
		}
	}
	tag := t.authorTag(conv, author, device)
	if len(th.authors) < rememberedAuthors {
		th.authors = append(th.authors, rememberedAuthor{author, device, tag})
	}
	return tag
}

// seq returns the highest seq of one author's device.
func (th *thread) seq(author vault.Tag) uint64 {
	for _, h := range th.state.heads {
		if h.author == author {
			return h.seq
		}
	}
	return 0
}

// raise makes seq the highest of the author's device unless a higher one is known.
func (t *tx) raise(th *thread, author vault.Tag, seq uint64) {
	for i := range th.state.heads {
		h := &th.state.heads[i]
		if h.author != author {
			continue
		}
		if seq > h.seq {
			h.seq = seq
			t.change(th)
		}
		return
	}
	th.state.heads = append(th.state.heads, head{author, seq})
	t.change(th)
}
