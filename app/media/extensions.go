package media

import "strings"

// dangers says what a name alone warns of, by its extension: what the systems run, install, mount or follow when such a
// file is opened.
var dangers = words(map[Warning]string{
	WarnExecutable: "exe com scr pif cpl dll sys drv ocx msc jar jnlp class app elf appimage run gadget so dylib ax efi mui kext prefpane saver",
	WarnScript: "bat cmd ps1 ps1xml ps2 psc1 psd1 psm1 vbs vbe vb js jse mjs ws wsf wsc wsh hta sct reg inf sh bash zsh csh ksh fish " +
		"command tool py pyw pyc pl rb php phtml asp aspx jsp lua tcl applescript scpt scptd osx action workflow ahk au3 diagcab " +
		"terminal msh msh1 msh2 mshxml cgi pm nsh pyz pyzw pyo rpy vsmacros shb shs wsb xbap",
	WarnInstaller: "msi msp mst msix msixbundle appx appxbundle appinstaller apk aab ipa deb rpm pkg mpkg flatpak flatpakref flatpakrepo " +
		"snap xpi crx vsix mobileconfig msu xip air vsto crt cer der p7b spc",
	WarnShortcut: "lnk url desktop webloc inetloc fileloc scf library-ms search-ms searchconnector-ms website settingcontent-ms " +
		"appref-ms application theme themepack rdp " +
		"deskthemepack ftploc afploc vncloc mailloc ica isp ins xnk ovpn",
	WarnMacro: "docm dotm xlsm xltm xlam xlsb xll pptm potm ppam ppsm sldm slk iqy oqy dqy rqy xla xlw wll ppa vsdm vstm vssm docb " +
		"ade adp mda mdb mde mdt mdw mdz accda accdb accde accdr accdt",
	WarnActive:    "html htm xhtml xht shtml mht mhtml svg svgz chm hlp one onepkg xsl xslt htc swf",
	WarnDiskImage: "iso img dmg vhd vhdx vmdk qcow qcow2 udf toast sparseimage sparsebundle",
})

// expected says which content a name announces, by its extension; several where formats share one. A trailing asterisk
// stands for any rest, text/plain for any text.
var expected = map[string][]string{
	"jpg": {mediaJPEG}, "jpeg": {mediaJPEG}, "jpe": {mediaJPEG}, "jfif": {mediaJPEG},
	"png": {mediaPNG}, "apng": {mediaPNG}, "gif": {mediaGIF}, "webp": {mediaWebP},
	"tif": {"image/tiff"}, "tiff": {"image/tiff"}, "bmp": {"image/bmp"}, "ico": {"image/vnd.microsoft.icon", mediaPNG},
	"heic": {"image/heic", "video/mp4"}, "heif": {"image/heic", "image/avif"}, "avif": {"image/avif", "image/heic"},
	"svg": {mediaSVG}, "html": {mediaHTML, mediaText}, "htm": {mediaHTML, mediaText},
	"pdf": {mediaPDF}, "rtf": {"application/rtf", mediaText},
	"doc": {mediaOLE, "application/msword", "application/rtf", mediaXML, mediaHTML},
	"xls": {mediaOLE, "application/vnd.ms-excel", mediaXML, mediaHTML, mediaText}, "ppt": {mediaOLE, "application/vnd.ms-powerpoint"},
	"docx": {mediaDOCX, mediaOLE}, "xlsx": {mediaXLSX, mediaOLE}, "pptx": {mediaPPTX, mediaOLE}, // OLE: with a password
	"docm": {mediaDOCX, mediaOLE}, "xlsm": {mediaXLSX, mediaOLE}, "pptm": {mediaPPTX, mediaOLE},
	"odt": {mediaODF + "*"}, "ods": {mediaODF + "*"}, "odp": {mediaODF + "*"}, "odg": {mediaODF + "*"}, "epub": {mediaEPUB},
	"txt": {mediaText}, "md": {mediaText}, "csv": {mediaText}, "tsv": {mediaText}, "log": {mediaText}, "json": {mediaText},
	"yaml": {mediaText}, "yml": {mediaText}, "ini": {mediaText}, "toml": {mediaText}, "tex": {mediaText}, "srt": {mediaText},
	"xml": {mediaXML, mediaText, mediaSVG, mediaHTML},
	"zip": {mediaZIP}, "7z": {"application/x-7z-compressed"}, "rar": {"application/vnd.rar"}, "gz": {"application/gzip"},
	"tgz": {"application/gzip"}, "xz": {"application/x-xz"}, "tar": {"application/x-tar", mediaUnknown},
	"jar": {mediaJAR, mediaZIP}, "apk": {mediaAPK, mediaZIP, mediaJAR},
	"mp3": {"audio/mpeg", mediaUnknown}, "flac": {"audio/flac", "audio/mpeg"}, "ogg": {"application/ogg"}, "opus": {"application/ogg"},
	"wav": {"audio/wav"}, "m4a": {"audio/mp4", "video/mp4"},
	"mp4": {"video/mp4", "video/quicktime"}, "m4v": {"video/mp4", "video/quicktime"}, "mov": {"video/quicktime", "video/mp4", mediaUnknown},
	"avi": {"video/x-msvideo"}, "mkv": {"video/x-matroska"}, "webm": {"video/x-matroska"},
}

// words turns lists around.
func words(lists map[Warning]string) map[string]Warning {
	out := map[string]Warning{}
	for w, list := range lists {
		for _, extension := range strings.Fields(list) {
			out[extension] = w
		}
	}
	return out
}
