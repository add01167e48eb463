package encode

// Label names the purpose of a signature, hash, key or piece of associated data. Every label of the
// clients stands in this file and nowhere else, those that a relay computes with in transport/wire
// (docs/PROTOCOL.md appendix A), so that no two purposes can share one.
type Label string

// The labels, in the order of the sections of docs/PROTOCOL.md and docs/STORAGE.md.
const (
	// Identity and devices.
	DeviceStatement Label = "sotto/v1/device-statement"
	DeviceList      Label = "sotto/v1/device-list"
	SafetyNumber    Label = "sotto/v1/safety-number"

	// Bundles and prekeys.
	Invitation      Label = "sotto/v1/invitation"
	BundleStatement Label = "sotto/v1/bundle-statement"
	BundleSeal      Label = "sotto/v1/bundle-seal"
	PrekeySeal      Label = "sotto/v1/prekey-seal"
	OneTimePrekey   Label = "sotto/v1/one-time-prekey"
	PrekeyReplay    Label = "sotto/v1/prekey-replay"

	// Handshake.
	Gate                   Label = "sotto/v1/gate"
	HandshakeTranscript    Label = "sotto/v1/handshake-transcript"
	HandshakeRoot          Label = "sotto/v1/handshake-root"
	HandshakeIdentityBlock Label = "sotto/v1/handshake-identity-block"
	SessionBinding         Label = "sotto/v1/session-binding"
	SessionID              Label = "sotto/v1/session-id"

	// Ratchet.
	RatchetRoot    Label = "sotto/v1/ratchet-root"
	RatchetChain   Label = "sotto/v1/ratchet-chain"
	RatchetMessage Label = "sotto/v1/ratchet-message"
	RatchetHeader  Label = "sotto/v1/ratchet-header"
	RatchetKEM     Label = "sotto/v1/ratchet-kem"

	// Conversations and state cells. The labels that a relay knows as well stand in transport/wire.
	DirectConversation Label = "sotto/v1/direct-conversation"
	MailboxState       Label = "sotto/v1/mailbox-state"

	// Files.
	FileChunks Label = "sotto/v1/file-chunks"

	// Vault and storage.
	VaultKey        Label = "sotto/v1/vault-key"
	VaultSlot       Label = "sotto/v1/vault-slot"
	VaultSlotCommit Label = "sotto/v1/vault-slot-commit"
	VaultFile       Label = "sotto/v1/vault-file"
	RecoveryCode    Label = "sotto/v1/recovery-code"
	KeychainSlot    Label = "sotto/v1/keychain-slot"
	KeyFile         Label = "sotto/v1/key-file"
	RowSeal         Label = "sotto/v1/row-seal"
	LookupTag       Label = "sotto/v1/lookup-tag"
	CoveredTable    Label = "sotto/v1/covered-table"
	StoreSubkey     Label = "sotto/v1/store-subkey"

	// Evidence and exports.
	AuditEntry     Label = "sotto/v1/audit-entry"
	AuditHead      Label = "sotto/v1/audit-head"
	ExportManifest Label = "sotto/v1/export-manifest"
	ExportLeaf     Label = "sotto/v1/export-leaf"
	ExportNode     Label = "sotto/v1/export-node"
)

// Labels returns every label in the order of the list above.
func Labels() []Label {
	return []Label{
		DeviceStatement,
		DeviceList,
		SafetyNumber,

		Invitation,
		BundleStatement,
		BundleSeal,
		PrekeySeal,
		OneTimePrekey,
		PrekeyReplay,

		Gate,
		HandshakeTranscript,
		HandshakeRoot,
		HandshakeIdentityBlock,
		SessionBinding,
		SessionID,

		RatchetRoot,
		RatchetChain,
		RatchetMessage,
		RatchetHeader,
		RatchetKEM,

		DirectConversation,
		MailboxState,

		FileChunks,

		VaultKey,
		VaultSlot,
		VaultSlotCommit,
		VaultFile,
		RecoveryCode,
		KeychainSlot,
		KeyFile,
		RowSeal,
		LookupTag,
		CoveredTable,
		StoreSubkey,

		AuditEntry,
		AuditHead,
		ExportManifest,
		ExportLeaf,
		ExportNode,
	}
}
