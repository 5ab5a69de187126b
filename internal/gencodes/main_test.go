package main

import "testing"

func TestGeneratedCodesAreCurrent(t *testing.T) {
	if err := run("../..", true); err != nil {
		t.Fatal(err)
	}
}
