package datasets

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/datasets/picture"
)

// Tensor is an array of a recipe as a file keeps it.
type Tensor struct {
	Name   string
	Shape  []int
	Values []float32 // row-major
}

// RecipeKey is the name under which files with metadata keep the text of Recipe.Encode.
const RecipeKey = "preprocessing"

// The names of a recipe's tensors.
const (
	meanTensor      = RecipeKey + ".mean"
	deviationTensor = RecipeKey + ".deviation"
	filterTensor    = RecipeKey + ".filter"
)

// recipeText is the part of a recipe that is kept as JSON. A float64 survives it to the last bit.
type recipeText struct {
	Data       string   `json:"data"`
	ClassNames []string `json:"classes"`
	Height     int      `json:"height"`
	Width      int      `json:"width"`
	Channels   int      `json:"channels"`
	Colour     string   `json:"colour,omitempty"`
	Fit        string   `json:"fit,omitempty"`
	Normalize  string   `json:"normalize"`
	Divisor    float32  `json:"divisor"`
	Contrast   float64  `json:"contrast,omitempty"`
}

// Encode returns the recipe as one line of JSON and tensors, from which DecodeRecipe makes an equal one. The tensors are
// views of the recipe's numbers: preprocessing.mean, preprocessing.deviation and preprocessing.filter, where it has them.
func (r *Recipe) Encode() (text string, tensors []Tensor) {
	b, err := json.Marshal(recipeText{r.Data, r.ClassNames, r.H, r.W, r.C, r.Colour, r.Fit, r.Normalize, r.Divisor, r.Contrast})
	if err != nil {
		panic(err) // strings and finite numbers always have a form in JSON
	}
	for _, t := range r.layout() {
		tensors = append(tensors, Tensor{t.name, t.shape, *t.values})
	}
	return string(b), tensors
}

// tensorPlace says where one of a recipe's tensors belongs.
type tensorPlace struct {
	name   string
	shape  []int
	values *[]float32
}

// layout lists the tensors that the recipe's kind has.
func (r *Recipe) layout() []tensorPlace {
	image := []int{r.H, r.W, r.C}
	switch r.Normalize {
	case NormalizeMean:
		return []tensorPlace{{meanTensor, image, &r.Mean}}
	case NormalizeStandardize:
		return []tensorPlace{{meanTensor, []int{r.C}, &r.Mean}, {deviationTensor, []int{r.C}, &r.Deviation}}
	case NormalizeWhiten:
		return []tensorPlace{{meanTensor, image, &r.Mean}, {filterTensor, []int{r.Size(), r.Size()}, &r.Filter}}
	}
	return nil
}

// DecodeRecipe makes a recipe of what Encode returned. tensor finds an array by its name. Errors wrap ErrDamaged.
func DecodeRecipe(text string, tensor func(name string) (t Tensor, found bool)) (*Recipe, error) {
	var m recipeText
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("%w: preprocessing: %v", ErrDamaged, err)
	}
	r := &Recipe{Data: m.Data, ClassNames: m.ClassNames, H: m.Height, W: m.Width, C: m.Channels, Colour: m.Colour, Fit: m.Fit,
		Normalize: m.Normalize, Divisor: m.Divisor, Contrast: m.Contrast}
	if err := r.checkText(); err != nil {
		return nil, fmt.Errorf("%w: preprocessing: %w", ErrDamaged, err)
	}
	for _, place := range r.layout() {
		t, found := tensor(place.name)
		if !found {
			return nil, fmt.Errorf("%w: preprocessing: there is no tensor %s", ErrDamaged, place.name)
		}
		count := 1
		for _, n := range place.shape {
			count *= n
		}
		if !slices.Equal(t.Shape, place.shape) || len(t.Values) != count {
			return nil, fmt.Errorf("%w: preprocessing: tensor %s is of shape %v with %d values, want %v", ErrDamaged, place.name, t.Shape, len(t.Values), place.shape)
		}
		for i, v := range t.Values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || v <= 0 && place.name == deviationTensor {
				return nil, fmt.Errorf("%w: preprocessing: value %d of tensor %s is %v", ErrDamaged, i, place.name, v)
			}
		}
		*place.values = t.Values
	}
	return r, nil
}

// checkText finds what no recipe of Open can have.
func (r *Recipe) checkText() error {
	switch {
	case r.H < 1 || r.W < 1 || r.C < 1 || r.H > maxSide || r.W > maxSide || r.C > maxChannels:
		return fmt.Errorf("images of %d×%d×%d", r.H, r.W, r.C)
	case len(r.ClassNames) < 2 || len(r.ClassNames) > maxClasses:
		return fmt.Errorf("%d classes, want 2 to %d", len(r.ClassNames), maxClasses)
	case !slices.Contains(Normalizations(), r.Normalize):
		return fmt.Errorf("normalize %q, want one of %s", r.Normalize, strings.Join(Normalizations(), ", "))
	case r.Normalize == NormalizeWhiten && (r.Size() > maxWhitened || !(r.Contrast >= 0)):
		return fmt.Errorf("whitening of %d values with a contrast of %v", r.Size(), r.Contrast)
	case r.Divisor != 0 && r.Divisor != 1 && r.Divisor != 255:
		return fmt.Errorf("divisor %v, want 0, 1 or 255", r.Divisor)
	case r.Colour != "" && !(r.Colour == picture.RGB && r.C == 3 || r.Colour == picture.Grey && r.C == 1):
		return fmt.Errorf("colour %q of %d channels", r.Colour, r.C)
	case r.Fit != "" && !slices.Contains(picture.Fits(), r.Fit):
		return fmt.Errorf("fit %q, want one of %s", r.Fit, strings.Join(picture.Fits(), ", "))
	}
	return nil
}

// Picture reads the picture file with the given content as a raw image of the recipe's size and colour, [H,W,C] bytes
// for Apply.
func (r *Recipe) Picture(content []byte) ([]byte, error) {
	s, err := r.pictureShape()
	if err != nil {
		return nil, err
	}
	p, err := picture.Read(content, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return p.Bytes, nil
}

// PictureFile is Picture for the file at path.
func (r *Recipe) PictureFile(path string) ([]byte, error) {
	s, err := r.pictureShape()
	if err != nil {
		return nil, err
	}
	p, err := picture.ReadFile(path, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return p.Bytes, nil
}

// pictureShape is what pictures are brought to for Apply.
func (r *Recipe) pictureShape() (picture.Shape, error) {
	if r.Colour == "" || r.Divisor == 0 {
		return picture.Shape{}, fmt.Errorf("%w: the images of %s are not pictures: %d channels, of values that are %s", ErrOptions, r.Data, r.C, divisorText(r.Divisor))
	}
	return picture.Shape{H: r.H, W: r.W, Colour: r.Colour, Fit: r.Fit}, nil
}

func divisorText(divisor float32) string {
	switch divisor {
	case 0:
		return "neither bytes nor from 0 to 1"
	case 1:
		return "bytes"
	}
	return "from 0 to 1"
}
