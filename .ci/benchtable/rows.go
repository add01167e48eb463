package main

import "fmt"

// row is one line of the table.
type row struct {
	what, unit   string
	ours, anchor string  // names of figures
	fewer        bool    // less is better
	ratio        float64 // goal: at least (fewer: at most) so many times the anchor; 0: none
	bound        float64 // goal: at least (fewer: at most) so much; 0: none
	also         string  // a second figure of ours, with its own bound
	alsoUnit     string
	alsoBound    float64
	pending      string // why there is no figure yet
}

// rows follows the numbers the project set itself. What a later version brings is listed, not left out.
func rows(messages int) []row {
	history := thousands(messages)
	thread := thousands(messages / 200)
	return []row{
		{what: "text of 200 B, encrypted and decrypted in turns: states saved at each step and kept parsed, padding, associated data and encoding included", unit: "/CPU-s", ours: "Envelope messages/CPU-s", anchor: "libsignal pingpong_roundmsgs_per_s", ratio: 2.5},
		{what: "ratchet with states parsed and saved, 200 B in turns, nothing padded", unit: "/CPU-s", ours: "PingPongThroughStorage messages/CPU-s", anchor: "libsignal pingpong_roundmsgs_per_s"},
		{what: "ratchet alone, states in memory", unit: "/CPU-s", ours: "PingPong messages/CPU-s", anchor: "libsignal pingpong_nocopy_roundmsgs_per_s"},
		{what: "as the first row, each step committed to the encrypted store", unit: "/CPU-s", ours: "EnvelopeCommitted messages/CPU-s", anchor: "libsignal pingpong_roundmsgs_per_s", ratio: 1},
		{what: "texts of 200 B in bursts of 100, as the first row: written", unit: "/CPU-s", ours: "Burst written/CPU-s", anchor: "libsignal burst_encrypt_per_s"},
		{what: "the same: read", unit: "/CPU-s", ours: "Burst read/CPU-s", anchor: "libsignal burst_decrypt_per_s"},
		{what: "session set-up, initiate, first contact, our signatures included", unit: "/CPU-s", ours: "SetUp initiated/CPU-s", anchor: "libsignal process_bundle_per_s", ratio: 1},
		{what: "the same, a further session with a known contact", unit: "/CPU-s", ours: "SetUp initiated-again/CPU-s", anchor: "libsignal process_bundle_per_s"},
		{what: "session set-up, accept, first contact, our signatures included; the anchor also opens the first message", unit: "/CPU-s", ours: "SetUp accepted/CPU-s", anchor: "libsignal first_decrypt_accept_per_s"},
		{what: "the same, ours with prekeys read from their records, the first message opened and the post-quantum answer made", unit: "/CPU-s", ours: "SetUp opened/CPU-s", anchor: "libsignal first_decrypt_accept_per_s", ratio: 2},
		{what: "accept, a further session with a known contact", unit: "/CPU-s", ours: "SetUp accepted-again/CPU-s", anchor: "libsignal first_decrypt_accept_per_s"},
		{what: "mean overhead of a message, 200 B in turns, before padding", unit: "B", ours: "PingPong overhead-B/message", anchor: "libsignal pingpong_overhead_mean", fewer: true, bound: 190},
		{what: "largest overhead of a message, 200 B in turns, before padding", unit: "B", ours: "PingPong largest-overhead-B", anchor: "libsignal pingpong_overhead_max", fewer: true},
		{what: "state of a session after the handshake: initiator", unit: "B", ours: "StateSize initiator-B", anchor: "libsignal session_bytes_initiator_after_first", fewer: true},
		{what: "state of a session after the first message: acceptor", unit: "B", ours: "StateSize acceptor-B", anchor: "libsignal session_bytes_responder_after_first", fewer: true},
		{what: "state of a session in turns, largest", unit: "B", ours: "StateSize turns-B", anchor: "libsignal session_bytes_pingpong_max", fewer: true},
		{what: "state of a session at worst: 2,000 keys of lost messages; anchor: 199 of them", unit: "B", ours: "StateSize worst-B", anchor: "libsignal session_bytes_199_skipped", fewer: true},
		{what: "refuse a forged message of 256 KiB, dearest kind", unit: "ms", ours: "Refuse/new_chain,_at_the_limit CPU-ms", fewer: true, bound: 5},
		{what: "insert " + history + " messages, units of work of 100 in one conversation; tags included, search not built", unit: "/s", ours: "History/threads inserts/s", anchor: "sqlcipher insert_per_s", ratio: 0.5},
		{what: "the same, each message in another conversation than the one before", unit: "/s", ours: "History/mixed inserts/s", anchor: "sqlcipher insert_per_s", ratio: 0.5},
		{what: "open and first page of 50 at " + history + ", key derivation excluded", unit: "ms", ours: "History/threads open-ms", anchor: "sqlcipher open_first_page_ms", fewer: true, ratio: 2},
		{what: "delete a conversation of " + thread + " at " + history + ", epoch turned, log truncated", unit: "ms", ours: "History/threads delete-ms", anchor: "sqlcipher delete_conversation_ms", fewer: true, ratio: 0.5},
		{what: "the same, the conversation's messages lying apart", unit: "ms", ours: "History/mixed delete-ms", anchor: "sqlcipher delete_conversation_ms", fewer: true, ratio: 0.5},
		{what: "open and first page after such a history", unit: "ms", ours: "History/mixed open-ms", anchor: "sqlcipher open_first_page_ms", fewer: true, ratio: 2},
		{what: "size of the history of " + history + "; anchor: its index of words in the same file", unit: "MB", ours: "History/threads MB", anchor: "sqlcipher db_mb", fewer: true},
		{what: "migrate " + history + " messages from the schema before manifests to the present one", unit: "s", ours: "History/threads migrate-s", fewer: true},
		{what: "search in " + history + ", p95, 50 hits read from the history, matched and marked; anchor: row ids of 50 hits", unit: "ms", ours: "Search search-p95-ms", anchor: "sqlcipher search_p95_ms", fewer: true, ratio: 1, bound: 50},
		{what: "the same, what the index answers: places of 50 candidates", unit: "ms", ours: "Search lookup-p95-ms", anchor: "sqlcipher search_p95_ms", fewer: true},
		{what: "unlock to usable at " + history + ", the snapshot of the search 1,000 messages behind: first page and one search; key derivation excluded", unit: "s", ours: "Search usable-s", fewer: true, bound: 1},
		{what: "build the search index of " + history + " from the encrypted history", unit: "s", ours: "Search build-s", fewer: true},
		{what: "memory of the search index of " + history, unit: "MB", ours: "Search index-MB", fewer: true, bound: 60},
		{what: "save the search index of " + history + ": time; file", unit: "ms", ours: "Search save-ms", fewer: true, also: "Search snapshot-MB", alsoUnit: "MB"},
		{what: "export 16,000 messages: time; peak memory", unit: "s", ours: "Export export-s", fewer: true, bound: 10, also: "Export peak-MB", alsoUnit: "MB", alsoBound: 100},
		{what: "export " + history + " messages: time; peak memory, the making of the history included", unit: "s", ours: "whole Export export-s", fewer: true, bound: 300, also: "whole Export peak-MB", alsoUnit: "MB"},
		{what: "relay, stored with sync, pushed and received, 64 in flight, 4 KiB", unit: "/s", ours: "ManyMailboxes envelopes/s", anchor: "mosquitto4096 e2e_per_s", ratio: 0.5},
		{what: "the same for a text of 1 KiB (our envelope is still 4 KiB)", unit: "/s", ours: "ManyMailboxes envelopes/s", anchor: "mosquitto1024 e2e_per_s", ratio: 0.5},
		{what: "relay, from Send to push, p99 at 1,000/s, 4 KiB", unit: "ms", ours: "ManyMailboxesLatency p99-ms", anchor: "mosquitto4096 push_p99_ms", fewer: true, ratio: 10},
		{what: "file of 100 MiB to the relay, in parts of 8 MiB, synced and checked; anchor: PUT of the same bytes over the same TLS to a file, synced; by the clock", unit: "MiB/s", ours: "Blob/parts_of_8192_KiB up-MiB/s", anchor: "Blob/parts_of_8192_KiB plain-up-MiB/s", ratio: 0.5},
		{what: "the same, client and relay together", unit: "MiB/CPU-s", ours: "Blob/parts_of_8192_KiB up-MiB/cpu-s", anchor: "Blob/parts_of_8192_KiB plain-up-MiB/cpu-s", ratio: 0.5},
		{what: "file of 100 MiB from the relay to memory; anchor: GET of the same bytes over the same TLS; by the clock", unit: "MiB/s", ours: "Blob/parts_of_8192_KiB down-MiB/s", anchor: "Blob/parts_of_8192_KiB plain-down-MiB/s", ratio: 0.5},
		{what: "the same, client and relay together", unit: "MiB/CPU-s", ours: "Blob/parts_of_8192_KiB down-MiB/cpu-s", anchor: "Blob/parts_of_8192_KiB plain-down-MiB/cpu-s", ratio: 0.5},
		{what: "a file of 100 MiB from profile to profile through a relay: encrypted and sent, until its message has arrived; anchor: PUT over plain HTTPS", unit: "MB/s", ours: "LargestFile sent-MB/s", anchor: "LargestFile put-MB/s"},
		{what: "the same: fetched and checked; anchor: GET", unit: "MB/s", ours: "LargestFile fetched-MB/s", anchor: "LargestFile get-MB/s"},
		{what: "the same, both ways", unit: "MB/s", ours: "LargestFile both-MB/s", anchor: "LargestFile raw-MB/s", ratio: 0.5},
		{what: "the same, both ways: sender, receiver and relay together; anchor: client and server", unit: "MB/CPU-s", ours: "LargestFile both-MB/cpu-s", anchor: "LargestFile raw-MB/cpu-s"},
		{what: "memory above rest of sender, receiver or relay while it moves, the most of them", unit: "MB", ours: "LargestFile above-idle-MB", fewer: true, bound: 60},
		{what: "start to the unlock screen on the display; anchor: empty window of the toolkit", unit: "s", ours: "window start-s", anchor: "empty window start-s", fewer: true, ratio: 1.5},
		{what: "memory at the unlock screen; anchor: empty window of the toolkit", unit: "MB", ours: "window MB", anchor: "empty window MB", fewer: true, ratio: 2},
		{what: "memory, idle and unlocked at 1,000,000 messages", unit: "MB", fewer: true, pending: "not measured"},
	}
}

// goal returns the goal in words.
func (r row) goal() string {
	sign := "≥"
	if r.fewer {
		sign = "≤"
	}
	words := ""
	add := func(s string) {
		if words != "" {
			words += ", "
		}
		words += sign + " " + s
	}
	if r.ratio > 0 {
		add(fmt.Sprintf("%gx", r.ratio))
	}
	if r.bound > 0 {
		add(fmt.Sprintf("%g %s", r.bound, r.unit))
	}
	if r.alsoBound > 0 {
		add(fmt.Sprintf("%g %s", r.alsoBound, r.alsoUnit))
	}
	if words == "" {
		return "-"
	}
	return words
}
