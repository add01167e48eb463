package words

import (
	"context"
	"errors"
	"time"

	"sotto/app/platform"
	"sotto/app/privacy/files"
	"sotto/app/profile"
	"sotto/app/ui/i18n"
	"sotto/chat"
)

// sentence names the words of one sentinel.
type sentence struct {
	err error
	say func() string
}

// The first that matches speaks. What an act refused to do comes before what stood in its way.
var sentences = []sentence{
	{profile.ErrKeyFileNeeded, func() string { return i18n.T("error.key-file-needed") }},
	{profile.ErrKeyFileInside, func() string { return i18n.T("error.key-file-inside") }},
	{files.ErrInside, func() string { return i18n.T("error.inside-profile") }},
	{profile.ErrKeyFile, func() string { return i18n.T("error.key-file") }},
	{profile.ErrLastWay, func() string { return i18n.T("error.last-way") }},
	{profile.ErrTooManyWays, func() string { return i18n.T("error.too-many-ways") }},
	{platform.ErrNoKey, func() string { return i18n.T("error.keychain-empty") }},
	{platform.ErrKeychain, func() string { return i18n.T("error.keychain-locked") }},

	{chat.ErrNotFound, func() string { return i18n.T("error.not-found") }},
	{chat.ErrAmbiguous, func() string { return i18n.T("error.ambiguous") }},
	{chat.ErrMalformed, func() string { return i18n.T("error.malformed") }},
	{chat.ErrTooLarge, func() string { return i18n.T("error.too-large") }},
	{chat.ErrUnsupported, func() string { return i18n.T("error.unsupported") }},
	{chat.ErrNotConsented, func() string { return i18n.T("error.not-consented") }},
	{chat.ErrRefused, func() string { return i18n.T("error.refused") }},
	{chat.ErrBlocked, func() string { return i18n.T("error.blocked") }},
	{chat.ErrNotAccepted, func() string { return i18n.T("error.not-accepted") }},
	{chat.ErrIdentityChanged, func() string { return i18n.T("error.identity-changed") }},
	{chat.ErrExists, func() string { return i18n.T("error.exists") }},

	{chat.ErrLocked, func() string { return i18n.T("error.locked") }},
	{chat.ErrWrongSecret, func() string { return i18n.T("error.wrong-secret") }},
	{chat.ErrTryLater, func() string { return i18n.T("error.try-later") }},
	{chat.ErrProfileInUse, func() string { return i18n.T("error.profile-in-use") }},
	{chat.ErrProfileExists, func() string { return i18n.T("error.profile-exists") }},
	{chat.ErrNoProfile, func() string { return i18n.T("error.no-profile") }},
	{chat.ErrVaultDamaged, func() string { return i18n.T("error.vault-damaged") }},
	{chat.ErrDeletedMeanwhile, func() string { return i18n.T("error.deleted-meanwhile") }},
	{chat.ErrDamaged, func() string { return i18n.T("error.damaged") }},
	{chat.ErrNewerFormat, func() string { return i18n.T("error.newer-format") }},
	{chat.ErrDiskFull, func() string { return i18n.T("error.disk-full") }},
	{chat.ErrReadOnly, func() string { return i18n.T("error.read-only") }},

	{chat.ErrNotFetched, func() string { return i18n.T("error.not-fetched") }},
	{chat.ErrFileGone, func() string { return i18n.T("error.file-gone") }},
	{chat.ErrFileLeftOut, func() string { return i18n.T("error.file-left-out") }},
	{chat.ErrFileDamaged, func() string { return i18n.T("error.file-damaged") }},
	{chat.ErrOffline, func() string { return i18n.T("error.offline") }},
	{chat.ErrPinMismatch, func() string { return i18n.T("error.pin-mismatch") }},
	{chat.ErrNeedsConfirmation, func() string { return i18n.T("error.needs-confirmation") }},
	{chat.ErrInviteExpired, func() string { return i18n.T("error.invite-expired") }},
	{chat.ErrInviteUsed, func() string { return i18n.T("error.invite-used") }},
	{chat.ErrOwnInvite, func() string { return i18n.T("error.own-invite") }},
	{chat.ErrUnauthorized, func() string { return i18n.T("error.unauthorized") }},
	{chat.ErrQuota, func() string { return i18n.T("error.quota") }},
	{chat.ErrVerifyMismatch, func() string { return i18n.T("error.verify-mismatch") }},

	{platform.ErrUnsupported, func() string { return i18n.T("error.unsupported") }},
	{platform.ErrRunning, func() string { return i18n.T("error.profile-in-use") }},
	{context.DeadlineExceeded, func() string { return i18n.T("error.offline") }},
}

// Error answers what to say about err, and "" for nil and for work that was cancelled.
func Error(err error) string {
	if err == nil || errors.Is(err, context.Canceled) {
		return ""
	}
	if delay := (*chat.DelayError)(nil); errors.As(err, &delay) {
		return i18n.T("error.wait", i18n.Args{"Wait": Wait(delay.Wait)})
	}
	for _, s := range sentences {
		if errors.Is(err, s.err) {
			return s.say()
		}
	}
	return i18n.T("error.unknown")
}

// Wait answers a duration in words, rounded up to seconds, and to minutes from two of them on.
func Wait(d time.Duration) string {
	if d > 2*time.Minute {
		return i18n.Duration((d + time.Minute - 1).Truncate(time.Minute))
	}
	return i18n.Duration(d)
}

// Known lists the errors that have words of their own.
func Known() []error {
	out := make([]error, len(sentences))
	for i, s := range sentences {
		out[i] = s.err
	}
	return out
}
