package export

import (
	"bufio"
	"context"
	_ "embed" // the style of the pages
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sotto/chat"
	"sotto/chat/disk"
)

// messagesPerPage keeps a page small enough for any browser.
const messagesPerPage = 500

//go:embed style.css
var style string

//go:embed pages.tmpl
var pagesSource string

// pageTemplates render pages without scripts and without anything loaded from elsewhere; html/template escapes what
// people wrote for the place where it stands.
var pageTemplates = template.Must(
	template.New("pages").Funcs(template.FuncMap{"count": count, "size": sizeWords}).Parse(pagesSource))

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// pages writes the pages from the lines, so that both say the same.
func (r *run) pages(ctx context.Context) error {
	for i := range r.threads {
		if err := r.thread(ctx, &r.threads[i]); err != nil {
			return err
		}
	}
	return r.d.write("index.html", func(w *lines) error {
		return pageTemplates.ExecuteTemplate(w, "index", r.index())
	})
}

type indexView struct {
	Style    template.CSS
	Name     string
	Exporter string
	Created  string
	Scope    string
	Counts   Counts
	Threads  []threadView
	Skipped  int
	Audit    bool

	WithoutFiles bool
}

type threadView struct {
	Name     string
	Link     string
	Messages int
	From, To string
}

func (r *run) index() indexView {
	v := indexView{
		Style: template.CSS(style), Name: r.x.Name(), Exporter: r.m.Exporter, Created: r.date(r.created, true), Scope: r.m.Scope,
		Counts: r.m.Counts, Skipped: len(r.m.Skipped), Audit: r.m.Scope == "everything",
		WithoutFiles: r.m.WithoutFiles,
	}
	for _, t := range r.threads {
		tv := threadView{Name: r.title(t), Link: t.Folder + "/" + pageName(1), Messages: t.Messages}
		if t.Messages > 0 {
			tv.From, tv.To = r.date(t.first, false), r.date(t.last, false)
		}
		v.Threads = append(v.Threads, tv)
	}
	return v
}

// title is who the conversation is with.
func (r *run) title(t thread) string {
	var names []string
	for _, m := range t.Members {
		names = append(names, r.name(m))
	}
	if len(names) == 0 {
		return "Nobody else"
	}
	return strings.Join(names, ", ")
}

func (r *run) name(id string) string {
	if id == r.m.Exporter {
		return r.x.Name()
	}
	if name := r.names[id]; name != "" {
		return name
	}
	return fmt.Sprintf("%.8s", id)
}

func pageName(n int) string { return fmt.Sprintf("page-%04d.html", n) }

type pageView struct {
	Style       template.CSS
	Title       string
	Page, Pages int
	Messages    int
	Created     string
	Previous    string
	Next        string
}

type messageView struct {
	Day       string
	ID        string
	Own       bool
	First     bool // of a group by one author
	Name      string
	Text      string
	File      *fileView
	Gone      bool
	Unknown   bool
	Notice    string
	Missing   int
	ReplyLink string
	ReplyText string
	Time      string
	State     string
	Edited    bool
	Reactions []reactionView
}

type reactionView struct{ Emoji, Name string }

// thread writes the pages of one conversation.
func (r *run) thread(ctx context.Context, t *thread) error {
	file, err := r.d.open(t.Folder + "/messages.jsonl")
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 64<<10)
	if _, err := in.ReadBytes('\n'); err != nil { // the conversation itself
		return disk.Error(err)
	}
	view := pageView{
		Style: template.CSS(style), Title: r.title(*t), Messages: t.Messages, Created: r.date(r.created, true),
		Pages: max((t.Messages+messagesPerPage-1)/messagesPerPage, 1),
	}
	for view.Page = 1; view.Page <= view.Pages; view.Page++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		view.Previous, view.Next = "", ""
		if view.Page > 1 {
			view.Previous = pageName(view.Page - 1)
		}
		if view.Page < view.Pages {
			view.Next = pageName(view.Page + 1)
		}
		if err := r.d.write(t.Folder+"/"+pageName(view.Page), func(w *lines) error { return r.page(w, in, view) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) page(w io.Writer, in *bufio.Reader, view pageView) error {
	if err := pageTemplates.ExecuteTemplate(w, "head", view); err != nil {
		return err
	}
	p := painter{r: r, quotes: map[string]string{}}
	count := 0
	for ; count < messagesPerPage; count++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return disk.Error(err)
		}
		var m messageLine
		if err := json.Unmarshal(line, &m); err != nil {
			return fmt.Errorf("reading back a line: %w", err)
		}
		if err := pageTemplates.ExecuteTemplate(w, "message", p.view(m)); err != nil {
			return err
		}
	}
	r.progress(count)
	return pageTemplates.ExecuteTemplate(w, "foot", view)
}

// fileView is the file of a message on a page, two folders below it.
type fileView struct {
	Name    string
	SaveAs  string // the name that is suggested where it is saved
	Size    string
	Link    string // "": it is not here
	Picture bool   // one that browsers show and cannot run
	Width   int    // 0: not said
	Height  int
	Missing string // why it is not here
	Careful string // why to be careful with it; "": nothing is known
}

