//go:build !race

package mbedtls

const raceEnabled = false
