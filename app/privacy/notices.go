package privacy

import "sotto/chat"

// Notice is the words of one question. They stand here, not in the window, because a record refers to them: a consent
// holds only for the version that was shown. The version changes when the meaning does (docs/PRIVACY.md lists them).
type Notice struct {
	Purpose chat.Purpose
	Version string
	Title   string // a few words, as on a switch
	Text    string // what happens when it is on, who learns what, and that it can be taken back
	scope   scope
	tell    bool   // the peer concerned is told of the choice
	data    string // what is processed, in words of the Data Privacy Vocabulary
	aim     string // purpose in the Data Privacy Vocabulary
}

// scope says which record answers for a contact.
type scope int

const (
	perContact scope = iota // the contact's own record, else the own default
	onlyOwn                 // the contact's own record, no default: each one is asked about
	global                  // one answer for the whole profile
)

var notices = []Notice{
	{
		Purpose: chat.DeliveryReceipts, Version: "1", Title: "Say when a message arrived",
		Text:  "The sender learns that a message reached this computer, and so when it was switched on. You can take it back at any time; the next message is then not confirmed.",
		scope: perContact, tell: true, data: "dpv:CommunicationMetadata", aim: "dpv:CommunicationManagement",
	},
	{
		Purpose: chat.ReadReceipts, Version: "1", Title: "Say when a message was read",
		Text:  "The sender learns when you had a message on the screen. You can take it back at any time; the next message is then read without a word.",
		scope: perContact, tell: true, data: "dpv:CommunicationMetadata", aim: "dpv:CommunicationManagement",
	},
	{
		Purpose: chat.TypingNotices, Version: "1", Title: "Show that you are writing",
		Text:  "The other side sees that you are writing, while you write. You can take it back at any time.",
		scope: perContact, tell: true, data: "dpv:CommunicationMetadata", aim: "dpv:CommunicationManagement",
	},
	{
		Purpose: chat.LinkPreviews, Version: "1", Title: "Fetch previews of links",
		Text:  "When a link is shown, its site is asked for a title and an image, and learns the address of this computer. You can take it back at any time.",
		scope: perContact, data: "dpv:OnlineIdentifier", aim: "dpv:Personalisation",
	},
	{
		Purpose: chat.NotificationContent, Version: "1", Title: "Show text in notifications",
		Text:  "Notifications show who wrote and the first words. Your desktop keeps notifications outside of Sotto, readable by other programs and over your shoulder. You can take it back at any time.",
		scope: perContact, data: "dpv:Communication", aim: "dpv:CommunicationManagement",
	},
	{
		Purpose: chat.AutomaticDownload, Version: "2", Title: "Fetch attachments by themselves",
		Text:  "Files up to the size that you set, 10 MB at first, are fetched as soon as they are announced; larger ones wait until you ask. The relay learns when this computer was there and how large the file is, about. You can take it back at any time.",
		scope: perContact, data: "dpv:CommunicationMetadata", aim: "dpv:CommunicationManagement",
	},
	{
		Purpose: chat.BotReads, Version: "1", Title: "Let this bot read",
		Text:  "The bot gets what you write to it, in plain text, where it runs. Encryption protects the way there, not what its owner does with it. You can take it back at any time; what it read, it has read.",
		scope: onlyOwn, tell: true, data: "dpv:Communication", aim: "dpv:ServiceProvision",
	},
	{
		Purpose: chat.BotRemembers, Version: "1", Title: "Let this bot remember",
		Text:  "The bot may keep what you wrote, for later answers. Its owner must honour this; Sotto cannot check it. You can take it back at any time, and ask it to erase.",
		scope: onlyOwn, tell: true, data: "dpv:Communication", aim: "dpv:ServicePersonalisation",
	},
	{
		Purpose: chat.PeerExports, Version: "1", Title: "Let this contact export what you wrote",
		Text:  "Their Sotto includes your messages when they export the conversation. It honours your answer; a changed program, a camera or a good memory need not. You can take it back at any time.",
		scope: onlyOwn, tell: true, data: "dpv:Communication", aim: "dpv:RecordManagement",
	},
	{
		Purpose: chat.UpdateChecks, Version: "1", Title: "Look for new versions",
		Text:  "Once a day the project's site is asked for the newest version, and learns the address of this computer. You can take it back at any time.",
		scope: global, data: "dpv:OnlineIdentifier", aim: "dpv:EnforceSecurity",
	},
}

// Notices returns the notice of every purpose, in the order shown.
func Notices() []Notice { return append([]Notice(nil), notices...) }

// NoticeFor returns the present notice of a purpose, and false for a purpose that has none.
func NoticeFor(p chat.Purpose) (Notice, bool) {
	for _, n := range notices {
		if n.Purpose == p {
			return n, true
		}
	}
	return Notice{}, false
}

// HasDefault reports whether one answer may serve for all contacts that have none of their own.
func (n Notice) HasDefault() bool { return n.scope != onlyOwn }
