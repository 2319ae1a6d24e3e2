//go:build !amd64 || noasm

package dense

func addTile[T Float](deep int, a, b, c []T, stride int) { addTileGeneric(deep, a, b, c, stride) }
