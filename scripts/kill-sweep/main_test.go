package main

import (
	"bytes"
	"testing"
)

// A sweep that is killed and gone on with has the table of one that nothing disturbed.
func TestKilledSweep(t *testing.T) {
	var out bytes.Buffer
	err := run(2, 1, "", &out)
	t.Logf("%s", out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
}
