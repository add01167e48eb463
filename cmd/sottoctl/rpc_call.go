package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// parseCall reads a method and its named parameters as the grammar reads a command line: the method "consent.grant" is
// the command consent grant, the parameter for_everyone its flag --for-everyone. A value is a string, a number, a
// boolean or null; null is the same as leaving the parameter out.
func parseCall(method string, params map[string]json.RawMessage) (verb, error) {
	g := &grammar{}
	parser, err := newParser(g, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	path, node := findCommand(parser.Model.Node, method)
	if node == nil {
		return nil, protocolError(rpcNoMethod, "There is no method %q.", plain(method))
	}
	if _, ok := node.Target.Addr().Interface().(terminalOnly); ok {
		return nil, protocolError(rpcNoMethod, "The command %q is not served over rpc.", strings.Join(path, " "))
	}
	args, err := arguments(node, path, params)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, protocolError(rpcInvalidParams, "%s", describe(asUsage(err)).Message)
	}
	return parsed.Selected().Target.Addr().Interface().(verb), nil
}

// findCommand returns the leaf command of a method, and its words.
func findCommand(node *kong.Node, method string) (path []string, found *kong.Node) {
	for name := range strings.SplitSeq(method, ".") {
		name = strings.ReplaceAll(name, "_", "-")
		var next *kong.Node
		for _, child := range node.Children {
			if child.Type == kong.CommandNode && child.Name == name {
				next = child
			}
		}
		if next == nil {
			return nil, nil
		}
		node, path = next, append(path, name)
	}
	if !node.Leaf() {
		return nil, nil
	}
	return path, node
}

// arguments writes named parameters as a command line that means the same.
func arguments(node *kong.Node, path []string, params map[string]json.RawMessage) ([]string, error) {
	args := append([]string{}, path...)
	left := len(params)
	for _, flag := range node.Flags {
		raw, given := params[parameter(flag.Name)]
		if !given || flag.Name == "help" {
			continue
		}
		left--
		value, null, err := scalar(parameter(flag.Name), raw, flag.IsBool())
		if err != nil {
			return nil, err
		}
		if !null {
			args = append(args, "--"+flag.Name+"="+value)
		}
	}
	args = append(args, "--")
	missing := ""
	for _, positional := range node.Positional {
		name := parameter(positional.Name)
		raw, given := params[name]
		null := true
		var value string
		if given {
			left--
			var err error
			if value, null, err = scalar(name, raw, false); err != nil {
				return nil, err
			}
		}
		switch {
		case null && positional.Required:
			return nil, protocolError(rpcInvalidParams, "The parameter %q is missing.", name)
		case null:
			missing = name
		case missing != "":
			return nil, protocolError(rpcInvalidParams, "The parameter %q needs %q too.", name, missing)
		default:
			args = append(args, value)
		}
	}
	if left > 0 {
		return nil, protocolError(rpcInvalidParams, "There is a parameter that %q does not know.", strings.Join(path, "."))
	}
	return args, nil
}

// parameter is the rpc name of a flag or argument.
func parameter(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "-", "_")
}

// scalar reads one parameter value as text.
func scalar(name string, raw json.RawMessage, boolean bool) (text string, null bool, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", false, protocolError(rpcInvalidParams, "The parameter %q cannot be read.", name)
	}
	switch value := value.(type) {
	case nil:
		return "", true, nil
	case bool:
		if boolean {
			if value {
				return "true", false, nil
			}
			return "false", false, nil
		}
	case string:
		if !boolean {
			return value, false, nil
		}
	case json.Number:
		if !boolean {
			return value.String(), false, nil
		}
	}
	return "", false, protocolError(rpcInvalidParams, "The parameter %q has the wrong type.", name)
}
