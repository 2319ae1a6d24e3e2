package report

import (
	"slices"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// readings say how to read a chart, by its file. A chart without an entry is explained by what the table of signals says
// of its column.
var readings = map[string]string{
	gainFile: "A curve that flattens and stays smooth means that the network no longer changes in kind. One that swings by several dB from epoch to epoch means that " +
		"the learning rate is too high. A curve that is smooth at first and rough later can mean overfitting, but a single impulse is a noisy witness. " +
		"Only differences count; the level depends on the network and on the scale of the input.",
	"loss":  "A training loss that falls means that the network still learns its training images; it says nothing of others.",
	"error": "Shares of images whose class is wrong. The error can go on falling while the loss rises: the network is then right more often, but too sure where it is wrong.",
	signal.PopulationGainDB: "The same measurement as the Maximum Gain, at many training images instead of an impulse. It rises as the logits grow. Look at its slope: flat means that the network has settled. " +
		"A scatter of several dB from epoch to epoch means a learning rate that is too high.",
	signal.BoundaryDistance: "How far, to first order, an image must be moved to change its class. It grows while the network learns what carries over, and shrinks when boundaries are bent around single training images.",
	signal.LowShare:         "A network that has learnt shapes responds to low spatial frequencies. A share that falls again means that the response becomes noise-like, as when labels are learnt by heart.",
	signal.PredictionChanges: "How many training images are classified differently than an epoch before. It falls towards 0 as training settles. A rise after that means that the boundaries move again, " +
		"as when hard or wrong labels are learnt by heart. A high level throughout means a high learning rate.",
	signal.ShiftLoss: "Training images, moved by a few pixels, stand in for images that the network has not seen. A loss that turns upward here, while the training loss falls, means that what is learnt no longer carries over. " +
		"Compare the direction with the training loss, not the level.",
	signal.ShiftError:        "Like the loss on shifted images, counted in wrong classes. It often goes on falling after that loss has turned.",
	signal.MixedLoss:         "Training images, rotated, scaled and shifted, stand in for images that the network has not seen. A loss that turns upward here, while the training loss falls, means that what is learnt no longer carries over.",
	signal.MixedError:        "Like the loss on transformed images, counted in wrong classes. It often goes on falling after that loss has turned.",
	signal.PositionsMedianDB: "The Maximum Gain of impulses at several places. It is steadier than that of one impulse, and is read in the same way.",
	signal.PositionsSpreadDB: "How far the gain depends on where the impulse stands. A wide spread means that the gain of a single impulse is not to be trusted.",
	rateFile:                 "Steps of the other curves at the epochs at which the rate changes come from the schedule, and are no sign of trouble.",
}

// heldOut is added where figures of validation images are drawn beside the training loss.
const heldOut = " A validation loss that turns upward while the training loss falls means overfitting. The training loss is a mean over the epoch while the weights changed, " +
	"so it lags behind: early on it can lie above the validation loss."

// How the pictures of spectra and of the derivative are read.
const (
	howMap = "Bright means a strong response. A network that has learnt responds mostly at low frequencies, at the bottom; brightness that climbs to high frequencies late in the training is a sign " +
		"of noise-like filters."
	howFilm = "Each picture is the response to waves of all directions: the middle is a uniform change of brightness, the rim the finest pattern that the pixels can show. " +
		"The brightest point is the Maximum Gain."
	howDerivative = "Pixels in vermilion raise the score of the winning class when they get brighter, pixels in blue lower it. Structure in the shape of the image means that the network looks at it; " +
		"speckle everywhere means that single pixels sway it."
)

// howToRead explains a chart of columns.
func howToRead(c signal.Chart, columns []string) string {
	text, ok := readings[c.File]
	if !ok {
		text = c.Note
		if s, known := signal.Lookup(columns[0]); known {
			text = s.Meaning
		}
	}
	if slices.Contains(columns, signal.ValLoss) {
		text += heldOut
	}
	return text
}
