package shell_test

import (
	"errors"
	"os"
	"testing"

	"sotto/app/ui/shell"
	"sotto/assets"
)

func TestParseMetadataReadsTheShippedFile(t *testing.T) {
	toml, err := os.ReadFile("../../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := shell.ParseMetadata(toml)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "Sotto" || m.ID != "im.sotto.Sotto" || m.Version == "" || m.Build < 1 {
		t.Errorf("read %+v", m)
	}
}

func TestParseMetadataRefusesIncompleteFiles(t *testing.T) {
	for name, toml := range map[string]string{
		"empty":           "",
		"other table":     "[Other]\nName = \"a\"\nID = \"b\"\nVersion = \"1\"\nBuild = 1\n",
		"no build":        "[Details]\nName = \"a\"\nID = \"b\"\nVersion = \"1\"\n",
		"build in words":  "[Details]\nName = \"a\"\nID = \"b\"\nVersion = \"1\"\nBuild = one\n",
		"name not quoted": "[Details]\nName = a\nID = \"b\"\nVersion = \"1\"\nBuild = 1\n",
	} {
		if _, err := shell.ParseMetadata([]byte(toml)); !errors.Is(err, shell.ErrMetadata) {
			t.Errorf("%s: %v, wanted ErrMetadata", name, err)
		}
	}
}

func TestVersionAndIdentifierAreTheSameEverywhere(t *testing.T) {
	raw, err := os.ReadFile("../../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	meta, err := shell.ParseMetadata(raw)
	if err != nil {
		t.Fatal(err)
	}
	if meta.ID != assets.AppID || meta.Version != assets.Version {
		t.Errorf("FyneApp.toml says %s %s, assets say %s %s", meta.ID, meta.Version, assets.AppID, assets.Version)
	}
}
