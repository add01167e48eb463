package assistant

// What the Guide says. Short sentences, the property instead of a promise, no exclamation marks. Where two topics score the
// same, the earlier one speaks.

const welcome = `Hello. I am the Guide, a bot. I run inside your own Sotto, offline, and answer by simple rules.

Ask me how to invite someone, verify a contact, export or delete, or what the relay can see. I erase your question and my answer on my side once I have answered. Your side is yours to delete.`

const noFiles = "Thank you for the file. I do not open files: I have not fetched it, and I erase my side of it. Ask me in words, for example: how do I save a file?"

const onlyText = "I can read plain text only. Ask me something in words, for example: how do I invite someone?"

var topics = []topic{
	{
		title: "who I am",
		cues: `
who are you
who am
what are you
are you bot|robot|human|person|real|alive|ai.|chatgpt|gpt|llm|machine|program
you bot.
your name
who made|wrote|built you
is this bot|human|person|real
how do you work`,
		answer: `I am the Guide, a bot: a list of rules, not a person and not a language model. I run inside your own Sotto and have no network of my own. You talk to me as to anyone, end to end encrypted, so you can try everything here without bothering a friend.`,
	},
	{
		cues: `
you remember|store|keep|log|record|save|read
you forget
you delete|erase question|chat|message|what
do you send|share|tell`,
		answer: `I erase your question and my answer on my side as soon as I have answered, and I keep only a list of message numbers, so as not to answer twice. I tell nobody: I have nobody to tell. Your side of this conversation stays until you delete it.`,
	},
	{
		cues: `
help
what can you
what can i ask
topics
menu
commands.
how does this work`,
		answer: "I answer how Sotto works. Ask in a sentence, such as: how do I invite someone? What does the relay see? How do I delete a conversation? What if I forget my passphrase?",
	},
	{
		cues: `
thank
thx
cheers
great|perfect|nice|cool
good bot`,
		answer: "You are welcome. Ask whenever something is unclear.",
	},
	{
		cues: `
bye
goodbye
see you
good night`,
		answer: "Goodbye. Ctrl+L locks the window if you are leaving the computer.",
	},
	{
		cues: `
hello
hi.
hey.
good morning|evening|afternoon|day
how are you
howdy`,
		answer: "Hello. I am the Guide, a bot that knows how Sotto works. What would you like to know? You could start with: how do I invite someone?",
	},
	{
		title: "what Sotto is",
		cues: `
what sotto
whats sotto
about sotto
what this app|program|for`,
		answer: `Sotto is a program for talking confidentially with people and with bots. What you write is encrypted on your computer and opened on theirs; the relay in between carries envelopes that it cannot open. There is no account and no phone number. Your history is on this computer, encrypted.`,
	},
	{
		title: "inviting someone",
		cues: `
invit
invite someone|friend|contact|person
make|create|get link
share link
qr
my link
how start|begin chat|talk
talk with|to someone|friend`,
		answer: `Press Ctrl+N, or choose Invite. Choose whether the link is for one person or reusable, and how long it is valid, then give it to them: copied, or as a QR code. Give it over a way you trust, since whoever holds it can write to you. The page says how far the link reaches: this computer, the local network, or anywhere. On the command line: sottoctl invite.`,
	},
	{
		cues: `
revoke|withdraw|cancel invit|link
invite|invitation expired|old|used
link expired|used|work
someone else used link|invite`,
		answer: `An invitation ends when its date passes, when it is used up, or when you withdraw it. If a link does not work, ask for a fresh one. If a one-time link was used by someone you did not expect, reject that request and verify the safety number with your friend.`,
	},
	{
		title: "adding a contact",
		cues: `
add contact|friend|someone|person|link|people
add
paste link
got|have|received link
accept invit
join`,
		answer: `Choose Add, and paste the link that starts with "sotto:". If it names a relay you have not used before, Sotto shows it and asks before it connects. Your first message goes out as a request; you can talk once the other side accepts. On the command line: sottoctl add LINK.`,
	},
	{
		title: "requests",
		cues: `
request
accept
reject|decline
stranger|unknown|spam
pending`,
		answer: `Someone who holds a link of yours appears under Requests, with one plain text. Nothing is confirmed back to them until you accept, and if you reject they learn nothing. When you accept, one sheet asks what they may learn: receipts and typing. Every answer starts as no.`,
	},
	{
		title: "verifying a contact",
		cues: `
verif
safety number
fingerprint
impersonat|fake|pretend
man middle
how know really|it.
trust contact|person`,
		answer: `Open the contact and compare the safety number, 60 digits, with the person: side by side, or on a call where you know the voice. If both see the same digits, choose Verify. It proves that nobody stands between you. If the digits differ, do not go on writing there. On the command line: sottoctl verify CONTACT.`,
	},
	{
		cues: `
identity changed|restored|copied|change
changed identity
break mark
warning identity|contact
verified lost|gone`,
		answer: `"Identity changed: check" means that the contact's device list jumped: they restored a backup, or someone copied their identity. Sending to a verified contact stops until you confirm. Ask the person in another way, and compare the safety number again.`,
	},
	{
		title: "sending and message states",
		cues: `
send message
sent|delivered|read|queued mean
state|tick|check|mark message|mean
waiting|queued
not sent|delivered|arriv
undelivered
failed`,
		answer: `Queued: it waits on this computer. Sent: the relay has stored it safely. Delivered and read: the other side said so, which it does only if that person allows it. A message that cannot be sent as it is offers retry and discard. Nothing is lost while you are offline.`,
	},
	{
		cues: `
edit
correct typo|message|mistake
change message
fix typo|message`,
		answer: `You can edit your own text messages: press Up in an empty field for the last one, or use the message's menu. The other side sees the new text and that it was edited. It may have read the first version.`,
	},
	{
		cues: `
react
emoji
thumb`,
		answer: `Choose a reaction from the message's menu. Each person has one on a message; choosing another replaces it, choosing it again takes it back.`,
	},
	{
		title: "deleting",
		cues: `
delete|remove|erase conversation|chat|thread|history
clear history|chat
delete
erase
wipe`,
		answer: `You can delete a message, a conversation, a contact or everything, on this computer. Deleting a conversation destroys its keys: with the files as they are then, no passphrase opens it again. Older copies and backups, and what the other side keeps, are beyond Sotto. "Ask a contact to delete" is another act, and you see what they answered.`,
	},
	{
		cues: `
delete|remove|erase|unsend|take message
delete everyone
unsend
recall message`,
		answer: `Delete a message from its menu. "From this computer" removes it here. "For everyone", for your own messages, also tells the other side's Sotto to remove it. It will, but what was read was read. A mark without content stays in its place, so that a late copy cannot bring it back.`,
	},
	{
		cues: `
delete|erase|wipe|remove everything|all.|profile|account
uninstall
start over
factory reset`,
		answer: `Deleting everything is on the privacy page: first your mailboxes on the relays, as far as they can be reached, then the whole profile on this computer. It asks for your passphrase and cannot be undone. It tells you which mailboxes it could not reach. On the command line: sottoctl delete everything.`,
	},
	{
		cues: `
ask|make|request delete|erase|remove
peer|other|side|they delete|erase|remove
delete their|other|both side|computer|device|end`,
		answer: `You can ask a contact to delete a conversation on their side. Their Sotto answers honoured, refused, partial or expired, and the privacy page shows who answered what. It is a request: nothing can force another computer, and Sotto never claims more than the answer says.`,
	},
	{
		cues: `
delete|remove contact|friend|person
block
mute
unfriend`,
		answer: `Blocking a contact closes its mailbox to it, and it is not told. Deleting a contact removes the conversation, keys and consents on this computer; a blocked one leaves only its fingerprint, so that it stays blocked. Both are on the contact's page.`,
	},
	{
		title: "exporting",
		cues: `
export
download|save|copy|print chat|history|conversation|message|data
portab
want|get data`,
		answer: `The privacy page exports one conversation or everything, offline: JSON Lines for programs, pages to read in a browser, consents, the audit log, and a manifest signed by your identity. Anyone can check it with sottoctl verify-export. An export is not encrypted: keep it where you would keep a diary.`,
	},
	{
		cues: `
verify export
check|prove export|manifest
manifest
signed|signature export
tamper`,
		answer: `sottoctl verify-export FOLDER checks an export without a profile and names the file and line that changed, if one did. The signature proves who exported and that nothing changed since. It does not prove what the other side wrote.`,
	},
	{
		title: "consent",
		cues: `
consent
permission
allow
privacy page|setting|cent
gdpr
receipts consent`,
		answer: `What others may learn about you is off until you say yes: delivery and read receipts, typing, text in notifications, and more. You find every answer on the privacy page, with a default and one for each contact. Taking a yes back acts on the next message, and the contact is told. On the command line: sottoctl consent list.`,
	},
	{
		cues: `
read receipt
delivery receipt
receipt
typing
seen
know i read
know when read`,
		answer: `Read receipts, delivery receipts and typing notices are off until you allow them, for everyone or for one contact, on the privacy page. If you see none from the other side, they have not allowed theirs.`,
	},
	{
		cues: `
notif
popup|banner
alert sound`,
		answer: `A notification says only that there is something new. If you allow text in notifications on the privacy page, it shows who wrote and the first words; your desktop then keeps them outside of Sotto.`,
	},
	{
		title: "locking",
		cues: `
lock
idle
auto lock
leave computer
screen`,
		answer: `Ctrl+L locks at once. Sotto also locks when the computer sleeps and after an idle time that you set under Settings. Locked, the keys leave memory as far as that is possible. It stops a person at your open computer; it does not stop malware that runs as you.`,
	},
	{
		title: "passphrase and recovery code",
		cues: `
forgot|forget|lost|lose|reset passphrase|password
recover
recovery code|word|phrase
passphrase|password
change passphrase|password`,
		answer: `Your passphrase opens your history; nobody can reset it for you. If you forget it, choose "Forgot passphrase?" on the unlock screen and type the recovery code you wrote down at the start; then set a new one. Without both, the history cannot be opened, by you or anyone. Wrong attempts make the next one wait.`,
	},
	{
		title: "the relay",
		cues: `
relay
server
where message|messages go
cloud
embedded|built relay`,
		answer: `A relay stores envelopes until the other side fetches them. One is built into Sotto, for this computer and, if you switch that on, your local network. To be reached from anywhere, paste a relay pass under Settings; anyone can run one with sotto-relay serve. It cannot open what it carries.`,
	},
	{
		title: "what the relay sees",
		cues: `
relay|server see|know|learn|read|log|spy
who can see|read
metadata
what see|seen
anonym
ip address|addresses
tor.
provider|government|police|isp|network see|read|know`,
		answer: `The relay sees network addresses, which mailboxes one connection reads, when envelopes come and go, and their padded sizes. Where both of you use it, it can guess who writes to whom from addresses and times. It does not see names, texts, identity keys or contact lists. Sotto hides what you say, not that you are talking.`,
	},
	{
		cues: `
offline
not connect
no internet|network
connection
local network|lan
cannot|cant reach|connect
works|work without internet`,
		answer: `Offline, you can read and write; messages wait and go out when the relay is reached again. The built-in relay is reached from this computer, and from the local network if you switch that on under Settings. If a friend far away cannot reach you, you both need a relay that both can reach.`,
	},
	{
		title: "quantum-safe",
		cues: `
quantum
post quantum
pq
kyber|mlkem|kem
quantum safe pending`,
		answer: `"Quantum-safe" means that keys come from two methods at once, X25519 and ML-KEM, so that someone who records today and has a quantum computer later still cannot open it. "Pending" lasts until both sides have exchanged one round of messages. If it takes too long, Sotto warns and begins a new session.`,
	},
	{
		title: "encryption",
		cues: `
encrypt
end to end
e2e
forward secrecy
ratchet
how safe|secure|private
is it|this|sotto safe|secure|private
key.
keys
cipher|algorithm|crypto`,
		answer: `Each message has a key of its own, derived by a ratchet from X25519 and ML-KEM and deleted after use, so a key stolen later does not open earlier messages. One exception: a first message sent when no one-time key was left; it is marked, and the first reply cures it. Nobody outside has audited Sotto yet.`,
	},
	{
		title: "what is stored",
		cues: `
where data|history|messages|files
what stored|kept|stored|collect|store
store|stored|storage
database|disk
telemetry|track|analytics
collect`,
		answer: `Your history is in your profile folder, encrypted, under keys that your passphrase or recovery code opens. Theme, language and window size lie there in the open. Nothing is counted and nothing is reported to anyone. The privacy page lists what is kept and why.`,
	},
	{
		cues: `
audited|reviewed|certified
who audited
trust sotto
backdoor`,
		answer: `Nobody outside has audited Sotto yet. The protocol is written down in docs/PROTOCOL.md, what it stops and what it does not in docs/THREATMODEL.md, each with the test that shows it. Judge it by those.`,
	},
	{
		cues: `
audit log
audit
log.
history of|what i did
tamper log`,
		answer: `The audit log records what was done and when, never what was said: unlocked, exported, deleted, consent given. Each entry holds the hash of the one before, so a changed or missing one is found. Print its head and keep it elsewhere if you want to notice even a log that was rewritten as a whole.`,
	},
	{
		title: "bots",
		cues: `
bot|bots
chatbot
own bot
ai.
assistant`,
		answer: `A bot is an ordinary contact with a program behind it, and carries a badge. It gets only what you write to it, and you are asked first. Encryption protects the way there; what its owner does with the text is theirs. You can write your own with sottoctl rpc, or run me elsewhere with sottoctl bot guide.`,
	},
	{
		title: "the command line",
		cues: `
sottoctl
command line|terminal
cli
script|automat|rpc|headless
terminal`,
		answer: `sottoctl does what the window does, and more: init, invite, add, accept, send, messages, export, delete, consent, audit. With --json each result is one object per line, and sottoctl rpc keeps one session open for scripts and bots. One program at a time can have the profile open.`,
	},
	{
		cues: `
phone|mobile|android|ios|iphone|tablet
second|two|multiple|another device|computer
sync
move|transfer new computer|device
new computer|laptop`,
		answer: `Sotto is for desktops, and an identity lives on one device today. There is no syncing between devices yet. An export lets you read your history elsewhere.`,
	},
	{
		title: "files and pictures",
		cues: `
file|files|attach|attachment|document
photo|picture|image|pdf
send|share|drop|paste file|photo|picture|image|document
fetch|download file|photo|picture|image
upload
gallery`,
		answer: `Drop a file on a conversation, paste a picture, or choose the clip; up to 100 MB each. It is encrypted here before it goes to the relay, which sees a padded size and no name. Place and camera are taken out of pictures unless you say otherwise. What others send is fetched when you ask, or by itself below a size, if you allow that. On the command line: sottoctl send CONTACT --file PATH.`,
	},
	{
		cues: `
save|open file|attachment|document|photo|picture|image
copy file|files
where file|files saved|go`,
		answer: `Files lie encrypted in your profile. "Open" makes a copy that other programs can read, and removes it when you lock or close Sotto. "Save as" writes a file where you choose; what becomes of that one is yours. Both stand in the audit log, without the name. On the command line: sottoctl save MESSAGE --out PATH.`,
	},
	{
		cues: `
dangerous|harmful|malware|virus|careful|warn file|attachment
warning file|document|attachment
exif|gps|metadata photo|picture|image
where photo|picture taken`,
		answer: `Sotto looks at the bytes of a file, not only at its name, and says why to be careful: programs, scripts, macros, archives, names that end twice. It is no virus scanner. Place, camera and comments are removed from pictures you send; what a picture shows, and what is inside other files, stays.`,
	},
	{
		cues: `
search
find message|text|word|chat`,
		answer: `Ctrl+F searches this conversation, and the search page all of them: every word must be there, in any order, "in quotes" as it stands. Names of files are found too. The index is built on this computer and kept encrypted. On the command line: sottoctl search WORDS.`,
	},
	{
		cues: `
disappear|timer|vanish
retention
how long kept|keep|stay`,
		answer: `A timer on a conversation removes new messages on both sides after the time you choose. Rules of retention, on the privacy page, remove old ones on this computer alone. On the command line: sottoctl timer and sottoctl retention.`,
	},
	{
		cues: `
group
voice
call|video`,
		answer: `Not in this version. Sotto sends texts and files between two, with edits and reactions. What is not there yet is not hidden behind a button either.`,
	},
	{
		cues: `
backup
restore
export back
import`,
		answer: `The privacy page writes a backup: one file with everything, under a passphrase of its own, from which a new device can be made. Whoever has both is you. An export is for reading elsewhere. Backups and copies of the profile folder still hold what you delete later; the list of backups says so.`,
	},
	{
		cues: `
shortcut
keyboard
hotkey`,
		answer: `Ctrl+K switches conversation, Ctrl+N invites, Ctrl+L locks, Esc goes back, Up edits your last message, Alt+Up and Alt+Down go to the next chat. Enter sends, Shift+Enter breaks the line.`,
	},
	{
		cues: `
theme
dark
dark|light mode
text|font size|scale|bigger|larger
language`,
		answer: `Theme and text size are under Settings. Light and dark follow your desktop unless you choose one.`,
	},
	{
		cues: `
cost|price|free|pay
licen
open source
source code`,
		answer: `Sotto is free software under the Apache License 2.0. There is nothing to pay and no account.`,
	},
	{
		cues: `
name
rename
my profile
change name
nickname`,
		answer: `Your name is what contacts see until they choose another for you. You can change it under Settings. What you call a contact is yours alone: rename it on the contact's page.`,
	},
}
