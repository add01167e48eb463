package passphrase

import (
	"os"
	"strings"
	"testing"

	"sotto/app/ui/i18n"
)

func TestMain(m *testing.M) {
	if err := i18n.Load(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestWeakPassphrasesAreCalledWeak(t *testing.T) {
	for _, s := range []string{
		"a", "password", "Password1", "passw0rd!", "12345678", "1234567890", "qwertyuiop", "aaaaaaaaaaaaaaaa", "letmein2024",
		"abcdefghijkl", "dragon dragon dragon", "summer2024", "Ada Lovelace 1815", "iloveyou iloveyou", "correct horse battery",
		"lovelace lovelace",
	} {
		if r := Rate(s, "Ada Lovelace"); r.Level != 1 || !strings.HasPrefix(r.Words, "Weak") {
			t.Errorf("%q (%.0f bits) is level %d: %s", s, Bits(s, "Ada Lovelace"), r.Level, r.Words)
		}
	}
}

func TestHardPassphrasesAreNotCalledWeak(t *testing.T) {
	for s, least := range map[string]int{
		"canoe piano tulip harbor":               2,
		"canoe piano tulip harbor velvet":        2,
		"gT7#kq9Lw2":                             3,
		"nine odd herons stole my grey umbrella": 4,
	} {
		if r := Rate(s); r.Level < least {
			t.Errorf("%q (%.0f bits) is level %d: %s", s, Bits(s), r.Level, r.Words)
		}
	}
}

func TestMoreOfTheSameIsNotStronger(t *testing.T) {
	once, twice := Bits("velvet canoe"), Bits("velvet canoe velvet canoe")
	if twice > once+6 {
		t.Errorf("repeating it raised %.1f bits to %.1f", once, twice)
	}
}

func TestAGeneratedPassphraseIsStrongAndNew(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		p := Generate()
		if n := len(strings.Fields(p)); n != Words {
			t.Fatalf("%d words", n)
		}
		if seen[p] {
			t.Fatal("the same passphrase twice")
		}
		seen[p] = true
		if r := Rate(p); r.Level < Best {
			t.Errorf("%q (%.0f bits) is level %d", p, Bits(p), r.Level)
		}
	}
}

func TestTheWordListCarriesNineBitsAWord(t *testing.T) {
	if len(words) != 512 || len(isWord) != 512 {
		t.Fatalf("%d words, %d of them different", len(words), len(isWord))
	}
}

func TestAnEmptyPassphraseGetsAdviceNotAGrade(t *testing.T) {
	if r := Rate(""); r.Level != 0 || r.Words == "" || strings.Contains(r.Words, "Weak") {
		t.Errorf("%+v", r)
	}
}
