package configs

import (
	"strings"
	"testing"

	"github.com/maxgain/maxgain/models"
)

const ownNet = `
model:
  init: {normal: 0.02}
  layers:
    - conv: {size: 3, out: 8, pad: same, bias: false, multipliers: {weights: 0.1, biases: 2}}
    - batch_norm
    - relu
    - residual: {body: [{conv: {size: 3, out: 8, pad: same}}], shortcut: identity}
    - dense: {out: classes}
data: {name: mnist}
train: {epochs: 1, learning_rate: 0.1}
`

// The resolved file of a net of layers describes the same net, and its hash is that of the net.
func TestLayersAreWrittenBack(t *testing.T) {
	c, err := Parse("own.yaml", []byte(ownNet), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Model.Name != "custom" || len(c.Model.Layers) != 5 || c.Model.Init != models.Normal(0.02) {
		t.Errorf("read as %+v", c.Model)
	}
	again, err := Parse("again.yaml", c.YAML(), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, c.YAML())
	}
	if c.Hash() != again.Hash() || string(c.YAML()) != string(again.YAML()) {
		t.Errorf("written and read back as\n%s", again.YAML())
	}
	other, err := Parse("own.yaml", []byte(strings.Replace(ownNet, "out: 8, pad: same, bias", "out: 9, pad: same, bias", 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if different := Diff(c, other); len(different) != 1 || !strings.HasPrefix(different[0], "model.layers: [{conv: {size: 3, out: 8, pad: 1, bias: false") || c.Hash() == other.Hash() {
		t.Errorf("differences %q", different)
	}
}

// A layer that does not fit the data is named with the file, line and column, or with the override.
func TestLayerFaults(t *testing.T) {
	c, err := Parse("own.yaml", []byte(ownNet), nil)
	if err != nil {
		t.Fatal(err)
	}
	summary := func(c Config) error {
		_, err := models.Spec{Name: c.Model.Name, Input: models.Shape{H: 2, W: 2, C: 1}, Classes: 3, Layers: c.Model.Layers}.Summary()
		return c.LayerFaults(err)
	}
	if err := summary(c); err != nil {
		t.Errorf("it fits, but: %v", err)
	}
	c.Model.Layers[3] = models.MaxPool{Size: 3, Stride: 1, At: models.Position{Line: 8, Column: 7}}
	if err, want := summary(c), "own.yaml:8:7: model.layers[3]: max pool 3×3 / 1 does not fit its input of 2×2×8"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	set := "model.layers=[{conv: {size: 3, out: 4}}, {dense: {out: classes}}]"
	if c, err = Parse("own.yaml", []byte(ownNet), []string{set}); err != nil {
		t.Fatal(err)
	}
	if err, want := summary(c), "--set model.layers=[{conv: {size: 3, out: 4}}, {dense: {out: clas…: model.layers[0]: conv 3×3 → 4 does not fit its input of 2×2×1"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
