//go:build !noasm

package kernel

// The passes in vectors of 16 channels; winograd_amd64.go says what the loops' names mean.

// winograd45DataRowsAVX512 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j data[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd45DataRowsAVX512(dst *float32, table *winogradTable, rows int)

// winograd45DataColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k data[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd45DataColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45DataTColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range columns of data, n {
//			dst[(t*m+i)*n+j] = Σ_k data[k][i] * src[t*tileStep+(k*n+j)*freqStep], plus what is at dst for the first n−m rows i of a tile
//		}
//	}
//
//go:noescape
func winograd45DataTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45DataTRowsAVX512 is
//
//	for r := range rows {
//		for i := range columns of data {
//			pixel[i][r*step[i]] = Σ_j data[j][i] * src[r*n+j] + (aux[r*(n−m)+i] if i < n−m)
//		}
//	}
//
//go:noescape
func winograd45DataTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

// winograd45GradRowsAVX512 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j grad[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd45GradRowsAVX512(dst *float32, table *winogradTable, rows int)

// winograd45GradColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k grad[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd45GradColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45GradTColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range columns of grad, n {
//			dst[(t*m+i)*n+j] = Σ_k grad[k][i] * src[t*tileStep+(k*n+j)*freqStep]
//		}
//	}
//
//go:noescape
func winograd45GradTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45GradTRowsAVX512 is
//
//	for r := range rows {
//		for i := range columns of grad {
//			pixel[i][r*step[i]] = Σ_j grad[j][i] * src[r*n+j] + aux[0]
//		}
//	}
//
//go:noescape
func winograd45GradTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

// winograd45WeightRowsAVX512 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j weight[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd45WeightRowsAVX512(dst *float32, table *winogradTable, rows int)

// winograd45WeightColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k weight[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd45WeightColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45WeightTColumnsAVX512 is
//
//	for i, j := range columns of weight, n {
//		dst[i*n+j] = Σ_k weight[k][i] * Σ_part src[part*partStep+(k*n+j)*freqStep]
//	}
//
//go:noescape
func winograd45WeightTColumnsAVX512(dst, src *float32, freqStep, partStep int)

// winograd45WeightTRowsAVX512 is
//
//	for r := range rows {
//		for i := range columns of weight {
//			pixel[i][r*step[i]] = Σ_j weight[j][i] * src[r*n+j]
//		}
//	}
//
//go:noescape
func winograd45WeightTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

// winograd43DataRowsAVX512 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j data[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd43DataRowsAVX512(dst *float32, table *winogradTable, rows int)

// winograd43DataColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k data[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd43DataColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43DataTColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range columns of data, n {
//			dst[(t*m+i)*n+j] = Σ_k data[k][i] * src[t*tileStep+(k*n+j)*freqStep], plus what is at dst for the first n−m rows i of a tile
//		}
//	}
//
//go:noescape
func winograd43DataTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43DataTRowsAVX512 is
//
//	for r := range rows {
//		for i := range columns of data {
//			pixel[i][r*step[i]] = Σ_j data[j][i] * src[r*n+j] + (aux[r*(n−m)+i] if i < n−m)
//		}
//	}
//
//go:noescape
func winograd43DataTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

// winograd43GradRowsAVX512 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j grad[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd43GradRowsAVX512(dst *float32, table *winogradTable, rows int)

// winograd43GradColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k grad[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd43GradColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43GradTColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range columns of grad, n {
//			dst[(t*m+i)*n+j] = Σ_k grad[k][i] * src[t*tileStep+(k*n+j)*freqStep]
//		}
//	}
//
//go:noescape
func winograd43GradTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43GradTRowsAVX512 is
//
//	for r := range rows {
//		for i := range columns of grad {
//			pixel[i][r*step[i]] = Σ_j grad[j][i] * src[r*n+j] + aux[0]
//		}
//	}
//
//go:noescape
func winograd43GradTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

// winograd43WeightRowsAVX512 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j weight[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd43WeightRowsAVX512(dst *float32, table *winogradTable, rows int)

// winograd43WeightColumnsAVX512 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k weight[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd43WeightColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43WeightTColumnsAVX512 is
//
//	for i, j := range columns of weight, n {
//		dst[i*n+j] = Σ_k weight[k][i] * Σ_part src[part*partStep+(k*n+j)*freqStep]
//	}
//
//go:noescape
func winograd43WeightTColumnsAVX512(dst, src *float32, freqStep, partStep int)

// winograd43WeightTRowsAVX512 is
//
//	for r := range rows {
//		for i := range columns of weight {
//			pixel[i][r*step[i]] = Σ_j weight[j][i] * src[r*n+j]
//		}
//	}
//
//go:noescape
func winograd43WeightTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

var winogradAVX512 = &winogradLevel{lanes: 16, scheme: func(s winogradScheme) *winogradPasses {
	if s.r == winograd43.r {
		return &winogradPasses{
			dataRows:       winograd43DataRowsAVX512,
			dataColumns:    winograd43DataColumnsAVX512,
			dataTRows:      winograd43DataTRowsAVX512,
			dataTColumns:   winograd43DataTColumnsAVX512,
			gradRows:       winograd43GradRowsAVX512,
			gradColumns:    winograd43GradColumnsAVX512,
			gradTRows:      winograd43GradTRowsAVX512,
			gradTColumns:   winograd43GradTColumnsAVX512,
			weightRows:     winograd43WeightRowsAVX512,
			weightColumns:  winograd43WeightColumnsAVX512,
			weightTRows:    winograd43WeightTRowsAVX512,
			weightTColumns: winograd43WeightTColumnsAVX512,
		}
	}
	return &winogradPasses{
		dataRows:       winograd45DataRowsAVX512,
		dataColumns:    winograd45DataColumnsAVX512,
		dataTRows:      winograd45DataTRowsAVX512,
		dataTColumns:   winograd45DataTColumnsAVX512,
		gradRows:       winograd45GradRowsAVX512,
		gradColumns:    winograd45GradColumnsAVX512,
		gradTRows:      winograd45GradTRowsAVX512,
		gradTColumns:   winograd45GradTColumnsAVX512,
		weightRows:     winograd45WeightRowsAVX512,
		weightColumns:  winograd45WeightColumnsAVX512,
		weightTRows:    winograd45WeightTRowsAVX512,
		weightTColumns: winograd45WeightTColumnsAVX512,
	}
}}
