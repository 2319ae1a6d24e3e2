package onnx

import "errors"

// ErrBad is wrapped by every error about what a file holds: it is damaged, or it is a net that this package cannot run.
var ErrBad = errors.New("not a net that can be read")

// badError reads as the error in it and wraps ErrBad as well.
type badError struct{ error }

func (e badError) Unwrap() []error { return []error{e.error, ErrBad} }

// bad marks an error, if there is one.
func bad(err error) error {
	if err == nil {
		return nil
	}
	return badError{err}
}
