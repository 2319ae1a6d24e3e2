//go:build noasm || !amd64

package kernel

// Without assembly no element is done ahead of the loops in elem.go.

func reluVectors(_, _ []float32) int                                 { return 0 }
func reluMaskVectors(_, _ []float32, _ []uint8) int                  { return 0 }
func reluGradVectors(_, _, _ []float32) int                          { return 0 }
func reluGradMaskVectors(_ []uint8, _, _ []float32) int              { return 0 }
func addVectors(_, _ []float32) int                                  { return 0 }
func columnVectors(_, _ []float32) int                               { return 0 }
func sgdVectors(_, _, _ []float32, _, _, _ float32) int              { return 0 }
func transposeVectors(_ []float32, _ int, _ []float32, _, _ int) int { return 0 }

// poolVectors does nothing and says so.
func poolVectors(poolOp, Shape, Window, []float32, []float32, []uint8) bool { return false }
