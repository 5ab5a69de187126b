package cbridge

// Output is what write leaves in a buffer of size bytes, which must always be enough. After an error the buffer is wiped.
func Output(size int, write func(buf []byte) (n int, err error)) ([]byte, error) {
	buf := make([]byte, size)
	n, err := write(buf)
	if err != nil {
		clear(buf)
		return nil, err
	}
	return buf[:n:n], nil
}
