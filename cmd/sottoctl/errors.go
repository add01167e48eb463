package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"sotto/app/platform"
	"sotto/app/privacy/backup"
	"sotto/app/privacy/files"
	"sotto/app/profile"
	"sotto/chat"
)

// Exit codes (docs/CLI.md, "Exit codes").
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2 // or ambiguous name
	exitLocked  = 3 // or wrong passphrase
	exitMissing = 4 // not found
	exitRefused = 5 // by consent or policy
	exitNetwork = 6
	exitInUse   = 7
)

// failure is an error as a person and a program are told of it.
type failure struct {
	Code    string `json:"code"` // stable word a program branches on
	Exit    int    `json:"exit"`
	Message string `json:"message"`          // a sentence
	Result  any    `json:"result,omitempty"` // what is durable all the same; over rpc only
	cause   error
}

func (f *failure) Error() string { return f.Message }
func (f *failure) Unwrap() error { return f.cause }

// usagef is a failure of the way a command was called.
func usagef(format string, args ...any) error {
	return &failure{Code: "usage", Exit: exitUsage, Message: fmt.Sprintf(format, args...)}
}

// sentences maps the sentinels of package chat to what is told. The first match counts, so a sentinel that wraps
// another stands before it.
var sentences = []struct {
	is      error
	code    string
	exit    int
	message string
}{
	{profile.ErrKeyFileNeeded, "key-file-needed", exitLocked, "The passphrase opens this profile only together with its key file. Name it with --key-file."},
	{profile.ErrKeyFileInside, "key-file-inside", exitUsage, "A key file must not lie in the profile folder: whoever copies the folder would have it too. Nothing was changed."},
	{files.ErrInside, "inside-profile", exitUsage, "That lies in the folder of the profile itself, where it would be deleted with it. Nothing was written; choose another place."},
	{profile.ErrKeyFile, "key-file", exitUsage, "That cannot be used as a key file: it must be a readable file of 32 bytes to 1 MiB. Nothing was changed."},
	{profile.ErrLastWay, "last-way", exitRefused, "A way with a passphrase has to stay, and a keychain is never the only one. Nothing was removed; add another way first."},
	{profile.ErrTooManyWays, "too-many-ways", exitRefused, "There are 16 ways to open the profile already. Remove one first."},
	{platform.ErrNoKey, "keychain-empty", exitLocked, "The keychain of this computer holds no key that opens this profile. Nothing was changed; the passphrase opens it."},
	{platform.ErrKeychain, "keychain-locked", exitLocked, "The keychain of this computer is locked or does not answer. Nothing was changed; the passphrase opens the profile."},
	{platform.ErrUnsupported, "keychain-none", exitLocked, "There is no keychain on this computer. Nothing was changed; the passphrase opens the profile."},

	{chat.ErrWrongSecret, "wrong-secret", exitLocked, "That passphrase or code does not open this profile."},
	{chat.ErrTryLater, "try-later", exitLocked, "Too many wrong attempts. Wait a little before the next one."},
	{chat.ErrLocked, "locked", exitLocked, "The profile is locked. Give its passphrase with --passphrase-file or --passphrase-env."},
	{chat.ErrProfileInUse, "profile-in-use", exitInUse, "Another process has this profile open. Close it, or talk to it through its rpc."},
	{chat.ErrProfileExists, "profile-exists", exitFailed, "There is a profile in that folder already. It was left as it is."},
	{chat.ErrNoProfile, "no-profile", exitMissing, "There is no profile in that folder. Make one with: sottoctl init --name NAME"},
	{chat.ErrVaultDamaged, "vault-damaged", exitFailed, "The vault file is altered or incomplete. Nothing was changed; restore it from a copy."},
	{backup.ErrDamaged, "backup-damaged", exitFailed, "The backup is cut off or altered. Nothing of it was used."},
	{chat.ErrDamaged, "history-damaged", exitFailed, "Part of the history is altered or missing, so it was not used. Nothing was changed. Save what is readable with sottoctl salvage --out PATH, or restore a backup."},
	{chat.ErrDeletedMeanwhile, "deleted-meanwhile", exitFailed, "This was stopped because something was deleted meanwhile. Nothing of it is kept; start it again."},
	{chat.ErrNewerFormat, "newer-format", exitFailed, "This was written by a newer version of Sotto. It was left untouched."},
	{chat.ErrDiskFull, "disk-full", exitFailed, "The disk is full. Nothing that was acknowledged is lost; free some space and try again."},
	{chat.ErrReadOnly, "read-only", exitFailed, "The disk refuses writes."},

	{chat.ErrAmbiguous, "ambiguous", exitUsage, "More than one contact fits that name. Use more of the id."},
	{chat.ErrNotFound, "not-found", exitMissing, "There is nothing of that name or id here."},
	{chat.ErrNotFetched, "not-fetched", exitNetwork, "The file is not here yet. What came of it is kept; fetch it again to go on."},
	{chat.ErrFileGone, "file-gone", exitMissing, "The file is not on the relay any more. Ask for it to be sent again."},
	{chat.ErrFileLeftOut, "file-left-out", exitMissing, "The export from which the message was taken in does not hold its file. Take in one that does, or ask for it to be sent again."},
	{chat.ErrFileDamaged, "file-damaged", exitFailed, "The file is not the one that was sent, so nothing of it was used. Ask for it to be sent again."},
	{chat.ErrTooLarge, "too-large", exitFailed, "That is more than one message can carry. Send it in parts."},
	{chat.ErrUnsupported, "unsupported", exitFailed, "This system cannot do that."},
	{chat.ErrExists, "exists", exitFailed, "There is one already."},

	{chat.ErrBlocked, "blocked", exitRefused, "This contact is blocked. Nothing was sent."},
	{chat.ErrNotAccepted, "not-accepted", exitRefused, "This request has not been accepted yet. Accept it first: sottoctl accept ID"},
	{chat.ErrIdentityChanged, "identity-changed", exitRefused, "This contact's identity was restored or copied. Compare the safety number again before writing: sottoctl verify CONTACT"},
	{chat.ErrNeedsConfirmation, "needs-confirmation", exitRefused, "This link names a relay that was not used before. Look at it, then add the link again with --confirm-relay."},
	{chat.ErrNotConsented, "refused", exitRefused, "This contact is a bot that may not read what you write, so nothing was sent. To let it read: sottoctl consent grant bot-reads NAME"},
	{chat.ErrRefused, "refused", exitRefused, "A consent or a setting forbids this. Nothing was sent."},

	{chat.ErrPinMismatch, "pin-mismatch", exitNetwork, "The relay is not the one its address names, so nothing was sent to it."},
	{chat.ErrUnauthorized, "unauthorized", exitNetwork, "The relay did not accept the pass or token."},
	{chat.ErrQuota, "quota", exitNetwork, "The relay's limit is reached. It will be tried again later."},
	{chat.ErrOffline, "offline", exitNetwork, "The relay cannot be reached now. What waits leaves as soon as it can."},
	{chat.ErrInviteExpired, "invite-expired", exitFailed, "This invitation is past its date. Ask for a new one."},
	{chat.ErrInviteUsed, "invite-used", exitFailed, "This invitation was used up or withdrawn. Ask for a new one."},
	{chat.ErrOwnInvite, "own-invite", exitFailed, "This is an invitation of this profile. Give it to somebody else."},
	{chat.ErrVerifyMismatch, "verify-mismatch", exitFailed, "The safety number differs. Do not trust this contact until you know why."},
	{chat.ErrMalformed, "malformed", exitUsage, "That does not follow its format."},

	{context.DeadlineExceeded, "timeout", exitNetwork, "It took too long."},
	{context.Canceled, "interrupted", exitFailed, "Interrupted."},
	{os.ErrNotExist, "no-file", exitMissing, "There is no such file or folder."},
	{os.ErrExist, "file-exists", exitFailed, "There is a file or folder of that name already. It was left as it is."},
	{os.ErrPermission, "no-permission", exitFailed, "The system does not allow that."},
}

