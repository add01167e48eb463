// Package media handles files before they leave and after they came: it says what a file is by its content, takes the
// metadata out of pictures that are sent, decodes pictures of others within bounds, makes the small ones that travel and
// are kept, warns of what may do harm, and makes names fit for a disk.
//
// It follows the formats themselves: ITU-T T.81 with JFIF 1.02 and Exif 2.32 (JPEG), PNG (W3C, third edition), GIF89a,
// the WebP container (RFC 9649), the directory of APPNOTE.TXT 6.3 (ZIP), MS-CFB (OLE). docs/THREATMODEL.md says against
// whom, docs/PRIVACY.md what is removed from pictures and what is not.
//
// To send:
//
//	out, err := media.Prepare(ctx, path, media.Options{})
//	// ErrFolder, ErrLink, ErrNotRegular, chat.ErrTooLarge; ErrStructure: ask whether to send it as it is, then KeepMetadata
//	r, err := out.Open() // exactly out.Size bytes; ErrChanged when the file is not the one that was looked at
//
// To show what came: [Decode] for a picture at the size it is shown at, [DecodeSmall] for the one inside a message or
// beside the file, [Small] to make it, [Warnings] before anything is opened, [SafeName] to save it.
// Everything here may take time and belongs off the thread of a window. What it tells is codes; words stand above.
package media
