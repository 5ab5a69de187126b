//go:build race || asan

package accel

const instrumented = true
