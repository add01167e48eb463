package assistant_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"sotto/app/apptest/alloc"
	"sotto/app/assistant"
)

func TestTheGuideFindsTheAnswer(t *testing.T) {
	cases := map[string][]string{ // words of the answer, and ways to ask
		"Press Ctrl+N":                    {"How do I invite someone?", "invite", "i want to make a link for a friend", "can i get a QR code", "how to start a chat", "how do i invit a freind"},
		`paste the link that starts with`: {"how do I add a contact", "I got a link, what now?", "Add a friend please"},
		"under Requests":                  {"what is a request?", "how do I accept someone", "who is this stranger"},
		"60 digits":                       {"how do I verify Ada", "what is the safety number", "verfiy contact", "how do i know it is really her"},
		"device list jumped":              {"it says identity changed", "what does identity restored or copied mean"},
		"Queued: it waits":                {"what does queued mean", "my message was not delivered", "what do the check marks mean", "it says waiting"},
		"new text and that it was edited": {"can I edit a message", "how do i fix a typo"},
		"destroys its keys":               {"how do I delete a conversation", "delete chat", "clear my history", "erase the conversation"},
		"Delete a message from its menu":  {"delete a message", "can I unsend something", "delete for everyone"},
		"Deleting everything":             {"how do I delete everything", "delete my account", "wipe my profile"},
		"honoured, refused":               {"can I ask the other side to delete", "can I make Ada delete it", "delete it on their computer"},
		"Blocking a contact":              {"how do i block somebody", "delete a contact", "remove contact"},
		"JSON Lines":                      {"how can I export my messages", "export", "I want to download my data", "save my chat history"},
		"names the file and line":         {"how do I verify an export", "check the export", "what is in the manifest"},
		"off until you say yes":           {"what is consent", "what does it need permission for", "gdpr?"},
		"Read receipts, delivery":         {"turn on read receipts", "can she see that I am typing", "does he know when i read it"},
		"says only that there is":         {"why are notifications empty", "notification text"},
		"Ctrl+L locks at once":            {"how do I lock it", "set idle time", "lock"},
		"type the recovery code":          {"I forgot my passphrase", "what is the recovery code for", "lost password", "change my passphrase"},
		"stores envelopes until":          {"what is a relay", "which server is used", "how do i change the relay"},
		"padded sizes":                    {"what does the relay see?", "what can the server know", "who can read my messages", "metadata?", "does it hide my ip address"},
		"you can read and write":          {"why am I offline", "does it work without internet", "it cannot connect"},
		"X25519 and ML-KEM, so that":      {"what does quantum-safe mean", "quantum safe pending?", "is it post-quantum"},
		"derived by a ratchet":            {"how is it encrypted", "forward secrecy?", "is it end-to-end encrypted", "is this secure"},
		"in your profile folder":          {"where is my data", "what is stored", "do you have telemetry"},
		"never what was said":             {"what is the audit log", "audit"},
		"ordinary contact with a program": {"what is a bot?", "can I write my own bot", "chatbots"},
		"sottoctl does what":              {"is there a command line", "sottoctl", "can I script it"},
		"lives on one device":             {"is there a phone app", "can I use two devices", "move to a new computer"},
		"Not in this version":             {"groups?", "video call", "voice messages"},
		"Drop a file on a conversation":   {"can I send a photo", "how do I attach a document", "files?", "how do I download a picture", "paste an image"},
		"makes a copy that other":         {"how do I save a file", "open an attachment", "where do files go"},
		"no virus scanner":                {"is this file dangerous", "why is there a warning about the document", "does the photo have GPS in it"},
		"every word must be there":        {"how do I search", "find a message"},
		"on both sides after the time":    {"disappearing messages", "is there a timer"},
		"one file with everything":        {"how do I make a backup", "restore", "import"},
		"Ctrl+K switches":                 {"keyboard shortcuts"},
		"Light and dark":                  {"dark theme", "make the text bigger", "how do i get dark mode"},
		"Apache License":                  {"what does it cost", "is it open source", "licence?"},
		"Nobody outside has audited":      {"was this audited", "can I trust sotto"},
		"Your name is what":               {"how do I change my name", "rename a contact"},
		"a bot: a list of rules":          {"who are you", "are you human?", "are you ChatGPT", "are you a bot", "what are you", "Are you an AI?", "is this a real person"},
		"a list of message numbers":       {"do you remember me", "do you store what I say", "will you delete my question"},
		"confidentially with people":      {"what is sotto", "What's Sotto?"},
		"I answer how Sotto works":        {"help", "what can you do", "what can I ask you"},
		"You are welcome":                 {"thanks", "thank you so much", "great"},
		"Goodbye":                         {"bye", "good night"},
		"What would you like to know":     {"hello", "Hi", "hey there", "good morning"},
	}
	for want, questions := range cases {
		for _, q := range questions {
			if got := assistant.Answer(q); !strings.Contains(got, want) {
				t.Errorf("%q is answered %.60q, want the one with %q", q, got, want)
			}
		}
	}
}

func TestTheGuideSaysWhenItDoesNotUnderstand(t *testing.T) {
	for _, q := range []string{"what is the capital of France", "wie wird das Wetter morgen", "42", "colourless green ideas sleep furiously"} {
		got := assistant.Answer(q)
		if !strings.Contains(got, "do not understand") || !strings.Contains(got, "bot") || !strings.Contains(got, "offline") {
			t.Errorf("%q is answered %.80q", q, got)
		}
		for _, title := range assistant.Topics() {
			if !strings.Contains(got, title) {
				t.Errorf("the fallback does not offer %q", title)
			}
		}
	}
	for _, q := range []string{"", "   ", "?!", "👍"} {
		if got := assistant.Answer(q); !strings.Contains(got, "plain text only") {
			t.Errorf("%q is answered %.60q", q, got)
		}
	}
}

func TestEveryListedTopicCanBeAskedByItsTitle(t *testing.T) {
	for _, title := range assistant.Topics() {
		if got := assistant.Answer("tell me about " + title); strings.Contains(got, "do not understand") {
			t.Errorf("the Guide offers %q and does not understand it", title)
		}
	}
}

func TestAnswersAreInTheVoiceOfSotto(t *testing.T) {
	all := []string{assistant.Welcome(), assistant.Answer(""), assistant.Answer("xyzzy")}
	for _, q := range assistant.Topics() {
		all = append(all, assistant.Answer(q))
	}
	for _, a := range all {
		if strings.Contains(a, "!") || !strings.HasSuffix(a, ".") && !strings.HasSuffix(a, "?") {
			t.Errorf("%.60q shouts or ends nowhere", a)
		}
		if utf8.RuneCountInString(a) > 700 {
			t.Errorf("%.60q has %d characters", a, utf8.RuneCountInString(a))
		}
		for _, word := range []string{"secure", "military", "anonymous", "simply", "just "} {
			if strings.Contains(strings.ToLower(a), word) {
				t.Errorf("%.60q says %q", a, word)
			}
		}
	}
	if !strings.Contains(assistant.Welcome(), "bot") || !strings.Contains(assistant.Welcome(), "offline") {
		t.Error("the welcome does not say that it is an offline bot")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("How do I invite someone?")
	f.Add(strings.Repeat("delete ", 1000))
	f.Add("\xff\x00ééé verfiy")
	f.Fuzz(func(t *testing.T, s string) {
		alloc.Check(t, len(s), func() { assistant.Answer(s) })
		if assistant.Answer(s) == "" {
			t.Error("no answer")
		}
	})
}
