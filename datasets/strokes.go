package datasets

// A style is one way to write a digit: pen strokes in a box of width and height 1, x to the right and y down. A stroke is a
// smooth curve through its points; at a corner it changes direction at once.
type style struct {
	class   uint16
	share   float64 // how often the class is written so; the shares of a class are relative
	aspect  float64 // width of the box over its height, on average
	strokes []stroke
}

type stroke []point

type point struct {
	x, y   float64
	corner bool
}

// at and turn are the points of a smooth curve and its corners.
func at(x, y float64) point   { return point{x: x, y: y} }
func turn(x, y float64) point { return point{x: x, y: y, corner: true} }

// styles lists how the digits are written; the program draws from it and knows no other font.
var styles = []style{
	{0, 5, 0.68, []stroke{{at(.55, .01), at(.2, .12), at(.03, .5), at(.18, .88), at(.5, 1), at(.83, .87), at(.97, .48), at(.8, .12), at(.52, .01), at(.38, .05)}}},
	{0, 3, 0.72, []stroke{{at(.75, .12), at(.45, .02), at(.08, .3), at(.08, .75), at(.42, 1), at(.86, .8), at(.95, .38), at(.7, .06), at(.36, .13)}}},
	{0, 1, 0.60, []stroke{{at(.3, .1), at(.05, .45), at(.2, .93), at(.6, .97), at(.95, .6), at(.85, .15), at(.5, .0), at(.22, .1)}}},

	{1, 5, 0.35, []stroke{{at(.52, 0), at(.5, .35), at(.5, .7), at(.48, 1)}}},
	{1, 3, 0.45, []stroke{{at(.05, .26), at(.32, .14), turn(.6, 0), at(.6, .5), at(.58, 1)}}},
	{1, 2, 0.60, []stroke{{at(.15, .24), at(.36, .13), turn(.55, 0), at(.55, .5), at(.53, 1)}, {at(.08, .99), at(.5, 1), at(.95, .98)}}},

	{2, 4, 0.75, []stroke{{at(.07, .25), at(.28, .04), at(.68, .04), at(.86, .28), at(.68, .57), at(.36, .82), turn(.04, .99), at(.5, .97), at(.97, .98)}}},
	{2, 4, 0.80, []stroke{{at(.1, .2), at(.42, .0), at(.8, .16), at(.76, .48), at(.44, .82), at(.14, .97), at(.07, .82), at(.3, .76), at(.62, .93), at(.98, .88)}}},
	{2, 1, 0.75, []stroke{{at(.06, .1), at(.45, .02), at(.85, .12), at(.8, .36), at(.45, .7), turn(.05, .96), at(.4, .92), at(.95, 1)}}},

	{3, 5, 0.68, []stroke{{at(.08, .13), at(.42, .0), at(.83, .14), at(.74, .38), turn(.38, .48), at(.78, .54), at(.93, .78), at(.55, 1), at(.04, .88)}}},
	{3, 1.5, 0.68, []stroke{{at(.1, .03), at(.5, .02), turn(.86, .03), turn(.42, .4), at(.82, .53), at(.92, .82), at(.5, 1), at(.06, .89)}}},
	{3, 2.5, 0.70, []stroke{{at(.06, .18), at(.4, .01), at(.8, .17), at(.62, .43), at(.34, .49), at(.36, .54), at(.7, .53), at(.93, .74), at(.6, .99), at(.05, .92)}}},

	{4, 4, 0.75, []stroke{{at(.14, .02), at(.1, .3), turn(.06, .52), at(.5, .53), at(.93, .5)}, {at(.82, .06), at(.78, .5), at(.74, 1)}}},
	{4, 2.5, 0.78, []stroke{{at(.66, .0), at(.36, .34), turn(.03, .66), at(.5, .66), at(.98, .64)}, {at(.68, .0), at(.66, .5), at(.65, 1)}}},
	{4, 3, 0.72, []stroke{{at(.12, .04), at(.06, .34), at(.28, .5), at(.62, .42), turn(.86, .04), at(.8, .5), at(.72, 1)}}},
	{4, 1.5, 0.62, []stroke{{at(.5, .04), at(.12, .4), at(.25, .52), at(.6, .5), at(.9, .44)}, {at(.8, .02), at(.74, .5), at(.66, 1)}}},

	{5, 4, 0.72, []stroke{{at(.88, .02), at(.5, .03), turn(.2, .03), turn(.12, .43), at(.5, .35), at(.9, .58), at(.78, .9), at(.4, 1), at(.03, .89)}}},
	{5, 3, 0.74, []stroke{{at(.22, .05), at(.17, .25), turn(.13, .45), at(.5, .38), at(.88, .62), at(.7, .94), at(.34, 1), at(.02, .92)}, {at(.22, .05), at(.6, .03), at(1, -.01)}}},
	{5, 2, 0.70, []stroke{{at(.9, .0), at(.55, .03), at(.22, .12), at(.2, .38), at(.6, .5), at(.82, .74), at(.5, .99), at(.05, .93)}}},

	{6, 4, 0.66, []stroke{{at(.72, .0), at(.34, .2), at(.07, .6), at(.2, .95), at(.6, 1), at(.9, .78), at(.7, .56), at(.36, .6), at(.12, .82)}}},
	{6, 3, 0.60, []stroke{{at(.45, .0), at(.14, .42), at(.06, .78), at(.34, 1), at(.8, .9), at(.86, .66), at(.5, .55), at(.14, .72)}}},
	{6, 2, 0.70, []stroke{{at(.92, .08), at(.5, .06), at(.12, .4), at(.05, .75), at(.36, 1), at(.78, .92), at(.8, .62), at(.42, .56), at(.1, .74)}}},

	{7, 4, 0.70, []stroke{{at(.04, .06), at(.5, .04), turn(.95, .03), at(.66, .45), at(.44, 1)}}},
	{7, 3, 0.74, []stroke{{at(.04, .06), at(.5, .04), turn(.95, .03), at(.68, .46), at(.46, 1)}, {at(.3, .52), at(.6, .5), at(.92, .49)}}},
	{7, 2, 0.70, []stroke{{at(.04, .22), turn(.1, .05), at(.5, .07), turn(.94, .03), at(.74, .4), at(.58, .7), at(.52, 1)}}},
	{7, 1.5, 0.62, []stroke{{at(.06, .12), at(.4, .0), at(.84, .04), at(.88, .28), at(.62, .64), at(.5, 1)}}},

	{8, 4, 0.66, []stroke{{at(.82, .14), at(.48, .0), at(.14, .17), at(.34, .41), at(.7, .58), at(.86, .8), at(.5, 1), at(.12, .82), at(.34, .56), at(.72, .36), at(.86, .18), at(.7, .03)}}},
	{8, 3, 0.64, []stroke{{at(.5, .47), at(.16, .3), at(.22, .06), at(.54, .0), at(.85, .14), at(.78, .38), at(.48, .47), at(.12, .62), at(.1, .88), at(.48, 1), at(.88, .86), at(.84, .6), at(.5, .47)}}},
	{8, 2, 0.62, []stroke{{at(.95, .06), at(.5, .02), at(.1, .2), at(.5, .48), at(.8, .76), at(.45, 1), at(.14, .8), at(.45, .52), at(.95, .1)}}},

	{9, 4, 0.66, []stroke{{at(.84, .2), at(.55, .0), at(.14, .16), at(.16, .44), at(.5, .52), turn(.85, .2), at(.84, .6), at(.76, 1)}}},
	{9, 3, 0.66, []stroke{{at(.82, .14), at(.46, .0), at(.1, .22), at(.3, .5), at(.68, .42), at(.86, .14), at(.86, .5), at(.7, .88), at(.2, .98)}}},
	{9, 3, 0.60, []stroke{{at(.8, .1), at(.4, .02), at(.1, .28), at(.34, .48), at(.74, .3), turn(.86, .04), at(.72, .5), at(.5, 1)}}},
}
