package mbedtls

// gate is a mutex that one can stop waiting for; make it with room for one.
type gate chan struct{}

// enter locks the gate, unless giveUp, which may be nil, is closed before that.
func (g gate) enter(giveUp <-chan struct{}) bool {
	select {
	case g <- struct{}{}:
		return true
	case <-giveUp:
		return false
	}
}

func (g gate) leave() { <-g }
