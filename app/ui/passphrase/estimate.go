package passphrase

import (
	"math"
	"strings"
	"unicode"
)

// Bits answers how many bits of guessing a passphrase is worth, at the guesser's best: the cheapest way to cut it into
// patterns. related are words a guesser knows, such as the person's name.
func Bits(s string, related ...string) float64 {
	runes := []rune(strings.ToLower(s))
	if len(runes) > longest {
		runes = runes[:longest]
	}
	known := map[string]bool{}
	for _, r := range related {
		for _, w := range strings.Fields(strings.ToLower(r)) {
			known[w] = true
		}
	}
	// cheapest[i] is the cost of the first i runes.
	cheapest := make([]float64, len(runes)+1)
	for i := 1; i <= len(runes); i++ {
		cheapest[i] = math.Inf(1)
		for j := max(0, i-longestPattern); j < i; j++ {
			cost := cheapest[j] + patternBits(runes[j:i], known)
			if j > 0 && i-j > 1 && repeats(runes[:j], runes[j:i]) {
				cost = min(cost, cheapest[j]+1)
			}
			cheapest[i] = min(cheapest[i], cost)
		}
	}
	return cheapest[len(runes)] + capitals(s)
}

const (
	longest        = 128 // runes looked at
	longestPattern = 24
)

// patternBits is the cost of one piece, infinite where it is no pattern and longer than a rune.
func patternBits(p []rune, known map[string]bool) float64 {
	if len(p) == 1 {
		return runeBits(p[0])
	}
	text := string(p)
	switch {
	case known[text]:
		return 1
	case common[text]:
		return 6
	case isWord[text]:
		return perWord
	case allSame(p):
		return runeBits(p[0]) + math.Log2(float64(len(p)))
	case len(p) >= 3 && (inRow(text) || stepwise(p)):
		return 4 + math.Log2(float64(len(p)))
	case isYear(text):
		return 6.5
	case len(p) >= 3 && allLetters(p):
		return letterRun(len(p))
	}
	return math.Inf(1)
}

// runeBits is what one character is worth alone.
func runeBits(r rune) float64 {
	switch {
	case r == ' ' || r == '-' || r == '.' || r == '_' || r == ',':
		return 1 // between words
	case r >= '0' && r <= '9':
		return 3.4
	case r >= 'a' && r <= 'z':
		return 4.7
	case unicode.IsLetter(r):
		return 5.5
	}
	return 5.5
}

// letterRun is a stretch of letters that no list here holds. It may be a word of a dictionary: those cost about 14 bits
// however long they are, so letters count less the more of them there are.
func letterRun(n int) float64 { return min(4.7*float64(n), 12+0.8*float64(n)) }

// capitals adds what capital letters are worth: the first of a word, or all, is expected.
func capitals(s string) float64 {
	odd, before := 0, ' '
	upper, letters := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
		if unicode.IsUpper(r) {
			upper++
			if unicode.IsLetter(before) {
				odd++
			}
		}
		before = r
	}
	switch {
	case upper == 0:
		return 0
	case upper == letters || odd == 0:
		return 1
	}
	return min(float64(odd)*1.5, 8)
}

func allSame(p []rune) bool {
	for _, r := range p {
		if r != p[0] {
			return false
		}
	}
	return true
}

func allLetters(p []rune) bool {
	for _, r := range p {
		if !unicode.IsLetter(r) {
			return false
		}
	}
	return true
}

// stepwise reports whether each character follows the one before by the same step of one: "abcd", "4321".
func stepwise(p []rune) bool {
	step := p[1] - p[0]
	if step != 1 && step != -1 {
		return false
	}
	for i := 2; i < len(p); i++ {
		if p[i]-p[i-1] != step {
			return false
		}
	}
	return true
}

var rows = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "1234567890", "1q2w3e4r5t6z", "1qaz2wsx3edc"}

func inRow(text string) bool {
	for _, row := range rows {
		if strings.Contains(row, text) {
			return true
		}
	}
	return false
}

func isYear(text string) bool {
	return len(text) == 4 && (strings.HasPrefix(text, "19") || strings.HasPrefix(text, "20")) &&
		text[2] >= '0' && text[2] <= '9' && text[3] >= '0' && text[3] <= '9'
}

// repeats reports whether piece stands in what came before.
func repeats(before, piece []rune) bool { return strings.Contains(string(before), string(piece)) }

// common are the passwords and words that are tried first.
var common = wordSet(strings.Fields(`password passwort passw0rd p@ssword p@ssw0rd secret sotto letmein welcome admin root login master
dragon monkey iloveyou love hello sunshine princess football baseball superman batman starwars whatever freedom trustno1 hunter2
correct horse battery staple qwerty azerty abc123 test test123 geheim hallo schatz soleil bonjour motdepasse contraseña
michael jennifer thomas daniel anna maria peter summer winter spring autumn january february march april may june july
august september october november december monday tuesday wednesday thursday friday saturday sunday
the and you for are with this that have not my your our his her it is was be am a an to of in on at`))