var missingWords = map[string]string{
	reasonLeftOut: "left out", reasonNotFetched: "never fetched", reasonGone: "no longer there", reasonDamaged: "damaged",
	reasonLater: "came while the export was made",
}

func viewOf(f filePart) *fileView {
	v := &fileView{Name: clean(chat.CleanFileName(f.Name)), Size: sizeWords(f.Size), Missing: missingWords[f.Reason]}
	if f.State == fileHere {
		v.Link, v.Picture, v.SaveAs = "../../"+f.Path, f.Picture, suggestedName(v.Name, f.Path)
		v.Careful = careful(f.Warnings)
	}
	if v.Picture && f.Width > 0 && f.Height > 0 {
		v.Width, v.Height = f.Width, f.Height
	}
	return v
}

// warningWords continue "Careful: it".
var warningWords = map[string]string{
	"executable":         "is a program",
	"script":             "is a script, which runs like a program",
	"installer":          "installs programs",
	"shortcut":           "is a shortcut, which can start programs or lead to places on the net",
	"macro":              "holds macros, which are programs",
	"active":             "can run or load something when it is opened",
	"disk-image":         "is an image of a disk",
	"archive-executable": "has programs or scripts in it",
	"bomb":               "would be enormous when unpacked",
	"encrypted":          "is an archive that cannot be looked into",
	"archive":            "is an archive, mind what is in it",
	"double-extension":   "has another ending than it seems",
	"hidden-characters":  "has characters in its name that cannot be seen",
	"type-differs":       "is not what its name says",
}

// careful says why to be careful with a file; a code without words is one more reason.
func careful(codes []string) string {
	if len(codes) == 0 {
		return ""
	}
	var all []string
	for _, code := range codes {
		words := warningWords[code]
		if words == "" {
			words = "may do harm"
		}
		if !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	return "Careful: it " + strings.Join(all, "; it ") + "."
}

// sizeWords is a size as people read it.
func sizeWords(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return count(int(n), "byte")
}

// painter turns lines into views; it knows what came before on the same page.
type painter struct {
	r      *run
	day    string
	author string
	at     time.Time
	quotes map[string]string // beginnings of texts, by id
}

// groupGap is the pause after which a new group of bubbles begins.
const groupGap = 10 * time.Minute

func (p *painter) view(m messageLine) messageView {
	at := p.time(m)
	v := messageView{
		ID: m.ID, Own: m.Direction == "out", Name: p.r.name(m.From), Text: clean(m.Text), Gone: m.Deleted,
		Unknown: m.Kind == "unknown", Missing: m.Missing, Time: at.Format("15:04"), Edited: m.Edited,
	}
	if m.Kind == "notice" {
		v.Notice = clean(m.Notice)
	}
	if m.File != nil {
		v.File = viewOf(*m.File)
	}
	if v.Own {
		v.State = stateWords[m.State]
	}
	if day := p.r.date(at, false); day != p.day {
		p.day, p.author, v.Day = day, "", day
	}
	v.First = m.From != p.author || at.Sub(p.at) > groupGap || m.Missing > 0
	p.author, p.at = m.From, at
	if m.Kind == "notice" {
		p.author = ""
	}
	if m.ReplyTo != "" {
		v.ReplyText = "an earlier message"
		if quote, ok := p.quotes[m.ReplyTo]; ok {
			v.ReplyText, v.ReplyLink = quote, "#m-"+m.ReplyTo
		}
	}
	p.quotes[m.ID] = beginning(v.Text)
	if v.File != nil && v.Text == "" {
		p.quotes[m.ID] = beginning(v.File.Name)
	}
	for _, reaction := range m.Reactions {
		v.Reactions = append(v.Reactions, reactionView{clean(reaction.Emoji), p.r.name(reaction.From)})
	}
	return v
}

var stateWords = map[string]string{
	"queued": "waiting", "sent": "sent", "delivered": "delivered", "read": "read", "failed": "not sent",
}

// time is the display time: the author's claim, at most five minutes after it was received.
func (p *painter) time(m messageLine) time.Time {
	sent, _ := time.Parse(timeLayout, m.Sent) // written by us a moment ago
	if received, err := time.Parse(timeLayout, m.Received); err == nil && sent.After(received.Add(5*time.Minute)) {
		sent = received.Add(5 * time.Minute)
	}
	return sent.In(p.r.zone())
}

func (r *run) zone() *time.Location {
	if r.r.Zone == nil {
		return time.UTC
	}
	return r.r.Zone
}

// date is a day, with the time and its zone where asked.
func (r *run) date(t time.Time, withTime bool) string {
	layout := "2 January 2006"
	if withTime {
		layout += ", 15:04 MST"
	}
	return t.In(r.zone()).Format(layout)
}

// clean replaces characters that have no place in a page; the lines keep them.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c == utf8.RuneError || c < ' ' && c != '\n' && c != '\t' || c >= 0x7f && c < 0xa0 {
			return '�'
		}
		return c
	}, s)
}

func beginning(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= 80 {
		return s
	}
	return string([]rune(s)[:80]) + "…"
}
