package differential

import (
	"math/rand/v2"
	"testing"
)

// node is an element that can be changed.
type node struct {
	tag      byte
	contents []byte // without children
	prefix   []byte // before children: a BIT STRING's unused bits
	children []*node
	long     bool // the length has more octets than it needs
}

// newNodes are the elements of b, with what is in strings that hold elements.
func newNodes(b []byte) (list []*node) {
	all, ok := elements(b)
	if !ok {
		return nil
	}
	for _, e := range all {
		n := &node{tag: e.tag, contents: e.contents}
		inner := e.contents
		if e.tag == tagBitString && len(inner) > 0 && inner[0] == 0 {
			n.prefix, inner = inner[:1], inner[1:]
		}
		if e.tag&0x20 != 0 || e.tag == tagOctetString || n.prefix != nil {
			n.children = newNodes(inner)
		}
		list = append(list, n)
	}
	return list
}

func (n *node) encode() []byte {
	contents := n.contents
	if n.children != nil {
		contents = n.prefix[:len(n.prefix):len(n.prefix)]
		for _, c := range n.children {
			contents = append(contents, c.encode()...)
		}
	}
	var length []byte
	switch l := len(contents); {
	case n.long:
		length = []byte{0x83, byte(l >> 16), byte(l >> 8), byte(l)}
	case l < 0x80:
		length = []byte{byte(l)}
	case l < 0x100:
		length = []byte{0x81, byte(l)}
	default:
		length = []byte{0x82, byte(l >> 8), byte(l)}
	}
	return append(append([]byte{n.tag}, length...), contents...)
}

// below are the node and all that is in it.
func (n *node) below() []*node {
	list := []*node{n}
	for _, c := range n.children {
		list = append(list, c.below()...)
	}
	return list
}

// choices are made by bytes, by the first if there are no more.
type choices []byte

func (c *choices) of(n int) int {
	if len(*c) == 0 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	if n > 0x100 && len(*c) > 0 {
		return (int(b)<<8 | (*c).of(0x100)) % n
	}
	return int(b) % n
}

// otherTags are those of the types that the standards use, and of the fields.
var otherTags = []byte{
	1, 2, 3, 4, 5, 6, 10, 12, 18, 19, 20, 22, 23, 24, 28, 30, 0x30, 0x31,
	0x80, 0x81, 0x82, 0x83, 0x86, 0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0, 0x1f,
}

// changes are ways to change one node; other is the root of a tree to take from.
var changes = []func(n *node, c *choices, other *node){
	func(n *node, c *choices, _ *node) { n.long = true },
	func(n *node, c *choices, _ *node) { n.tag = otherTags[c.of(len(otherTags))] },
	func(n *node, c *choices, _ *node) {
		if len(n.contents) > 0 {
			n.contents = append([]byte{}, n.contents...)
			n.contents[c.of(len(n.contents))] = byte(c.of(0x100))
			n.children = nil
		}
	},
	func(n *node, c *choices, _ *node) {
		n.contents, n.children = append([]byte{[]byte{0, 1, 0x80, 0xff}[c.of(4)]}, n.contents...), nil
	},
	func(n *node, c *choices, _ *node) {
		n.contents, n.children = append(append([]byte{}, n.contents...), byte(c.of(0x100))), nil
	},
	func(n *node, c *choices, _ *node) { n.contents, n.children = n.contents[:c.of(len(n.contents)+1)], nil },
	func(n *node, c *choices, _ *node) { n.splice(c, 1) },
	func(n *node, c *choices, _ *node) {
		if len(n.children) > 0 {
			n.splice(c, 0, n.children[c.of(len(n.children))])
		}
	},
	func(n *node, c *choices, other *node) { n.splice(c, 0, other) },
	func(n *node, c *choices, other *node) { n.splice(c, 1, other) },
}

// splice replaces as many of the children as there are, from one on.
func (n *node) splice(c *choices, drop int, by ...*node) {
	if len(n.children) == 0 {
		return
	}
	at := c.of(len(n.children))
	list := append(append([]*node{}, n.children[:at]...), by...)
	n.children = append(list, n.children[at+drop:]...)
}

// FuzzStructures changes elements of upstream's keys, certificates, lists and requests, as the bytes choose, and has the
// lengths around them be right. It finds what bytes that are changed anywhere hardly reach.
func FuzzStructures(f *testing.F) {
	kinds := []struct {
		compare func(*testing.T, []byte)
		files   [][]byte
	}{
		{compareKeys, encodings(f, "*pkcs8*.der", "ec_*.der", "ec_*.pem", "rsa_*.der", "rsa_*.pem")},
		{compareCertificates, encodings(f, "*.crt", "*.crt.der", "parse_input/*.crt*")},
		{compareLists, encodings(f, "crl*")},
		{compareRequests, encodings(f, "*.req*", "*.csr")},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := make([]byte, 16)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		f.Add(uint8(random.Uint32()), uint16(random.Uint32()), uint16(random.Uint32()), b)
	}
	f.Fuzz(func(t *testing.T, kind uint8, file, from uint16, chosen []byte) {
		k, c := kinds[int(kind)%len(kinds)], choices(chosen)
		roots := newNodes(k.files[int(file)%len(k.files)])
		for range 1 + c.of(2) {
			others := newNodes(k.files[int(from)%len(k.files)])
			if len(roots) == 0 || len(others) == 0 {
				return
			}
			list, other := roots[0].below(), others[0].below()
			changes[c.of(len(changes))](list[c.of(len(list))], &c, other[c.of(len(other))])
		}
		k.compare(t, roots[0].encode())
	})
}
