package experiment

import (
	"context"
	"errors"
	"image"
	"io"
	"log/slog"
	"time"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/maxgain/maxgain/trainer/tensorboard"
)

// Screen is shown how a run goes on.
type Screen interface {
	trainer.Observer
	// Verdict is called with a verdict that appeared or changed, before EpochDone of the epoch after which it did.
	Verdict(diagnostics.Report)
}

// RunOptions say where a run is kept and who is told how it goes on.
type RunOptions struct {
	Out    string // folder of the run; empty names a new one after the config and the time
	Resume bool   // go on with the run in Out
	// AllowOtherCPU goes on with it even if it was trained at another CPU level: not to the same bits, which its status says.
	AllowOtherCPU bool
	Prune         bool // end the run when it is judged hopeless
	Log           *slog.Logger
	Screen        Screen
	Began         func(dir string) // called once the folder of the run is there; may be nil
}

// session is one run in its folder.
type session struct {
	*Experiment
	RunOptions
	dir     *rundir.Dir
	started time.Time
	events  *tensorboard.Writer // nil if none are written
}

// Run trains in the run's folder, which is locked meanwhile, and says how it went. There is a result as soon as the run
// began or was taken up, with an error or not: of what ends a run early see trainer.Trainer.Run. A folder that cannot be
// used is a rundir.ErrExists, ErrNoRun or ErrLocked.
func (e *Experiment) Run(ctx context.Context, o RunOptions) (_ *Result, err error) {
	started := time.Now()
	dir, err := o.folder(e.Config, started)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if o.Began != nil {
		o.Began(dir.Path())
	}
	s := &session{Experiment: e, RunOptions: o, dir: dir, started: started}
	return s.run(ctx)
}

// net is the net to train. A run that goes on from a checkpoint takes its weights from there, so that train.init may be
// gone by then.
func (s *session) net() (*models.Net, error) {
	if s.Resume {
		if _, err := s.dir.Checkpoints().Stat(trainer.LastFile); err == nil {
			return s.drawnNet(s.Config.Train.Workers)
		}
	}
	return s.NewNet(s.Config.Train.Workers)
}

func (s *session) run(ctx context.Context) (*Result, error) {
	judge, err := Thresholds(s.Config)
	if err != nil {
		return nil, err
	}
	net, err := s.net()
	if err != nil {
		return nil, err
	}
	t, err := s.trainer(net, judge)
	if err != nil {
		return nil, errors.Join(err, net.Close())
	}
	s.Log.Info("training", "model", s.Spec.Name, "data", s.Data.Name, "images", s.Data.Train.Len(), "run", s.dir.Path())
	status, err := t.Run(ctx)
	if status.State == trainer.StateFailed && len(t.History().Rows) == 0 {
		return nil, errors.Join(err, net.Close())
	}
	r := newResult(s.dir.Path(), status, t.History(), judge, s.Config.Average.Epochs)
	r.Seconds = diagnostics.Number(time.Since(s.started).Seconds())
	return r, errors.Join(err, net.Close(), s.keepResult(r, judge))
}

// keepResult writes the verdict on a run that has ended, and the page if it is wanted.
func (s *session) keepResult(r *Result, judge diagnostics.Thresholds) error {
	if s.dir.Moved() {
		s.Log.Warn("the run's folder was renamed or removed while the run went on; its files are in the renamed folder", "was", s.dir.Path())
	}
	if r.State.Ended() {
		if err := errors.Join(s.dir.WriteVerdict(r.Diagnosis), s.endEvents(r)); err != nil {
			return err
		}
	}
	return s.report(r, judge)
}

// report writes the run's page, if it is wanted.
func (s *session) report(r *Result, judge diagnostics.Thresholds) error {
	if !s.Config.Output.Report {
		return nil
	}
	run, err := judged.From(&s.dir.Run, judge)
	if err != nil {
		return err
	}
	r.Report = s.dir.Path(rundir.ReportFile)
	return s.dir.WriteReport(func(w io.Writer) error { return report.Write(w, run) })
}

// WriteReport writes the page of runs to a file, whole or not at all.
func WriteReport(path string, runs ...judged.Run) error {
	return rundir.WriteFile(path, func(w io.Writer) error { return report.Write(w, runs...) })
}

// trainer connects the net with what watches and keeps the run.
func (s *session) trainer(net *models.Net, judge diagnostics.Thresholds) (*trainer.Trainer, error) {
	keep := keeper{verdict: s.verdict}
	if s.Config.Gain.SaveSpectra {
		keep.spectrum = s.saveSpectrum
	}
	watching, err := hooks(s.Config, s.Spec.Input, s.Data, judge, keep)
	if err != nil {
		return nil, err
	}
	if s.Prune {
		watching = append(watching, &diagnostics.Prune{Thresholds: judge})
	}
	kept := recorders{lastVerdict{s, judge}, s.dir}
	if s.Config.Output.TensorBoard {
		folder, err := s.dir.Events()
		if err != nil {
			return nil, err
		}
		events, err := tensorboard.New(folder, tensorboard.Options{Start: s.started, Image: s.spectrumImage, Charts: eventCharts()})
		if err != nil {
			return nil, err
		}
		kept = append(kept, events)
		s.events = events
	}
	o := trainerOptions(s.Config, s.Data)
	o.Hooks = watching
	if o.Checkpoints, err = checkpointOptions(s.Config, s.dir.Checkpoints()); err != nil {
		return nil, err
	}
	o.Checkpoints.Resume, o.Checkpoints.AllowOtherCPU = s.Resume, s.AllowOtherCPU
	o.Recorder = kept
	o.Observer = s.Screen
	o.Warn = func(message string) { s.Log.Warn(message) }
	return trainer.New(net, s.Data, o)
}

// saveSpectrum keeps a response and the derivative that it is of, a file a channel.
func (s *session) saveSpectrum(epoch int, r diagnostics.Reading) error {
	h, w, channels, db := r.Spectrum.H, r.Spectrum.W, r.Spectrum.C, r.Spectrum.DB()
	response := rundir.Plane{Epoch: epoch, H: h, W: w}
	derivative := response
	for c := range channels {
		plane := make([]float64, h*w)
		for i := range plane {
			plane[i] = r.Derivative[i*channels+c]
		}
		response.Channels = append(response.Channels, db[c*h*w:][:h*w])
		derivative.Channels = append(derivative.Channels, plane)
	}
	return errors.Join(s.dir.SaveSpectrum(response), s.dir.SaveDerivative(derivative))
}

// SpectrumPixels is the side of a frequency in a picture of a response.
const SpectrumPixels = 8

// spectrumImage is the picture of an epoch's response, nil if there is none.
func (s *session) spectrumImage(epoch int) (image.Image, error) {
	read, err := s.dir.Spectrum(epoch)
	if read == nil || err != nil {
		return nil, err
	}
	p := judged.PlaneOf(*read)
	return plot.SpectrumImage(p.RMS(), p.H, p.W, SpectrumPixels), nil
}

// RunFunc trains a config in the folder of o, whose Log and Screen it sets itself, and shows what came of it.
type RunFunc func(ctx context.Context, c configs.Config, o RunOptions) error
