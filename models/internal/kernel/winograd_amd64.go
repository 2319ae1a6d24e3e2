//go:build !noasm

package kernel

// The functions below are the passes of winogradPasses in vectors of 8 (AVX2) or 16 (AVX512) channels;
// winograd_generic.go has the loops that they stand for.

//go:noescape
func winograd45DataRowsAVX2(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd45DataColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45DataTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45DataTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd45GradRowsAVX2(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd45GradColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45GradTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45GradTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd45WeightRowsAVX2(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd45WeightColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45WeightTColumnsAVX2(dst, src *float32, freqStep, partStep int)

//go:noescape
func winograd45WeightTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd43DataRowsAVX2(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd43DataColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43DataTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43DataTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd43GradRowsAVX2(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd43GradColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43GradTColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43GradTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd43WeightRowsAVX2(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd43WeightColumnsAVX2(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43WeightTColumnsAVX2(dst, src *float32, freqStep, partStep int)

//go:noescape
func winograd43WeightTRowsAVX2(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd45DataRowsAVX512(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd45DataColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45DataTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45DataTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd45GradRowsAVX512(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd45GradColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45GradTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45GradTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd45WeightRowsAVX512(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd45WeightColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd45WeightTColumnsAVX512(dst, src *float32, freqStep, partStep int)

//go:noescape
func winograd45WeightTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd43DataRowsAVX512(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd43DataColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43DataTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43DataTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd43GradRowsAVX512(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd43GradColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43GradTColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43GradTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

//go:noescape
func winograd43WeightRowsAVX512(dst *float32, table *winogradTable, rows int)

//go:noescape
func winograd43WeightColumnsAVX512(dst, src *float32, freqStep, tiles, tileStep int)

//go:noescape
func winograd43WeightTColumnsAVX512(dst, src *float32, freqStep, partStep int)

//go:noescape
func winograd43WeightTRowsAVX512(src *float32, table *winogradTable, rows int, aux *float32)

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

// winogradPassesFor is what the present level has to offer.
func winogradPassesFor() *winogradLevel {
	switch level {
	case AVX512:
		return winogradAVX512
	case AVX2:
		return winogradAVX2
	}
	return winogradGeneric
}
