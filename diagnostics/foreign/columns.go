package foreign

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// Uses of a column that are none of the program's own columns.
const (
	useEpoch    = "epoch"
	useStep     = "step"
	useIndex    = "index"          // a row's number, as pandas writes it
	useAccuracy = "train_accuracy" // one minus the training error
)

// role is what a column is taken for. Of several columns for one use, that of the lowest rank is taken.
type role struct {
	ours  string // one of the program's columns or of the uses above; "" for none
	rank  int
	train bool // the name says that it is of training
}

// axis tells whether a column counts epochs, steps or rows.
func (r role) axis() bool { return r.ours == useEpoch || r.ours == useStep || r.ours == useIndex }

// The ranks.
const (
	rankNamed    = iota // by the options
	rankOwn             // by the program's own name
	rankEpochOf         // "train_loss_epoch": of training, over an epoch
	rankTraining        // "train_loss"
	rankEpoch           // "epoch_loss"
	rankPlain           // "loss"
	rankStep            // "train_loss_step": of single steps
)

// wanted says what a log must have.
const wanted = "want columns for the epoch (or step) and the training loss, such as epoch and train_loss or loss"

// role is what a column of the given name is taken for under the options.
func (o Options) role(name string) role {
	for ours, theirs := range o.Columns {
		if theirs == name || strings.TrimSpace(name) == theirs {
			return role{ours: ours, rank: rankNamed, train: true}
		}
	}
	r := roleOf(name)
	if _, named := o.Columns[r.ours]; named {
		return role{}
	}
	if _, named := o.Columns[signal.TrainError]; named && r.ours == useAccuracy {
		return role{}
	}
	return r
}

// check finds columns in the options that no rule reads.
func (o Options) check() error {
	for ours, theirs := range o.Columns {
		if ours != useEpoch && ours != useStep && ours != useAccuracy && !signal.Readable(ours) {
			return fmt.Errorf("%w: %s cannot be read from %s: no rule reads it; want epoch, step, train_loss, train_error, train_accuracy, learning_rate or a signal such as gain_db",
				ErrOptions, shown(ours), shown(theirs))
		}
	}
	if o.StepsPerEpoch < 0 || o.StepsPerEpoch != o.StepsPerEpoch || o.StepsPerEpoch > maxEpoch {
		return fmt.Errorf("%w: steps of an epoch: got %v, want a number > 0", ErrOptions, o.StepsPerEpoch)
	}
	return nil
}

// Words in a column's name.
var (
	heldOut = words("val valid validation test testing eval evaluation evaluate dev holdout heldout best min max")
	ofTrain = words("train training trn tr")
	ofEpoch = words("epoch epochs")
	ofStep  = words("step steps batch iter iteration iterations")
	ignored = words("avg average mean running metrics metric per total model logs log")

	lossNames = phrases("loss", "cross entropy", "crossentropy", "ce", "nll", "ce loss", "nll loss", "cross entropy loss", "crossentropy loss", "loss ce", "objective")
	accNames  = phrases("acc", "accuracy", "top1", "top 1", "acc1", "top1 acc", "acc top1", "acc 1", "top1 accuracy", "accuracy top1", "categorical accuracy",
		"sparse categorical accuracy", "binary accuracy", "multiclass accuracy", "multiclassaccuracy")
	errNames  = phrases("err", "error", "error rate", "err1", "top1 err", "top1 error", "top1err", "classification error")
	stepNames = phrases("step", "steps", "global step", "trainer global step", "train global step", "train step", "iteration", "iterations", "iter", "batch", "global iteration")
)

func words(list string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(list) {
		out[word] = true
	}
	return out
}

func phrases(list ...string) map[string]bool {
	out := map[string]bool{}
	for _, phrase := range list {
		out[phrase] = true
	}
	return out
}

// roleOf is what a column is taken for by its name alone. Names that speak of held-out images have no use.
func roleOf(name string) role {
	name = strings.TrimSpace(name)
	if signal.Readable(name) {
		return role{ours: name, rank: rankOwn, train: true}
	}
	if name == "" || name == "index" || strings.HasPrefix(name, "Unnamed: ") {
		return role{ours: useIndex}
	}
	if at := strings.LastIndex(name, " - "); at >= 0 { // Weights & Biases: "run's name - column"
		name = name[at+3:]
	}
	if strings.HasSuffix(name, "__MIN") || strings.HasSuffix(name, "__MAX") {
		return role{}
	}
	if base := name[strings.LastIndexByte(name, '/')+1:]; signal.Readable(base) && !slices.ContainsFunc(tokens(name), func(t string) bool { return heldOut[t] }) {
		return role{ours: base, rank: rankTraining, train: true}
	}
	return roleOfTokens(tokens(name))
}

// roleOfTokens is what a column is taken for by the words of its name.
func roleOfTokens(all []string) role {
	var rest []string
	var training, epoch, step bool
	for _, word := range all {
		switch {
		case heldOut[word]:
			return role{}
		case ofTrain[word]:
			training = true
		case ofEpoch[word]:
			epoch = true
		case ofStep[word]:
			step = true
		case ignored[word] || slices.Contains(rest, word):
		default:
			rest = append(rest, word)
		}
	}
	phrase := strings.Join(rest, " ")
	switch {
	case epoch && (phrase == "" || phrase == "trainer" || phrase == "number") && !step:
		return role{ours: useEpoch}
	case stepNames[strings.Join(all, " ")]:
		return role{ours: useStep}
	}
	rank := rankPlain
	switch {
	case step:
		rank = rankStep
	case training && epoch:
		rank = rankEpochOf
	case training:
		rank = rankTraining
	case epoch:
		rank = rankEpoch
	}
	switch {
	case lossNames[phrase]:
		return role{signal.TrainLoss, rank, training}
	case accNames[phrase]:
		return role{useAccuracy, rank, training}
	case errNames[phrase]:
		return role{signal.TrainError, rank, training}
	case slices.Contains(rest, "lr") || strings.Contains(" "+phrase+" ", " learning rate "):
		return role{signal.LearningRate, rank, training}
	}
	return role{}
}

// tokens are a name's words in small letters: parted where there is no letter or digit, and before a capital letter that
// follows a small one.
func tokens(name string) []string {
	var out []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	before := ' '
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) || unicode.IsUpper(r) && unicode.IsLower(before) {
			flush()
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			word.WriteRune(unicode.ToLower(r))
		}
		before = r
	}
	flush()
	return out
}
