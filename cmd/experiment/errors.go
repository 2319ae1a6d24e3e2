package experiment

import (
	"errors"
	"fmt"
)

// ErrUsage is wrapped by the errors of settings or of a command line that cannot be carried out as they are.
var ErrUsage = errors.New("usage")

// Usagef is an error that reads as formatted and wraps ErrUsage. It wraps what %w stands for as well.
func Usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

type usageError struct{ error }

func (e usageError) Unwrap() []error { return []error{e.error, ErrUsage} }
