//go:build noasm || !amd64

package kernel

func bestLevel() Level { return Generic }
