package cbridge

import (
	"strings"
	"testing"
)

func TestAccelerationIsChosenByTheEnvironment(t *testing.T) {
	available := AvailableAcceleration()
	for _, tc := range []struct {
		value string
		want  Accel
		wrong string // what the error must name
	}{
		{"", available, ""},
		{"on", available, ""},
		{"off", 0, ""},
		{"ecc,hash", (AccelECC | AccelHash) & available, ""},
		{"ecc,warp", 0, `"warp"`},
		{"On", 0, `"On"`},
	} {
		t.Setenv(accelVariable, tc.value)
		got, err := accelFromEnvironment()
		if got != tc.want || (err != nil) != (tc.wrong != "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
			t.Errorf("%s=%q: %v, %v; want %v and an error with %q", accelVariable, tc.value, got, err, tc.want, tc.wrong)
		}
	}
}

func TestSetAccelerationTurnsOnWhatIsAvailable(t *testing.T) {
	before := Acceleration()
	defer func() {
		if err := SetAcceleration(before); err != nil {
			t.Error(err)
		}
	}()
	for _, a := range []Accel{0, AccelECC, AvailableAcceleration(), ^Accel(0)} {
		if err := SetAcceleration(a); err != nil {
			t.Fatal(err)
		}
		if got, want := Acceleration(), a&AvailableAcceleration(); got != want {
			t.Errorf("%v turned on: %v, want %v", a, got, want)
		}
	}
}
