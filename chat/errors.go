package chat

import "errors"

// Sentinel errors. Callers branch on them with errors.Is; the words a person reads are chosen in app/ui and cmd only.
var (
	// ErrNotFound: no such contact, conversation, message, request or record.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous: a name or prefix fits more than one contact.
	ErrAmbiguous = errors.New("ambiguous name")
	// ErrMalformed: input that does not follow its format.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge: a text or file exceeds what one message may carry.
	ErrTooLarge = errors.New("too large")
	// ErrUnsupported: this operating system or this form of the program lacks what was asked for.
	ErrUnsupported = errors.New("unsupported here")
	// ErrRefused: a consent or a policy forbids it.
	ErrRefused = errors.New("refused by consent or policy")
	// ErrNotConsented: the contact is a bot that may not read what is written to it (purpose [BotReads]).
	ErrNotConsented = errors.New("the bot may not read")
	// ErrBlocked: the contact is blocked.
	ErrBlocked = errors.New("contact is blocked")
	// ErrNotAccepted: the contact is a request that was not accepted yet.
	ErrNotAccepted = errors.New("contact not accepted")
	// ErrIdentityChanged: the peer's identity was restored or copied; sending stops until the person confirms.
	ErrIdentityChanged = errors.New("identity restored or copied")
	// ErrExists: there is one already.
	ErrExists = errors.New("exists already")

	// ErrLocked: the profile is locked.
	ErrLocked = errors.New("locked")
	// ErrWrongSecret: the passphrase, recovery code or key file opens no slot.
	ErrWrongSecret = errors.New("wrong passphrase or code")
	// ErrTryLater: too many wrong attempts; wait before the next (see [DelayError]).
	ErrTryLater = errors.New("too many attempts, try later")
	// ErrProfileInUse: another process has the profile open.
	ErrProfileInUse = errors.New("profile in use")
	// ErrProfileExists: there is a profile in that folder already.
	ErrProfileExists = errors.New("profile exists")
	// ErrNoProfile: there is no profile in that folder.
	ErrNoProfile = errors.New("no profile")
	// ErrVaultDamaged: the vault file is altered or incomplete.
	ErrVaultDamaged = errors.New("vault damaged")
	// ErrDamaged: a stored row or page is altered, replayed or missing.
	ErrDamaged = errors.New("history damaged")
	// ErrDeletedMeanwhile: a long reading, as a backup is, was stopped because something was deleted. Nothing of it is
	// kept; it can be started again.
	ErrDeletedMeanwhile = errors.New("stopped because something was deleted meanwhile")
	// ErrNewerFormat: written by a newer version of Sotto; left untouched.
	ErrNewerFormat = errors.New("written by a newer version")
	// ErrDiskFull: the disk is full; nothing that was acknowledged is lost.
	ErrDiskFull = errors.New("disk full")
	// ErrReadOnly: the disk refuses writes.
	ErrReadOnly = errors.New("disk is read-only")

	// ErrOffline: the relay cannot be reached now.
	ErrOffline = errors.New("relay not reachable")
	// ErrPinMismatch: the relay answered with another identity than the one its address pins.
	ErrPinMismatch = errors.New("relay identity does not match its address")
	// ErrNeedsConfirmation: the link names a relay not used before; show it and ask first.
	ErrNeedsConfirmation = errors.New("unknown relay needs confirmation")
	// ErrInviteExpired: the invitation is past its date.
	ErrInviteExpired = errors.New("invitation expired")
	// ErrInviteUsed: the invitation was used up or withdrawn.
	ErrInviteUsed = errors.New("invitation used up or withdrawn")
	// ErrOwnInvite: a profile tried to add its own invitation.
	ErrOwnInvite = errors.New("own invitation")
	// ErrUnauthorized: the relay refused a pass, grant or token.
	ErrUnauthorized = errors.New("relay refused the pass or token")
	// ErrQuota: a limit of the relay was reached; try again later.
	ErrQuota = errors.New("relay limit reached")
	// ErrNotFetched: the file of a message is not here, or not all of it.
	ErrNotFetched = errors.New("file not fetched")
	// ErrFileGone: the relay has the file no more.
	ErrFileGone = errors.New("file gone from the relay")
	// ErrFileLeftOut: the message came back from an export that does not hold its file.
	ErrFileLeftOut = errors.New("file not in the export")
	// ErrFileDamaged: the bytes are not those that the message names.
	ErrFileDamaged = errors.New("file damaged")
	// ErrVerifyMismatch: the compared safety number differs.
	ErrVerifyMismatch = errors.New("safety number differs")
)
