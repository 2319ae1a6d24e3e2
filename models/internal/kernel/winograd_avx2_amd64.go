//go:build !noasm

package kernel

// The passes in vectors of 8 channels; winograd_amd64.go says what the loops' names mean.

// winograd45DataRowsAVX2 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j data[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd45DataRowsAVX2(dst *float32, table *winogradTable, rows int)

// winograd45DataColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k data[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd45DataColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45DataTColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range columns of data, n {
//			dst[(t*m+i)*n+j] = Σ_k data[k][i] * src[t*tileStep+(k*n+j)*freqStep], plus what is at dst for the first n−m rows i of a tile
//		}
//	}
//
//go:noescape
func winograd45DataTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45DataTRowsAVX2 is
//
//	for r := range rows {
//		for i := range columns of data {
//			pixel[i][r*step[i]] = Σ_j data[j][i] * src[r*n+j] + (aux[r*(n−m)+i] if i < n−m)
//		}
//	}
//
//go:noescape
func winograd45DataTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

// winograd45GradRowsAVX2 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j grad[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd45GradRowsAVX2(dst *float32, table *winogradTable, rows int)

// winograd45GradColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k grad[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd45GradColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45GradTColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range columns of grad, n {
//			dst[(t*m+i)*n+j] = Σ_k grad[k][i] * src[t*tileStep+(k*n+j)*freqStep]
//		}
//	}
//
//go:noescape
func winograd45GradTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45GradTRowsAVX2 is
//
//	for r := range rows {
//		for i := range columns of grad {
//			pixel[i][r*step[i]] = Σ_j grad[j][i] * src[r*n+j] + aux[0]
//		}
//	}
//
//go:noescape
func winograd45GradTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

// winograd45WeightRowsAVX2 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j weight[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd45WeightRowsAVX2(dst *float32, table *winogradTable, rows int)

// winograd45WeightColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k weight[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd45WeightColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd45WeightTColumnsAVX2 is
//
//	for i, j := range columns of weight, n {
//		dst[i*n+j] = Σ_k weight[k][i] * Σ_part src[part*partStep+(k*n+j)*freqStep]
//	}
//
//go:noescape
func winograd45WeightTColumnsAVX2(dst, src *float32, freqStep, partStep int)

// winograd45WeightTRowsAVX2 is
//
//	for r := range rows {
//		for i := range columns of weight {
//			pixel[i][r*step[i]] = Σ_j weight[j][i] * src[r*n+j]
//		}
//	}
//
//go:noescape
func winograd45WeightTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

// winograd43DataRowsAVX2 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j data[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd43DataRowsAVX2(dst *float32, table *winogradTable, rows int)

// winograd43DataColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k data[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd43DataColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43DataTColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range columns of data, n {
//			dst[(t*m+i)*n+j] = Σ_k data[k][i] * src[t*tileStep+(k*n+j)*freqStep], plus what is at dst for the first n−m rows i of a tile
//		}
//	}
//
//go:noescape
func winograd43DataTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43DataTRowsAVX2 is
//
//	for r := range rows {
//		for i := range columns of data {
//			pixel[i][r*step[i]] = Σ_j data[j][i] * src[r*n+j] + (aux[r*(n−m)+i] if i < n−m)
//		}
//	}
//
//go:noescape
func winograd43DataTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

// winograd43GradRowsAVX2 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j grad[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd43GradRowsAVX2(dst *float32, table *winogradTable, rows int)

// winograd43GradColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k grad[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd43GradColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43GradTColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range columns of grad, n {
//			dst[(t*m+i)*n+j] = Σ_k grad[k][i] * src[t*tileStep+(k*n+j)*freqStep]
//		}
//	}
//
//go:noescape
func winograd43GradTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43GradTRowsAVX2 is
//
//	for r := range rows {
//		for i := range columns of grad {
//			pixel[i][r*step[i]] = Σ_j grad[j][i] * src[r*n+j] + aux[0]
//		}
//	}
//
//go:noescape
func winograd43GradTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

// winograd43WeightRowsAVX2 is
//
//	for r := range rows {
//		for i := range n {
//			dst[r*n+i] = Σ_j weight[i][j] * pixel[j][r*step[j]]
//		}
//	}
//
//go:noescape
func winograd43WeightRowsAVX2(dst *float32, table *winogradTable, rows int)

// winograd43WeightColumnsAVX2 is
//
//	for t := range tiles {
//		for i, j := range n×n {
//			dst[t*tileStep+(i*n+j)*freqStep] = Σ_k weight[i][k] * src[(t*m+k)*n+j]
//		}
//	}
//
//go:noescape
func winograd43WeightColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

// winograd43WeightTColumnsAVX2 is
//
//	for i, j := range columns of weight, n {
//		dst[i*n+j] = Σ_k weight[k][i] * Σ_part src[part*partStep+(k*n+j)*freqStep]
//	}
//
//go:noescape
func winograd43WeightTColumnsAVX2(dst, src *float32, freqStep, partStep int)

// winograd43WeightTRowsAVX2 is
//
//	for r := range rows {
//		for i := range columns of weight {
//			pixel[i][r*step[i]] = Σ_j weight[j][i] * src[r*n+j]
//		}
//	}
//
//go:noescape
func winograd43WeightTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

var winogradAVX2 = &winogradLevel{lanes: 8, scheme: func(s winogradScheme) *winogradPasses {
	if s.r == winograd43.r {
		return &winogradPasses{
			dataRows:       winograd43DataRowsAVX2,
			dataColumns:    winograd43DataColumnsAVX2,
			dataTRows:      winograd43DataTRowsAVX2,
			dataTColumns:   winograd43DataTColumnsAVX2,
			gradRows:       winograd43GradRowsAVX2,
			gradColumns:    winograd43GradColumnsAVX2,
			gradTRows:      winograd43GradTRowsAVX2,
			gradTColumns:   winograd43GradTColumnsAVX2,
			weightRows:     winograd43WeightRowsAVX2,
			weightColumns:  winograd43WeightColumnsAVX2,
			weightTRows:    winograd43WeightTRowsAVX2,
			weightTColumns: winograd43WeightTColumnsAVX2,
		}
	}
	return &winogradPasses{
		dataRows:       winograd45DataRowsAVX2,
		dataColumns:    winograd45DataColumnsAVX2,
		dataTRows:      winograd45DataTRowsAVX2,
		dataTColumns:   winograd45DataTColumnsAVX2,
		gradRows:       winograd45GradRowsAVX2,
		gradColumns:    winograd45GradColumnsAVX2,
		gradTRows:      winograd45GradTRowsAVX2,
		gradTColumns:   winograd45GradTColumnsAVX2,
		weightRows:     winograd45WeightRowsAVX2,
		weightColumns:  winograd45WeightColumnsAVX2,
		weightTRows:    winograd45WeightTRowsAVX2,
		weightTColumns: winograd45WeightTColumnsAVX2,
	}
}}
