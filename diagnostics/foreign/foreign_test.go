package foreign

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
)

// write puts a text into a file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// read reads a log that must be readable.
func read(t *testing.T, path string, o Options) *Log {
	t.Helper()
	log, err := Read(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// check compares a column of a curve with what it should be, within a relative tolerance; nil wants no such column.
func check(t *testing.T, c *diagnostics.Curve, name string, want []float64, tolerance float64) {
	t.Helper()
	got, ok := c.Series(name)
	if want == nil {
		if ok {
			t.Errorf("%s: got %v, want no such column", name, got)
		}
		return
	}
	equal := len(got) == len(want)
	for i := 0; equal && i < len(want); i++ {
		equal = math.IsNaN(want[i]) && math.IsNaN(got[i]) || got[i] == want[i] || math.Abs(got[i]-want[i]) <= tolerance*math.Abs(want[i])
	}
	if !equal {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

var inf, nan = math.Inf(1), math.NaN()

func TestTexts(t *testing.T) {
	for _, test := range []struct {
		name, text  string
		options     Options
		epochs      []int
		loss, error []float64
	}{
		{"keras", "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,2,0.1,9\n1,0.75,1,0.1,9\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"keras, other order and separator", "epoch;loss;accuracy\n0;2;0.5\n1;1;0.75\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"own", "epoch,learning_rate,train_loss,train_error,val_loss,gain_db\n0,,,,3,-60\n1,0.1,2,0.5,3,-30\n2,0.1,1,0.25,3,-20\n", Options{}, []int{0, 1, 2}, []float64{nan, 2, 1}, []float64{nan, 0.5, 0.25}},
		{"from 1", "Epoch,Train Loss,Val Loss\n1,2,9\n2,1,9\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"from 5, of a resumed run", "epoch,loss\n5,2\n6,1\n", Options{}, []int{5, 6}, []float64{2, 1}, nil},
		{"excel", "\xef\xbb\xbfepoch;train_loss;train_error\r\n1;2,5;0,5\r\n2;1,25;0,25\r\n", Options{}, []int{1, 2}, []float64{2.5, 1.25}, []float64{0.5, 0.25}},
		{"excel's first line", "sep=;\r\nepoch;train_loss\r\n1;2,5\r\n2;1,5\r\n", Options{}, []int{1, 2}, []float64{2.5, 1.5}, nil},
		{"tabs", "epoch\ttrain_loss\n1\t2\n2\t1\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"carriage returns", "epoch,train_loss\r1,2\r2,1\r", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"separators at the ends of lines", "epoch,loss,\n1,2,\n2,1,\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"empty lines", "epoch,loss\n\n1,2\n,\n2,1\n\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"pandas", ",loss,accuracy\n0,2,0.5\n1,1,0.75\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"no epochs", "loss,val_loss\n2,9\n1,9\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"lightning, epoch and steps", "epoch,step,train_acc,train_loss_epoch,train_loss_step,val_loss\n0,2,,,2.5,\n0,4,,,,9\n0,4,0.5,2,,\n1,7,,,1.5,\n1,9,,,,9\n1,9,0.75,1,,\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"lightning, steps alone", "epoch,step,train_loss,val_loss\n0,2,3,\n0,4,1,\n0,4,,9\n1,7,1.5,\n1,9,0.5,\n1,9,,9\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"weights and biases", "\"Step\",\"calm-sun-1 - train_loss\",\"calm-sun-1 - train_loss__MIN\",\"calm-sun-1 - train_loss__MAX\"\n\"0\",\"2\",\"2\",\"2\"\n\"1\",\"1\",\"1\",\"1\"\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"weights and biases, several columns", "Step,a - epoch,a - train/loss,a - val/loss,a - train/acc\n99,1,2,,0.5\n99,1,,9,\n199,2,1,,0.75\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"spaced steps", "step,train_loss\n50,2\n100,1\n150,0.5\n", Options{}, []int{1, 2, 3}, []float64{2, 1, 0.5}, nil},
		{"steps of an epoch", "step,train_loss\n1,3\n4,1\n5,1.5\n8,0.5\n9,0.25\n", Options{StepsPerEpoch: 4}, []int{1, 2, 3}, []float64{2, 1, 0.25}, nil},
		{"steps from 0", "step,train_loss\n0,2\n3,2\n7,1\n", Options{StepsPerEpoch: 4}, []int{1, 2}, []float64{2, 1}, nil},
		{"hugging face", "{\"loss\": 2.0, \"epoch\": 0.5, \"step\": 5}\n{\"loss\": 1.0, \"epoch\": 1.0, \"step\": 10}\n{\"eval_loss\": 9, \"epoch\": 1.0}\n{\"loss\": 0.5, \"epoch\": 1.5}\n{\"loss\": 0.25, \"epoch\": 2.0}\n{\"train_loss\": 7.0, \"epoch\": 2.0}\n", Options{}, []int{1, 2}, []float64{1.5, 0.375}, nil},
		{"trainer_state.json", "{\n \"best_metric\": null, \"epoch\": 2.0,\n \"log_history\": [\n  {\"epoch\": 1.0, \"loss\": 2, \"learning_rate\": 0.1},\n  {\"epoch\": 2.0, \"loss\": 1}]}\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"list", "[{\"epoch\": 1, \"train\": {\"loss\": 2, \"accuracy\": 50}}, {\"epoch\": 2, \"train\": {\"loss\": 1, \"accuracy\": 75}}]", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"history", `{"loss": [2, 1], "val_loss": [9, 9], "accuracy": [0.5, 0.75]}`, Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"python's not numbers", "{\"epoch\": 1, \"loss\": 2, \"note\": \"NaN \\\" NaN\"}\n{\"epoch\": 2, \"loss\": NaN}\n{\"epoch\": 3, \"loss\": Infinity}\n", Options{}, []int{1, 2, 3}, []float64{2, inf, inf}, nil},
		{"lost at the end", "epoch,loss\n1,2\n2,nan\n3,NaN\n", Options{}, []int{1, 2, 3}, []float64{2, inf, inf}, nil},
		{"NaN for no value", "epoch,loss,val_loss\n1,2,NaN\n1,NaN,9\n2,1,NaN\n2,NaN,9\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"words for no value", "epoch,loss\n1,2\n2,None\n3,null\n4,N/A\n5,1\n", Options{}, []int{1, 5}, []float64{2, 1}, nil},
		{"resumed", "epoch,loss\n0,4\n1,3\n2,9\n1,2\n2,1\n", Options{}, []int{1, 2, 3}, []float64{4, 2, 1}, nil},
		{"newest first", "epoch,loss\n2,1\n1,2\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"per cent", "epoch,train_loss,train_acc\n1,2,50\n2,1,75\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"errors in per cent", "epoch,train_loss,train_err\n1,2,50\n2,1,25\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"a few per cent", "epoch,train_loss,train_err\n1,2,5\n2,1,0.5\n", Options{}, []int{1, 2}, []float64{2, 1}, []float64{0.05, 0.005}},
		{"an accuracy that may be of other images", "epoch,train_loss,valid_loss,accuracy\n1,2,9,0.5\n2,1,9,0.75\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"camel case", "epoch,trainLoss,valLoss\n1,2,9\n2,1,9\n", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"named", "round,my loss,loss,right\n1,2,7,0.5\n2,1,7,0.75\n", Options{Columns: diagnostics.Mapping{"epoch": "round", "train_loss": "my loss", "train_accuracy": "right"}}, []int{1, 2}, []float64{2, 1}, []float64{0.5, 0.25}},
		{"an unfinished last line", "epoch,loss,lr\n1,2,0.1\n2,1,0.1\n3,0", Options{}, []int{1, 2}, []float64{2, 1}, nil},
		{"an unfinished last object", "{\"epoch\": 1, \"loss\": 2}\n{\"epoch\": 2, \"loss\": 1}\n{\"epoch\": 3, \"lo", Options{}, []int{1, 2}, []float64{2, 1}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := read(t, write(t, "log", test.text), test.options).Curve
			if !slices.Equal(c.Epochs, test.epochs) {
				t.Fatalf("epochs %v, want %v", c.Epochs, test.epochs)
			}
			check(t, c, "train_loss", test.loss, 1e-12)
			check(t, c, "train_error", test.error, 1e-12)
		})
	}
}

// Signals and the learning rate are read under the program's names, also behind a run's name or a tag's folder.
func TestSignals(t *testing.T) {
	for name, header := range map[string]string{
		"own":     "epoch,pop_gain_db,learning_rate,prediction_changes,gain_db_c2",
		"run":     "Step,a - pop_gain_db,a - lr,a - prediction_changes,a - gain_db_c2",
		"folder":  "epoch,signals/pop_gain_db,lr-SGD,signals/prediction_changes,x/gain_db_c2",
		"trailed": "epoch,pop_gain_db,Learning Rate,prediction_changes,gain_db_c2",
	} {
		t.Run(name, func(t *testing.T) {
			c := read(t, write(t, "log.csv", header+"\n1,-30,0.1,0.5,-1\n2,-20,0.01,0.25,-2\n"), Options{}).Curve
			check(t, c, "pop_gain_db", []float64{-30, -20}, 0)
			check(t, c, "learning_rate", []float64{0.1, 0.01}, 0)
			check(t, c, "prediction_changes", []float64{0.5, 0.25}, 0)
			check(t, c, "gain_db_c2", []float64{-1, -2}, 0)
		})
	}
}

// No figure of held-out images gets into a curve, whatever it is called.
func TestHeldOutIsNotRead(t *testing.T) {
	for _, name := range []string{"val_loss", "valid_loss", "validation/loss", "Loss/validation", "test_loss", "eval_loss", "eval/accuracy", "a - val_acc",
		"valLoss", "val_learning_rate", "validation/epoch_loss", "val/gain_db", "test_train_loss", "loss_val/loss", "dev loss"} {
		if r := roleOf(name); r.ours != "" {
			t.Errorf("%s is taken for %s", name, r.ours)
		}
	}
	log := read(t, write(t, "log.csv", "epoch,val_loss,loss,val_accuracy\n1,8,2,0.1\n2,9,1,0.2\n"), Options{})
	check(t, log.Curve, "train_loss", []float64{2, 1}, 0)
	check(t, log.Curve, "train_error", nil, 0)
}

func TestNotes(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"epoch,loss,accuracy\n0,2,0.5\n1,1,0.5\n", "train_error is 1 − accuracy|train_loss is loss|the file counts epochs from 0: its epoch 0 is called 1 here"},
		{"epoch,train_loss\n1,2\n2,1\n", ""},
		{"step,loss\n10,2\n20,1\n", "train_loss is loss|each of the 2 steps is taken for an epoch; if more make one, say so with --steps-per-epoch"},
		{"loss\n2\n1\n", "train_loss is loss|there is no column of epochs: each of the 2 rows is taken for one"},
		{"epoch,train_loss,acc\n1,2,0\n2,1,0\n", "acc is not read, as it does not say of which images it is; if of training: --column train_accuracy=\"acc\""},
		{"epoch,train_loss,lr\n1,2,0.1\n2,1,0.1\n3,0", "the last line is not whole and is passed over (line 4)|learning_rate is lr"},
	} {
		if got := strings.Join(read(t, write(t, "log.csv", test.text), Options{}).Notes, "|"); got != test.want {
			t.Errorf("%q: got %s, want %s", test.text, got, test.want)
		}
	}
}

func TestFaults(t *testing.T) {
	named := func(ours, theirs string) Options { return Options{Columns: diagnostics.Mapping{ours: theirs}} }
	for _, test := range []struct {
		text, want string
		options    Options
	}{
		{"", ": the file is empty; want columns for the epoch (or step) and the training loss, such as epoch and train_loss or loss", Options{}},
		{" \n\n", ": the file is empty; want columns for the epoch (or step) and the training loss, such as epoch and train_loss or loss", Options{}},
		{"epoch,val_loss,time\n1,2,3\n", ": no column of the training loss (train_loss, loss, …) and none of a signal (gain_db, …) with a value; the file has epoch, val_loss, time. Name one: --column train_loss=NAME", Options{}},
		{"epoch,loss\n1,2\n2,high\n", `:3:3: loss: got "high", want a number`, Options{}},
		{"epoch,loss\n1,2\n-1,2\n", `:3:1: epoch: got "-1", want a number from 0 on`, Options{}},
		{"epoch,loss\nNaN,2\n", `:2:1: epoch: got "NaN", want a number from 0 on`, Options{}},
		{"epoch,loss\n1,2,3\n", ":2:1: 3 fields where the header has 2", Options{}},
		{"epoch,loss\n1\n2,3\n", ":2:1: 1 fields where the header has 2", Options{}},
		{"epoch,loss\n1,\"2\n", `:2:6: extraneous or missing " in quoted-field`, Options{}},
		{"epoch,loss,loss\n1,2,3\n", ":1:12: column loss appears twice", Options{}},
		{"Step,a - loss,b - loss\n0,2,3\n1,2,3\n", `: 2 columns could be the training loss: "a - loss", "b - loss". Name one: --column train_loss="a - loss"`, Options{}},
		{"epoch,loss\n1,2\n", `: no column "cost" to read "train_loss" from; the file has epoch, loss`, named("train_loss", "cost")},
		{"step,loss\n10,3\n15,2\n30,1\n", ": there is no column of epochs, and the steps (10, 15, … 30) are not evenly spaced: say how many steps make an epoch, as in --steps-per-epoch 391", Options{}},
		{"epoch,loss\n1,2\n", ": steps of an epoch are given, but there is no column of steps; the file has epoch, loss", Options{StepsPerEpoch: 3}},
		{"epoch,train_loss,train_acc\n1,2,200\n", ": train_acc: values from 0 to 200 are neither shares nor per cent", Options{}},
		{"{\"epoch\": 1, \"loss\": \"high\"}\n", `: entry 1: loss: got "high", want a number`, Options{}},
		{"{\"epoch\": 1, \"loss\": 2}\n{\"epoch\" 2}\n", ":2:1: this is no JSON: invalid character '2' after object key", Options{}},
		{"[1, 2]", ": entry 1 of the list is no object of names and numbers", Options{}},
		{"{\"epoch\": 1, \"loss\": 2}\n7\n", ": want objects of names and numbers, or lists of these", Options{}},
		{"\xff\xfee\x00p\x00o\x00", ": the text is encoded in UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)", Options{}},
		{"e\x00p\x00o\x00c\x00h\x00,\x00", ": the text is encoded in UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)", Options{}},
		{"PK\x03\x04" + strings.Repeat("abcdefgh", 20) + "\x00", ": this is neither text (CSV, JSON) nor TensorBoard's file of events", Options{}},
	} {
		path := write(t, "log", test.text)
		_, err := Read(path, test.options)
		var fault *Fault
		if !errors.As(err, &fault) || err.Error() != path+test.want {
			t.Errorf("%.60q: got %v, want %s", test.text, err, test.want)
		}
	}
	if _, err := Read(write(t, "log", "epoch,loss\n1,2\n"), named("val_loss", "loss")); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), `"val_loss" cannot be read from "loss"`) {
		t.Errorf("a validation column named by the options: %v", err)
	}
	if _, err := Read(write(t, "log", "epoch,loss\n1,2\n"), Options{StepsPerEpoch: -1}); err == nil {
		t.Error("a negative number of steps accepted")
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Read(t.TempDir(), Options{}); err == nil || !strings.HasSuffix(err.Error(), "the folder holds no metrics.csv and no file of events (*tfevents*)") {
		t.Errorf("an empty folder: %v", err)
	}
}

// What a file holds is never repeated at length, nor with characters that a terminal obeys.
func TestMessagesAreShortAndPlain(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	many := "epoch," + strings.Repeat("some_column,", 5000) + "last\n1\n"
	for _, text := range []string{"epoch,loss\n1,\x1b[31m" + long + "\n", long + ",\x1b]0;evil\a\n1,2\n", many, "{\"epoch\": 1, \"" + long + "\x1b\": 3}\n",
		"epoch,loss\n" + long + ",1\n", "epoch,loss,\"" + long + "\x1b - loss\"\n1,2,3\n2,3,4\n", "\x1b\n1\n"} {
		_, err := Read(write(t, "log", text), Options{})
		if err == nil {
			t.Errorf("%.30q… accepted", text)
			continue
		}
		if message := err.Error(); len(message) > 2000 || strings.ContainsAny(message, "\x1b\a\n") {
			t.Errorf("a message of %d bytes: %.200q", len(message), message)
		}
	}
}

func TestLimits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.Truncate(maxFile+1), file.Close()); err != nil { // a sparse file
		t.Fatal(err)
	}
	if _, err := Read(path, Options{}); err == nil || !strings.HasSuffix(err.Error(), "the file has more than 64 MiB: a log of a training has an entry an epoch or step") {
		t.Errorf("a large file: %v", err)
	}
	steps := "step,loss\n"
	for i := range mostSteps + 1 {
		steps += fmt.Sprintf("%d,1\n", i)
	}
	if _, err := Read(write(t, "steps.csv", steps), Options{}); err == nil || !strings.Contains(err.Error(), "5001 steps are hardly as many epochs") {
		t.Errorf("many steps: %v", err)
	}
	if c := read(t, write(t, "steps.csv", steps), Options{StepsPerEpoch: 1000}).Curve; len(c.Epochs) != 5 {
		t.Errorf("5,001 steps from 0, 1,000 an epoch: %d epochs, want 5", len(c.Epochs))
	}
	wide := "epoch"
	for i := range maxColumns {
		wide += fmt.Sprint(",x", i)
	}
	if _, err := Read(write(t, "wide.csv", wide), Options{}); err == nil || !strings.HasSuffix(err.Error(), "more than 10000 columns") {
		t.Errorf("a wide file: %v", err)
	}
}

// kerasColumns are the losses and accuracies that Keras' CSVLogger wrote, read here in a way of their own.
func kerasColumns(t *testing.T) (loss, wrong []float64) {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "keras.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(records[0][:3], ",") != "epoch,accuracy,loss" {
		t.Fatalf("header %v", records[0])
	}
	for _, record := range records[1:] {
		accuracy, err1 := strconv.ParseFloat(record[1], 64)
		value, err2 := strconv.ParseFloat(record[2], 64)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		loss, wrong = append(loss, value), append(wrong, 1-accuracy)
	}
	return loss, wrong
}

// Files that the real programs wrote. The same training of Keras was logged in four ways, that of Lightning in two.
func TestRealFiles(t *testing.T) {
	loss, wrong := kerasColumns(t)
	eight := []int{1, 2, 3, 4, 5, 6, 7, 8}
	for _, path := range []string{"keras.csv", "keras-history.json", "keras"} {
		c := read(t, filepath.Join("testdata", path), Options{}).Curve
		if !slices.Equal(c.Epochs, eight) {
			t.Errorf("%s: epochs %v", path, c.Epochs)
		}
		check(t, c, "train_loss", loss, 1e-6)
		check(t, c, "train_error", wrong, 1e-6)
	}
	check(t, read(t, filepath.Join("testdata", "keras"), Options{}).Curve, "learning_rate", slices.Repeat([]float64{0.5}, 8), 0)
	steps := read(t, filepath.Join("testdata", "keras-steps"), Options{}).Curve // update_freq=2: batches too, and every other epoch
	if !slices.Equal(steps.Epochs, []int{2, 4, 6, 8}) {
		t.Errorf("Keras with losses of batches: epochs %v", steps.Epochs)
	}
	check(t, steps, "train_loss", []float64{loss[1], loss[3], loss[5], loss[7]}, 1e-6)

	lightning := read(t, filepath.Join("testdata", "lightning.csv"), Options{}).Curve
	loss, _ = lightning.Series("train_loss")
	wrong, _ = lightning.Series("train_error")
	if len(loss) != 8 || loss[0] != 0.730070173740387 || loss[7] != 0.22389383614063263 || math.Abs(wrong[7]-0.015) > 1e-7 {
		t.Errorf("Lightning's CSV: losses %v, errors %v", loss, wrong)
	}
	events := read(t, filepath.Join("testdata", "lightning.tfevents"), Options{}).Curve
	if !slices.Equal(events.Epochs, eight) {
		t.Errorf("Lightning's events: epochs %v", events.Epochs)
	}
	check(t, events, "train_loss", loss, 1e-6)
	check(t, events, "train_error", wrong, 1e-6)

	var want []float64
	for epoch := range 8 {
		want = append(want, 2*math.Exp(-float64(epoch)/3))
	}
	for _, path := range []string{"tensorboardx.tfevents", "add-scalars"} {
		c := read(t, filepath.Join("testdata", path), Options{}).Curve
		if !slices.Equal(c.Epochs, eight) {
			t.Errorf("%s: epochs %v", path, c.Epochs)
		}
		check(t, c, "train_loss", want, 1e-6)
	}
}

// A file of events that is cut anywhere gives what stands before the cut.
func TestCutEvents(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "tensorboardx.tfevents"))
	if err != nil {
		t.Fatal(err)
	}
	log := read(t, write(t, "a.tfevents", string(whole[:len(whole)-3])), Options{})
	if n := len(log.Curve.Epochs); n < 7 || !strings.Contains(strings.Join(log.Notes, "|"), "a.tfevents: the file of events ends within a record at byte ") {
		t.Errorf("%d epochs, notes %q", n, log.Notes)
	}
	spoilt := slices.Clone(whole)
	spoilt[len(whole)/2] ^= 1
	log = read(t, write(t, "a.tfevents", string(spoilt)), Options{})
	if n := len(log.Curve.Epochs); n < 2 || n > 5 || !strings.Contains(strings.Join(log.Notes, "|"), "is damaged at byte ") {
		t.Errorf("%d epochs, notes %q", n, log.Notes)
	}
	if _, err := Read(write(t, "a.tfevents", "no events at all"), Options{}); err == nil || !strings.Contains(err.Error(), "damaged at byte 0") {
		t.Errorf("a file that is none: %v", err)
	}
}

func FuzzParseText(f *testing.F) {
	for _, seed := range []string{"epoch,loss\n1,2\n", "epoch;loss\r1;2,5\r", "{\"epoch\": 1, \"loss\": NaN}\n", "{\"loss\": [1, 2]}", "[{\"a\": {\"loss\": 1}}]", "step,loss\n1,2\n4,nan\n",
		"\xff\xfe", "sep=;\nloss\n1\n", ",loss\n0,1\n", "\"Step\",\"a - loss\"\n0,1e999\n", "{\"log_history\": [{\"epoch\": 0.5, \"loss\": -1}]}"} {
		f.Add([]byte(seed), 0.0)
	}
	f.Fuzz(func(t *testing.T, text []byte, steps float64) {
		table, err := parseText("f", text, Options{})
		if err != nil {
			return
		}
		o := Options{StepsPerEpoch: steps}
		if o.check() != nil {
			return
		}
		log, err := table.log("f", o)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x1b\n") || len(err.Error()) > 4000 {
				t.Fatalf("message %q", err)
			}
			return
		}
		for i, e := range log.Curve.Epochs {
			if e < 0 || i > 0 && e <= log.Curve.Epochs[i-1] {
				t.Fatalf("epochs %v", log.Curve.Epochs)
			}
		}
		diagnostics.Diagnose(log.Curve, diagnostics.DefaultThresholds())
	})
}
