package assistant

import (
	"strings"
	"unicode"
)

// maxQuestion is how many words of a text are looked at.
const maxQuestion = 80

// Answer returns what the Guide says to a text. It is never empty, and it says so when it does not understand.
func Answer(text string) string {
	words := wordsOf(text)
	if len(words) == 0 {
		return onlyText
	}
	best, found := topic{}, 0
	for _, t := range topics {
		if score := t.score(words); score > found {
			best, found = t, score
		}
	}
	if found == 0 {
		return fallback()
	}
	return best.answer
}

// Welcome is what the Guide says to a new contact that has not asked anything yet.
func Welcome() string { return welcome }

// Topics returns the titles of what the Guide can speak about.
func Topics() []string {
	var out []string
	for _, t := range topics {
		if t.title != "" {
			out = append(out, t.title)
		}
	}
	return out
}

func fallback() string {
	return "I do not understand that. I am a small rule-based bot, offline, and I know plain English about Sotto only.\n\nAsk me about: " +
		strings.Join(Topics(), ", ") + "."
}

// topic is one thing the Guide can speak about.
type topic struct {
	title  string // as listed; empty: not listed
	cues   string // alternatives, one a line; each is words that must all occur, "a|b" for either
	answer string
}

// score is twice the number of words of the longest cue that occurs whole, one less where a word was misspelt; 0 for none.
func (t topic) score(words []string) int {
	best := 0
	for cue := range strings.Lines(t.cues) {
		if s := scoreCue(strings.Fields(cue), words); s > best {
			best = s
		}
	}
	return best
}

func scoreCue(cue, words []string) int {
	exact := true
	for _, part := range cue {
		hit, spelt := occurs(strings.Split(part, "|"), words)
		if !hit {
			return 0
		}
		exact = exact && spelt
	}
	if len(cue) == 0 {
		return 0
	}
	score := 2 * len(cue)
	if !exact {
		score--
	}
	return score
}

// occurs reports whether a word begins with one of the stems, and whether it is spelt so. A stem that ends in "." must be
// the whole word.
func occurs(stems, words []string) (hit, spelt bool) {
	for _, stem := range stems {
		whole, isWhole := strings.CutSuffix(stem, ".")
		for _, word := range words {
			if isWhole && word == whole || !isWhole && strings.HasPrefix(word, stem) {
				return true, true
			}
			if !isWhole && len(stem) >= 5 && nearPrefix(stem, word) {
				hit = true
			}
		}
	}
	return hit, false
}

// nearPrefix reports whether the word begins with the stem but for one letter missing, added, changed or swapped. The
// first letter has to be right.
func nearPrefix(stem, word string) bool {
	if word == "" || word[0] != stem[0] {
		return false
	}
	for n := len(stem) - 1; n <= len(stem)+1 && n <= len(word); n++ {
		if oneApart(stem, word[:n]) {
			return true
		}
	}
	return false
}

func oneApart(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	a, b = a[i:], b[i:]
	switch {
	case a == "" || b == "":
		return len(a)+len(b) <= 1
	case len(a) >= 2 && len(b) >= 2 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]:
		return true
	}
	return a[1:] == b[1:] || a[1:] == b || a == b[1:]
}

// wordsOf splits a text into lowercase words of letters and digits; an apostrophe is left out, so that "can't" is "cant".
func wordsOf(text string) []string {
	var out []string
	text = strings.NewReplacer("'", "", "’", "").Replace(strings.ToLower(text))
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if out = append(out, word); len(out) == maxQuestion {
			break
		}
	}
	return out
}
