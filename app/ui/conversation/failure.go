package conversation

import (
	"sotto/app/messenger"
	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
)

// failure says in a word or two why a message is not sent (codes of the messenger), and in sentences what happened, that
// the text is kept, and what to do.
func failure(code string, name i18n.Args) (note, why string) {
	switch code {
	case messenger.FailureConsent:
		return i18n.T("chat.failed.consent"), i18n.T("chat.failed.consent.explain", name)
	case messenger.FailureRefused:
		return i18n.T("chat.failed.refused"), i18n.T("chat.failed.refused.explain", name)
	case messenger.FailureUsed, messenger.FailureExpired:
		return i18n.T("chat.failed.invitation"), i18n.T("chat.failed.invitation.explain", name)
	case messenger.FailureTooLong:
		return i18n.T("chat.failed.too-large"), i18n.T("chat.failed.too-large.explain")
	case messenger.FailureBlocked:
		return i18n.T("chat.failed.blocked"), i18n.T("chat.failed.blocked.explain", name)
	case messenger.FailureRoute:
		return i18n.T("chat.failed.route"), i18n.T("chat.failed.route.explain", name)
	case messenger.FailureSession:
		return i18n.T("chat.failed.session"), i18n.T("chat.failed.session.explain", name)
	case messenger.FailureRestored:
		return i18n.T("chat.failed.restored"), i18n.T("chat.failed.restored.explain", name)
	}
	if files.Knows(code) {
		said, _ := name["Name"].(string)
		return files.Failure(code), files.Explain(code, true, said)
	}
	return i18n.T("chat.failed"), i18n.T("chat.failed.explain", name)
}
