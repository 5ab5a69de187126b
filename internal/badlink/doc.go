// Package badlink is a network that misbehaves: a UDP proxy between one server and any number of clients that drops,
// duplicates, reorders, corrupts and delays datagrams, or lets a NAT forget its mapping. What it does follows from a
// seed and from the order in which datagrams arrive.
package badlink
