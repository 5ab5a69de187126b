//go:build race

package mbedtls

const raceEnabled = true
