package diagnostics

// The numbers of the rules that nobody may set: spans of epochs, numbers of measurements and shares that define what a
// word means. Numbers that depend on network and data, or that trials were made with, are in Thresholds.

// What cannot be the curves of a training.

// leastAgreement is the rank correlation of training loss and training error under which they are no curves of one
// training: 0.94 was the least of 200 runs that learnt, and two random walks reach 0.85 one time in twenty.
const leastAgreement = 0.85

// leastError is the training error under which it is too coarse to be compared with the loss.
const leastError = 0.002

// variedLoss is the distance of the training loss's 0.1- and 0.9-quantiles, relative to the latter, from which it varies
// enough to be compared with the error: a network that only guesses has a loss that stands still.
const variedLoss = 0.05

// Divergence.

// deadEpochs is how many measurements in a row must show no response before a network is called dead.
const deadEpochs = 2

// collapseWindow is the number of last epochs that a collapse must have lasted.
const collapseWindow = 3

// regained is the share of its highest value that a training loss must reach again, after having been under
// wellUnder of it, to count as lost for good.
const (
	regained  = 0.98
	wellUnder = 0.8
)

// exploded is how many times its highest value a training loss must be to count as lost at once.
const exploded = 10

// stillGuesses is the training error from which a network is taken to guess, and stuckRange the range of the training
// loss, relative to its highest, within which it has not moved.
const (
	stillGuesses = 0.85
	stuckRange   = 0.02
)

// deadShare is the share of all measurements without a response from which a network is called dead even if it wakes.
const deadShare = 0.5

// A learning rate too high.

// supportedScatter is the share of the high scatter that is enough when the training loss is unsteady as well.
const supportedScatter = 0.5

// restlessScatter is the same where a large share of the predictions changes at each epoch.
const restlessScatter = 1.0 / 3

// leastLossRange is the range of the training loss, relative to its highest, from which its unsteadiness means anything.
const leastLossRange = 0.05

// leastScatter is the number of measurements since learning began from which scatter can be told from the way up.
const leastScatter = 8

// leastImpulse is the same for a single impulse beside a steadier gain.
const leastImpulse = 16

// halfScatter is the share of the high scatter that each half of the epochs must show by itself.
const halfScatter = 0.5

// backslideEpochs is for how many epochs in a row a training loss must lie above its lowest to have slid back.
const backslideEpochs = 2

// Overfitting by a gain alone.

// leastSide is how many deviations either side of an onset of variability must have.
const leastSide = 6

// onsetChance is the chance up to which a change of scatter is not put down to chance.
const onsetChance = 0.01

// Whether learning goes on.

// growing is the travel of a gain, relative to what counts as moving, from which logits are taken to grow.
const growing = 0.5

// leastWindow is the number of measurements that the last third has at least.
const leastWindow = 4

// Ending a run.

// settledEpochs is for how many epochs in a row a run must have been judged converged to be stopped for it: small training
// sets gain half a point of error after their curves have flattened, and waiting costs little.
const settledEpochs = 10

// sureEpochs is for how many epochs a net that grows overconfident must not have got better on moved images to be stopped:
// its error often goes on falling while its loss rises.
const sureEpochs = 10

// settledChanges is the smoothed share of changed predictions up to which a run may be stopped as converged.
const settledChanges = 0.005

// pruneEpochs is at how many epochs in a row a trial must be judged hopeless to be ended: in the bank, good rates were judged
// too high now and then for one epoch or two.
const pruneEpochs = 3

// toldConfidence is the confidence from which a verdict is told while the training goes on: more likely right than wrong.
const toldConfidence = 0.5

// Calibration.

// healthyMargin is by how much scatter must exceed that of healthy pilots to count as high when no pilot was unhealthy.
const healthyMargin = 3

// beaten is by how much lower a training loss must be, relative, for a lower rate to have done better.
const beaten = 0.1

// leastHigh is the least scatter that a calibration calls high, as a share of the default: what is measured on one size of
// training set is used on smaller ones too, whose gains scatter more.
const leastHigh = 1.0 / 3

// leastFall is by how much, relative to its highest, a pilot's training loss must have fallen for the pilot to have learnt.
const leastFall = 0.2

// leastPilotEpochs is how many epochs a pilot must have had since its training loss began to fall: while a gain comes up
// from that of the untrained network, its rise looks like scatter.
const leastPilotEpochs = 5
