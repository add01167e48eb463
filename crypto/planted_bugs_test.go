package crypto_test

// bug is a mistake that someone could make in one line, in a room of this floor.
type bug struct {
	name  string
	room  string
	edits []edit
	quick bool // tried in every run of the tests
}

type edit struct{ file, old, new string }

// one is the edit of most planted bugs.
func one(file, old, new string) []edit { return []edit{{file, old, new}} }

var planted = []bug{
	// The state machine (I1 to I4).
	{
		name: "state committed before open", room: "ratchet", quick: true,
		edits: one("decrypt.go", "mk = chain.keyAt(h.number)\n\t}", "chain.advance(h.number)\n\t\tmk = chain.keyAt(h.number)\n\t}"),
	},
	{
		name: "state changed in place", room: "ratchet",
		edits: one("decrypt.go", "next := s.clone()\n\tnext.receive[index].use(h.number)", "next := s\n\tnext.receive[index].use(h.number)"),
	},
	{
		name: "copies share the stored keys", room: "ratchet",
		edits: one("state.go", "c.receive[i].skipped = slices.Clone(s.receive[i].skipped)", "c.receive[i].skipped = s.receive[i].skipped"),
	},
	{
		name: "key of a late message not deleted", room: "ratchet",
		edits: one("receive.go", "c.skipped = slices.Delete(c.skipped, i, i+1)", "_ = i"),
	},
	{
		name: "key of a message in order not deleted, replay accepted", room: "ratchet", quick: true,
		edits: one("receive.go", "c.advance(number)\n\t\tmk := chainStep(&c.key)\n\t\tclear(mk[:])\n\t\tc.next++", "c.advance(number + 1)"),
	},
	{
		name: "closed chain keeps its key", room: "ratchet",
		edits: one("receive.go", "clear(c.key[:])\n\tc.open = false", "c.open = false"),
	},
	{
		name: "sending chain not advanced", room: "ratchet",
		edits: one("encrypt.go", "key := chainStep(&next.send.key)", "chain := next.send.key\n\tkey := chainStep(&chain)"),
	},
	{
		name: "MaxSkip not enforced within a chain", room: "ratchet",
		edits: one("decrypt.go", "case leap(chain.next, h.number) > MaxSkip:", "case leap(chain.next, h.number) > 100*MaxSkip:"),
	},
	{
		name: "MaxSkip not enforced for the chain before", room: "ratchet",
		edits: one("decrypt.go", "h.number > MaxSkip || leap(s.received(), h.previous) > MaxSkip", "h.number > MaxSkip"),
	},
	{
		name: "MaxSkip off by one", room: "ratchet",
		edits: one("decrypt.go", "case leap(chain.next, h.number) > MaxSkip:", "case leap(chain.next, h.number) >= MaxSkip:"),
	},
	{
		name: "MaxStored not enforced", room: "ratchet",
		edits: one("receive.go", "i >= 0 && stored > MaxStored", "i >= 0 && stored > 2*MaxStored"),
	},
	{
		name: "aged-out keys not remembered", room: "ratchet",
		edits: one("receive.go", "c.floor = c.skipped[n-1].number + 1", "_ = c.floor"),
	},
	{
		name: "skipped keys lost in storage", room: "ratchet",
		edits: one("marshal.go", "for i := range c.skipped {\n\t\tb = binary", "for i := range c.skipped[:0] {\n\t\tb = binary"),
	},

	// What a message is bound to (I5, I15, I18, I20).
	{
		name: "index not authenticated", room: "ratchet",
		edits: one("derive.go", "[]byte{byte(sender)}, raw)\n\tout", "[]byte{byte(sender)}, raw[:54], raw[58:])\n\tout"),
	},
	{
		name: "previous length not authenticated", room: "ratchet",
		edits: one("derive.go", "[]byte{byte(sender)}, raw)\n\tout", "[]byte{byte(sender)}, raw[:50], raw[54:])\n\tout"),
	},
	{
		name: "version and flags not authenticated", room: "ratchet", quick: true,
		edits: one("derive.go", "[]byte{byte(sender)}, raw)\n\tout", "[]byte{byte(sender)}, raw[2:])\n\tout"),
	},
	{
		name: "flags not part of the chain", room: "ratchet",
		edits: one("derive.go", "public[:], []byte{byte(f)}, material)", "public[:], material)"),
	},
	{
		name: "material not part of the chain", room: "ratchet",
		edits: one("derive.go", "public[:], []byte{byte(f)}, material)", "public[:], []byte{byte(f)})"),
	},
	{
		name: "salt ignored", room: "ratchet",
		edits: one("derive.go", "encode.Derive(mk[:], salt, encode.RatchetMessage", "encode.Derive(mk[:], salt[:0], encode.RatchetMessage"),
	},
	{
		name: "salt not random", room: "ratchet",
		edits: one("encrypt.go", "rand.Read(h.salt)", "rand.Read(h.salt[:0])"),
	},
	{
		name: "role not bound to a message", room: "ratchet",
		edits: one("derive.go", "[]byte{byte(sender)}, raw)\n\tout", "[]byte{0 * byte(sender)}, raw)\n\tout"),
	},
	{
		name: "session not bound to a message", room: "ratchet",
		edits: one("derive.go", "encode.Hash(encode.RatchetHeader, binding[:], ", "encode.Hash(encode.RatchetHeader, binding[:0], "),
	},
	{
		name: "associated data ignored", room: "ratchet",
		edits: one("derive.go", "encode.Fields(encode.RatchetMessage, hash[:], ad)", "encode.Fields(encode.RatchetMessage, hash[:], ad[:0])"),
	},
	{
		name: "session id not compared", room: "ratchet",
		edits: one("decrypt.go", "if h.session != s.s.session {", "if false {"),
	},
	{
		name: "reflection not refused", room: "ratchet",
		edits: one("decrypt.go", "if h.public == s.own.public || h.public == s.peer {", "if false {"),
	},

	// Healing and the post-quantum part (I6 to I8, K1 to K7).
	{
		name: "ciphertext optional", room: "ratchet",
		edits: []edit{
			{"decrypt.go", "return f == carriesAnswer\n", "return f == carriesAnswer || f == carriesNothing\n"},
			{"decrypt.go", "if key == nil {", "if key == nil || len(h.material) == 0 {"},
		},
	},
	{
		name: "static ciphertext optional", room: "ratchet",
		edits: []edit{
			{"decrypt.go", "return f == carriesFirst\n", "return f == carriesFirst || f == carriesAnswer\n"},
			{"decrypt.go", "if key == nil {", "if key == nil || len(h.material) < (i+1)*ciphertextSize {"},
		},
	},
	{
		name: "static ciphertext ignored", room: "ratchet",
		edits: []edit{
			{"decrypt.go", "[]*kemKey{s.outstanding, s.ownStatic} {", "[]*kemKey{s.outstanding} {"},
			{"session.go", "answer, secrets = append(answer, ciphertext...), append(secrets, secret...)", "answer = append(answer, ciphertext...)\n\t\tif len(secrets) == 0 {\n\t\t\tsecrets = append(secrets, secret...)\n\t\t}"},
		},
	},
	{
		name: "ML-KEM secrets not absorbed", room: "ratchet",
		edits: []edit{
			{"decrypt.go", "secrets = append(secrets, secret...)\n", ""},
			{"session.go", "secrets = append(secrets, kemSecrets...)\n", ""},
		},
	},
	{
		name: "X25519 secret not absorbed with an exchange", room: "ratchet",
		edits: []edit{
			{"decrypt.go", "secrets = append(secrets, secret...)\n", "if i == 0 {\n\t\t\tclear(secrets)\n\t\t}\n\t\tsecrets = append(secrets, secret...)\n"},
			{"session.go", "secrets = append(secrets, kemSecrets...)\n", "if len(kemSecrets) > 0 {\n\t\tclear(secrets)\n\t}\n\tsecrets = append(secrets, kemSecrets...)\n"},
		},
	},
	{
		name: "root key kept over a turn", room: "ratchet",
		edits: one("derive.go", "next, chain := rootKey(out[:keySize])", "next, chain := *root"),
	},
	{
		name: "decapsulation key kept after the answer", room: "ratchet",
		edits: one("decrypt.go", "s.outstanding.erase()\n\ts.ownStatic.erase()\n\ts.outstanding, s.ownStatic = nil, nil", "s.ownStatic = nil\n\tif s.role == Acceptor {\n\t\ts.outstanding = nil\n\t}"),
	},
	{
		name: "no exchange after twenty messages", room: "ratchet",
		edits: one("state.go", "s.messages >= ExchangeAfterMessages || ", ""),
	},
	{
		name: "authenticated by the first message", room: "ratchet",
		edits: one("decrypt.go", "if s.role == Initiator || s.send.ready {", "if s.role == Initiator || s.role == Acceptor {"),
	},

	// The handshake (I9, I14 to I17).
	{
		name: "one-time id not in the transcript", room: "handshake",
		edits: one("schedule.go", "\t\tt.pairID,\n", ""),
	},
	{
		name: "header not in the transcript", room: "handshake",
		edits: one("schedule.go", "\t\tt.header,\n", ""),
	},
	{
		name: "ciphertext not in the transcript", room: "handshake",
		edits: one("schedule.go", "\t\tt.kemCiphertext,\n", ""),
	},
	{
		name: "gate skipped", room: "handshake",
		edits: one("header.go", "block)) {\n\t\treturn ErrHandshake", "block)) {\n\t\treturn nil"),
	},
	{
		name: "identity block not in the gate", room: "handshake",
		edits: one("header.go", "encode.Gate, prefix, block)", "encode.Gate, prefix, block[:0])"),
	},
	{
		name: "ML-KEM secret not mixed in", room: "handshake",
		edits: one("schedule.go", "s.dh4, s.shared, invitation[:]", "s.dh4, invitation[:]"),
	},
	{
		name: "DH of the initiator's identity not mixed in", room: "handshake",
		edits: one("schedule.go", "encode.Append(encode.Append(ikm, s.chaining), dh1)", "encode.Append(encode.Append(ikm, s.chaining), dh1[:0])"),
	},
	{
		name: "expired prekeys accepted", room: "handshake",
		edits: one("accept.go", " || set.Expired(now)", ""),
	},
	{
		name: "own identity accepted as peer", room: "handshake",
		edits: one("accept.go", " || peer.list.Identity == own.List.Identity", ""),
	},
	{
		name: "pair that the bundle does not list accepted", room: "handshake",
		edits: one("initiate.go", "if pair != nil && !peer.lists(pair) {", "if false {"),
	},
	{
		name: "expired bundle accepted", room: "handshake",
		edits: one("bundle.go", "case now.After(b.NotAfter.Add(identity.ClockSkew)):", "case false:"),
	},
	{
		name: "bundle of another identity accepted", room: "handshake",
		edits: one("bundle.go", "if !certificate.Fingerprint().Equal(expected) {", "if false {"),
	},
	{
		name: "statement of a bundle not verified", room: "handshake",
		edits: one("bundle.go", "device.Verify(encode.BundleStatement, body, signature, now); err != nil {", "device.Verify(encode.BundleStatement, body, signature, now); err != nil && false {"),
	},

	// Certificates and device lists (I14).
	{
		name: "certificate not compared with its list", room: "identity",
		edits: one("devicelist.go", "list.Identity != cert.Fingerprint() || list.Certificate != cert.Hash()", "list.Identity != cert.Fingerprint()"),
	},
	{
		name: "remembered by the list alone", room: "identity",
		edits: one("known.go", "return p.certificateHash == other.certificateHash && p.listHash == other.listHash", "return p.listHash == other.listHash"),
	},
	{
		name: "dates of a remembered list not judged", room: "identity",
		edits: one("known.go", "if err := l.check(now); err != nil {", "if err := l.check(now); err != nil && k == nil {"),
	},
	{
		name: "certificate remembered before its list was verified", room: "identity",
		edits: one("known.go", "\tif p.list, err = LoadDeviceList(", "\tdefer func() { k.add(p) }()\n\tif p.list, err = LoadDeviceList("),
	},

	// Sealed files.
	{
		name: "number of the chunk not in the nonce", room: "filecrypt", quick: true,
		edits: one("chunk.go", "c.nonce[3:11], uint64(number))", "c.nonce[3:11], uint64(0*number))"),
	},
	{
		name: "one byte of the number in the nonce", room: "filecrypt",
		edits: one("chunk.go", "c.nonce[3:11], uint64(number))", "c.nonce[3:11], uint64(byte(number)))"),
	},
	{
		name: "last flag ignored", room: "filecrypt", quick: true,
		edits: one("chunk.go", "\tif last {", "\tif last && false {"),
	},
	{
		name: "chunk given out that does not open", room: "filecrypt",
		edits: one("chunk.go", "return nil, ErrChunk", "return sealed[:len(sealed)-Overhead], nil"),
	},
	{
		name: "padding unchecked", room: "filecrypt", quick: true,
		edits: one("chunk.go", "if all != 0 {", "if false {"),
	},
	{
		name: "padding checked in the last chunk alone", room: "filecrypt",
		edits: one("reader.go", "first := min(r.layout.size/ChunkSize, r.layout.chunks-1)", "first := r.layout.chunks - 1"),
	},
	{
		name: "padded with what stood there", room: "filecrypt",
		edits: one("writer.go", "clear(w.chunk[from:])", "_ = from"),
	},
	{
		name: "length unchecked", room: "filecrypt",
		edits: one("reader.go", "if sealed != l.sealed() {", "if false {"),
	},
	{
		name: "size unbounded", room: "filecrypt",
		edits: one("size.go", "return size >= 0 && size <= MaxFile", "return size >= 0"),
	},
	{
		name: "bytes after the end not noticed by a reader", room: "filecrypt",
		edits: one("reader.go", "case n > 0:", "case n < 0:"),
	},
	{
		name: "bytes after the end not noticed when all is verified", room: "filecrypt",
		edits: one("verify.go", "case n > 0:", "case n < 0:"),
	},
	{
		name: "end not looked at before the beginning is read", room: "filecrypt",
		edits: one("reader.go", "if err := r.checkEnd(); err != nil {", "if err := r.checkEnd(); err != nil && false {"),
	},
	{
		name: "chunk kept after another did not open in its place", room: "filecrypt",
		edits: one("reader.go", "\tr.plain = nil\n\tsealed", "\tsealed"),
	},
	{
		name: "key reused", room: "filecrypt", quick: true,
		edits: one("key.go", "rand.Read(k.b[:])", "rand.Read(k.b[:0])"),
	},
	{
		name: "file key not in the key of its stream", room: "filecrypt",
		edits: one("key.go", "encode.Derive(k.b[:], nil", "encode.Derive(k.b[:0], nil"),
	},
	{
		name: "hash without the tags", room: "filecrypt",
		edits: one("writer.go", "w.hash.Write(sealed)", "w.hash.Write(sealed[:len(sealed)-Overhead])"),
	},
	{
		name: "fewer bytes than announced", room: "filecrypt",
		edits: one("writer.go", "if w.written != w.layout.size {", "if false {"),
	},
	{
		name: "more bytes than announced", room: "filecrypt",
		edits: one("writer.go", "if int64(len(p)) > w.layout.size-w.written {", "if false {"),
	},
	{
		name: "plaintext left after closing", room: "filecrypt",
		edits: one("reader.go", "clear(r.chunk[:])", "_ = r.chunk"),
	},
}
