package main

import "fmt"

const requestEnd = "\r\n\r\n"

// request is the next request: of its natural length, or padded or cut to *size bytes. It ends with a newline wherever
// there is room for one.
func request(page, host string, size *int) []byte {
	b := fmt.Appendf(nil, "GET %s HTTP/1.0\r\nHost: %s\r\nExtra-header: ", page, host)
	if size != nil {
		for len(b)+len(requestEnd) < *size {
			b = append(b, 'A')
		}
	}
	b = append(b, requestEnd...)
	if size != nil && len(b) > *size {
		b = b[:*size]
		n := min(2, *size)
		copy(b[*size-n:], "\r\n"[2-n:])
	}
	return b
}
