package main

import (
	"errors"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// grammar is every command, in the order in which help shows them. The command line and rpc read the same fields: a
// flag --no-such is the parameter no_such, an argument CONTACT the parameter contact.
type grammar struct {
	globals

	Init    initVerb    `cmd:"" help:"Make a new profile; prints its recovery code, once."`
	Whoami  whoamiVerb  `cmd:"" help:"Show who this profile is."`
	Status  statusVerb  `cmd:"" help:"Show connections, what waits, and unread messages."`
	Doctor  doctorVerb  `cmd:"" help:"Check vault, history, keys and relays."`
	Version versionVerb `cmd:"" help:"Show the version."`
	Passwd  passwdVerb  `cmd:"" help:"Change the passphrase."`
	Recover recoverVerb `cmd:"" help:"Set a new passphrase with the recovery code."`

	Invite      inviteVerb      `cmd:"" help:"Make an invitation link."`
	Invitations invitationsVerb `cmd:"" help:"List the invitations."`
	Revoke      revokeVerb      `cmd:"" help:"Withdraw an invitation."`
	Add         addVerb         `cmd:"" help:"Add somebody by their invitation link."`
	Requests    requestsVerb    `cmd:"" help:"List who asks to talk."`
	Accept      acceptVerb      `cmd:"" help:"Accept a request."`
	Reject      rejectVerb      `cmd:"" help:"Reject a request."`
	Contacts    contactsVerb    `cmd:"" help:"List contacts."`
	Verify      verifyVerb      `cmd:"" help:"Show a contact's safety number, or compare it."`
	Rename      renameVerb      `cmd:"" help:"Give a contact another name here."`
	Block       blockVerb       `cmd:"" help:"Take nothing from a contact any more."`
	Unblock     unblockVerb     `cmd:"" help:"Take messages of a blocked contact again."`
	Confirm     confirmVerb     `cmd:"" help:"Take your word for a contact's new device, or restored identity."`
	Remove      removeVerb      `cmd:"" help:"Remove a contact from the list."`

	Send     sendVerb     `cmd:"" help:"Send a text or a file."`
	Edit     editVerb     `cmd:"" help:"Change a text that was sent."`
	React    reactVerb    `cmd:"" help:"React to a message."`
	Read     readVerb     `cmd:"" help:"Mark a conversation as read."`
	Retry    retryVerb    `cmd:"" help:"Try a message again that failed, or fetch its file again."`
	Discard  discardVerb  `cmd:"" help:"Drop a message that failed."`
	Messages messagesVerb `cmd:"" help:"List the messages of a conversation."`
	Files    filesVerb    `cmd:"" help:"List the files of a conversation."`
	Fetch    fetchVerb    `cmd:"" help:"Fetch the file of a message."`
	Cancel   cancelVerb   `cmd:"" help:"Stop a file on its way, or withdraw it before it left."`
	Save     saveVerb     `cmd:"" help:"Save the file of a message, fetching it first."`
	Search   searchVerb   `cmd:"" help:"Find messages by their text, or the name of their file."`
	Sync     syncVerb     `cmd:"" help:"Send what waits and fetch what is there."`
	Listen   listenVerb   `cmd:"" help:"Print events as they happen."`

	Delete       deleteGroup      `cmd:"" help:"Delete a message, a conversation, a contact or everything."`
	Export       exportVerb       `cmd:"" help:"Write a signed export."`
	VerifyExport verifyExportVerb `cmd:"" help:"Check an export; needs no profile."`
	Import       importVerb       `cmd:"" help:"Take an export of this identity in again."`
	Backup       backupGroup      `cmd:"" help:"See the backups that were made."`
	Restore      restoreVerb      `cmd:"" help:"Make a new profile from a backup."`
	Salvage      salvageVerb      `cmd:"" help:"Save what can be read of a damaged profile."`
	Compact      compactVerb      `cmd:"" help:"Give back the room that deleted things left."`
	Consent      consentGroup     `cmd:"" help:"See and change who may learn what."`
	Retention    retentionGroup   `cmd:"" help:"See and change how long messages are kept."`
	Timer        timerVerb        `cmd:"" help:"Show or set how long new messages of a conversation stay on both sides."`
	Audit        auditGroup       `cmd:"" help:"See and check the audit log."`
	Lock         lockGroup        `cmd:"" help:"See and change what opens the profile."`

	Set        setVerb   `cmd:"" help:"Show or change a setting."`
	RelayServe relayVerb `cmd:"" help:"Run this profile's own relay until interrupted."`
	Bot        botGroup  `cmd:"" help:"Run a bot."`
	RPC        rpcVerb   `cmd:"" name:"rpc" help:"Serve JSON-RPC 2.0 on standard input and output."`
}

// globals are the flags of every command; none of them is an rpc parameter.
type globals struct {
	Profile        string `placeholder:"DIR" help:"Folder of the profile (default: the one of the window)."`
	PassphraseFile string `placeholder:"FILE" xor:"passphrase" help:"Read the passphrase from the first line of a file."`
	PassphraseEnv  string `placeholder:"VAR" xor:"passphrase" help:"Read the passphrase from an environment variable."`
	KeyFile        string `placeholder:"FILE" help:"The key file that the passphrase needs."`
	Keychain       bool   `help:"Open with the keychain of this computer; acts that ask for the passphrase still do."`
	JSON           bool   `name:"json" help:"Print one JSON object per line."`
}

const description = "Sotto without a window: confidential messages from scripts and bots. The contract is docs/CLI.md."

// left is how kong leaves after it has printed help.
type left int

// newParser returns a parser of a fresh grammar.
func newParser(g *grammar, out, words io.Writer) (*kong.Kong, error) {
	return kong.New(g,
		kong.Name("sottoctl"),
		kong.Description(description),
		kong.Writers(out, words),
		kong.Exit(func(code int) { panic(left(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
}

// parseArguments reads a command line. helped says that help was asked for and printed.
func parseArguments(args []string, out, words io.Writer) (g *grammar, v verb, helped bool, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case left:
			helped = true
		default:
			panic(r)
		}
	}()
	g = &grammar{}
	parser, err := newParser(g, out, words)
	if err != nil {
		return g, nil, false, err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return g, nil, false, asUsage(err)
	}
	return g, parsed.Selected().Target.Addr().Interface().(verb), false, nil
}

// asUsage makes a sentence of what the parser found.
func asUsage(err error) error {
	if f := describe(err); f.Code != "failed" {
		return f
	}
	about, takesText := "sottoctl", false
	var at *kong.ParseError
	if errors.As(err, &at) && at.Context != nil {
		for _, step := range at.Context.Path {
			if step.Command != nil {
				about, takesText = step.Command.FullPath(), len(step.Command.Positional) > 0
			}
		}
	}
	words := parserWords.Replace(strings.TrimSuffix(err.Error(), "."))
	if words == "" {
		return usagef("That is not a command. See: %s --help", about)
	}
	words = strings.ToUpper(words[:1]) + words[1:]
	if takesText && strings.HasPrefix(words, "Unexpected argument ") {
		words += ". Several words go in quotes"
	}
	return usagef("%s. See: %s --help", words, about)
}

// parserWords takes out of kong's words what only a programmer can read: an empty choice, the size of a number.
var parserWords = strings.NewReplacer(`one of "",`, `one of `, "a valid 64 bit int", "a number")