// describe turns any error into a failure. What is not known by a sentinel keeps its own words, which hold no secrets
// and no plaintext (a rule of the house).
func describe(err error) *failure {
	var told *failure
	if errors.As(err, &told) {
		return told
	}
	var delay *chat.DelayError
	if errors.As(err, &delay) {
		return &failure{
			Code: "try-later", Exit: exitLocked, cause: err,
			Message: fmt.Sprintf("Too many wrong attempts. The next one can be made in %s.", delay.Wait.Round(time.Second)),
		}
	}
	for _, s := range sentences {
		if errors.Is(err, s.is) {
			return &failure{Code: s.code, Exit: s.exit, Message: s.message, cause: err}
		}
	}
	return &failure{Code: "failed", Exit: exitFailed, Message: "It failed: " + err.Error() + ".", cause: err}
}

// explain keeps the code and exit of an error and says more exactly what went wrong.
func explain(err error, format string, args ...any) error {
	f := *describe(err)
	f.Message = fmt.Sprintf(format, args...)
	f.cause = err
	return &f
}

// report writes the error as one line, in words or as the object {"v":1,"error":{...}}, and returns its exit code.
func report(w io.Writer, err error, asJSON bool) int {
	f := describe(err)
	if asJSON {
		told := *f
		told.Result = nil // stands on standard output
		line, err := encodeLine(struct {
			V     v1       `json:"v"`
			Error *failure `json:"error"`
		}{Error: &told})
		if err == nil {
			w.Write(line) //nolint:errcheck // nowhere left to say it
		}
		return f.Exit
	}
	fmt.Fprintf(w, "sottoctl: %s\n", f.Message)
	return f.Exit
}

// bareFile takes the path out of a file error, which is the user's, and says what was being done.
func bareFile(doing string, err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		err = inPath.Err
	}
	return fmt.Errorf("%s: %w", doing, err)
}
