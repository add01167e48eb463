package main

import (
	"context"

	"sotto/app/media"
	"sotto/app/profile"
	"sotto/chat"
)

// cautions say what to mind about a file, by the codes of app/media.
var cautions = map[media.Warning]string{
	media.WarnExecutable:        "This is a program. Opened, it can do whatever you can do on this computer.",
	media.WarnScript:            "This is a script. Opened, it can do whatever you can do on this computer.",
	media.WarnInstaller:         "This installs programs.",
	media.WarnShortcut:          "This is a shortcut. It can start programs or lead to places on the net.",
	media.WarnMacro:             "This document holds macros, which are programs. Leave them off unless you know why they are there.",
	media.WarnActive:            "This document holds active content, which can run or load something when it is opened.",
	media.WarnDiskImage:         "This is an image of a disk. Programs in it are not marked as coming from elsewhere.",
	media.WarnArchiveExecutable: "There are programs or scripts in this archive.",
	media.WarnBomb:              "Unpacked, this archive would be enormous.",
	media.WarnEncrypted:         "This archive is encrypted, damaged, or has too many parts to be looked into, so nothing can be said of what is inside.",
	media.WarnArchive:           "This is an archive. Mind what is in it.",
	media.WarnDoubleExtension:   "The name looks like that of a harmless file, but its true ending is another.",
	media.WarnHiddenCharacters:  "The name holds characters that cannot be seen, which can disguise its ending.",
	media.WarnTypeDiffers:       "The content is not what the name says.",
}

// warn says what to mind about a file and returns the codes.
func (d *desk) warn(ctx context.Context, p *profile.Profile, id chat.MessageID) ([]string, error) {
	codes := []string{}
	found, err := p.CheckFile(ctx, id)
	for _, w := range found {
		codes = append(codes, string(w))
		d.say("Careful: %s", cautions[w])
	}
	return codes, err
}
