package transcript

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// difference shows where a transcript parts from what it should be: what came before, and the first line that differs,
// records byte by byte. "" if they are equal.
func difference(got, want []string, datagram bool) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	if at == len(got) && at == len(want) {
		return ""
	}
	var b strings.Builder
	const before = 6
	if at > before {
		fmt.Fprintf(&b, "    … %d lines that are equal\n", at-before)
	}
	for _, line := range want[max(0, at-before):at] {
		fmt.Fprintf(&b, "    %s\n", describe(line, datagram))
	}
	ours, theirs := lineAt(got, at), lineAt(want, at)
	fmt.Fprintf(&b, "go: %s\nC:  %s\n", describe(ours, datagram), describe(theirs, datagram))
	if from, p, ok := unit(ours); ok {
		if other, q, ok := unit(theirs); ok && from == other {
			b.WriteString(hexDiff(p, q))
		}
	}
	return b.String()
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// unit is the record, or the datagram, in a line.
func unit(line string) (from string, p []byte, ok bool) {
	from, rest, ok := strings.Cut(line, " ")
	if !ok || from != "c>s" && from != "s>c" {
		return "", nil, false
	}
	return from, unhex(rest), true
}

// describe is a line for people: of a record, its header and what it holds.
func describe(line string, datagram bool) string {
	from, p, ok := unit(line)
	if !ok {
		return line
	}
	var records []string
	for len(p) > 0 {
		text, n := describeRecord(p, datagram)
		records = append(records, text)
		p = p[n:]
	}
	return from + " " + strings.Join(records, " | ")
}

var contentTypes = map[byte]string{20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data", 25: "tls12_cid"}

var handshakeTypes = map[byte]string{
	0: "hello_request", 1: "client_hello", 2: "server_hello", 3: "hello_verify_request", 4: "new_session_ticket",
	5: "end_of_early_data", 8: "encrypted_extensions", 11: "certificate", 12: "server_key_exchange", 13: "certificate_request",
	14: "server_hello_done", 15: "certificate_verify", 16: "client_key_exchange", 20: "finished",
}

func describeRecord(p []byte, datagram bool) (text string, n int) {
	header, number, encrypted := 5, "", false
	if datagram {
		header = 13
	}
	if len(p) < header {
		return fmt.Sprintf("%d bytes, too short for a record", len(p)), len(p)
	}
	if datagram {
		epoch := binary.BigEndian.Uint16(p[3:])
		number = fmt.Sprintf(" epoch %d seq %d", epoch, binary.BigEndian.Uint64(p[3:])&(1<<48-1))
		encrypted = epoch > 0
	}
	length := int(binary.BigEndian.Uint16(p[header-2:]))
	if p[0] == 25 { // the connection ID is before the length, and its own length not in the record
		length = len(p) - header
	}
	body := p[header:min(len(p), header+length)]
	text = fmt.Sprintf("%s %#04x%s length %d", name(contentTypes, p[0]), binary.BigEndian.Uint16(p[1:]), number, length)
	switch {
	case encrypted || len(body) < 2:
	case p[0] == 22 && len(body) >= 4 && handshakeTypes[body[0]] != "" && int(body[1])<<16+int(body[2])<<8+int(body[3]) <= 1<<17:
		text += " " + name(handshakeTypes, body[0])
	case p[0] == 21 && len(body) == 2:
		text += fmt.Sprintf(" level %d description %d", body[0], body[1])
	}
	return text, header + len(body)
}

func name(names map[byte]string, b byte) string {
	if n := names[b]; n != "" {
		return n
	}
	return fmt.Sprintf("type %d", b)
}

// hexDiff shows the lines of 16 bytes around the first that differs.
func hexDiff(got, want []byte) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the first difference is at byte %d (%#x); lengths %d and %d\n", at, at, len(got), len(want))
	const row, around = 16, 2
	first := max(0, at/row-around)
	for r := first; r <= at/row+around && r*row < max(len(got), len(want)); r++ {
		ours, theirs := hexRow(got, r*row), hexRow(want, r*row)
		if slices.Equal(ours, theirs) {
			fmt.Fprintf(&b, "      %04x  %s\n", r*row, strings.Join(ours, " "))
			continue
		}
		marks := make([]string, row)
		for i := range marks {
			marks[i] = "  "
			if ours[i] != theirs[i] {
				marks[i] = "^^"
			}
		}
		fmt.Fprintf(&b, "  go  %04x  %s\n  C   %04x  %s\n            %s\n", r*row, strings.Join(ours, " "), r*row,
			strings.Join(theirs, " "), strings.TrimRight(strings.Join(marks, " "), " "))
	}
	return b.String()
}

func hexRow(p []byte, from int) []string {
	row := make([]string, 16)
	for i := range row {
		row[i] = ".."
		if from+i < len(p) {
			row[i] = fmt.Sprintf("%02x", p[from+i])
		}
	}
	return row
}

func TestDifferenceShowsWhere(t *testing.T) {
	same := []string{"session x", "c>s 16030300041400000c"}
	if d := difference(same, same, false); d != "" {
		t.Error(d)
	}
	for name, c := range map[string]struct {
		got, want string
		datagram  bool
		shows     []string
	}{
		"TLS": {"s>c 16030300060e00000000aa", "s>c 16030300060e00000000ab", false,
			[]string{"handshake 0x0303 length 6 server_hello_done", "at byte 10 (0xa)", "^^"}},
		"DTLS": {"c>s 15fefd00000000000000070002022800", "c>s 15fefd000000000000000700020228", true,
			[]string{"alert 0xfefd epoch 0 seq 7 length 2 level 2 description 40", "lengths 16 and 15"}},
		"outcome": {"client handshake ok", "client handshake -7780", false, []string{"go: client handshake ok", "C:  client handshake -7780"}},
		"missing": {"(nothing)", "end", false, []string{"C:  end"}},
	} {
		d := difference(append(slices.Clone(same), c.got), append(slices.Clone(same), c.want), c.datagram)
		for _, text := range c.shows {
			if !strings.Contains(d, text) {
				t.Errorf("%s: no %q in:\n%s", name, text, d)
			}
		}
	}
}
