package export

import _ "embed" // the schema

// schema is the published JSON Schema (draft 2020-12) of the lines; every export carries it.
//
//go:embed schema.json
var schema []byte

// Schema returns the published JSON Schema of the lines of an export.
func Schema() []byte { return append([]byte(nil), schema...) }
