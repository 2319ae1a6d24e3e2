package experiment

// LayerPlan is a layer of a plan.
type LayerPlan struct {
	Name       string `json:"name,omitempty"`
	Layer      string `json:"layer"`
	Output     [3]int `json:"output"` // height, width, channels
	Parameters int    `json:"parameters"`
	MACs       int    `json:"macs"`
}

// Plan is what a run would do.
type Plan struct {
	Name        string      `json:"name"`
	Config      string      `json:"config"` // resolved, YAML
	ConfigHash  string      `json:"config_hash"`
	Model       string      `json:"model"`
	Data        string      `json:"data"`
	DataDir     string      `json:"data_dir"`
	TrainImages int         `json:"train_images"`
	ValImages   int         `json:"val_images"`
	TestImages  int         `json:"test_images"`
	Epochs      int         `json:"epochs"`
	Steps       int         `json:"steps_an_epoch"`
	Layers      []LayerPlan `json:"layers"`
	Parameters  int         `json:"parameters"`
	MACs        int         `json:"macs"`         // of one image's forward pass
	Memory      float64     `json:"memory_bytes"` // that the net takes, about; the data come on top
}

// Plan is what a run of the experiment would do. A net that the machine's memory cannot hold is an ErrUsage.
func (e *Experiment) Plan() (Plan, error) {
	rows, err := e.Spec.Summary()
	if err != nil {
		return Plan{}, err
	}
	c, data := e.Config, e.Data
	p := Plan{
		Name: c.Name, Config: string(c.YAML()), ConfigHash: c.Hash(), Model: e.Spec.Name,
		Data: data.Name, DataDir: data.Dir, TrainImages: data.Train.Len(),
		Epochs: c.Train.Epochs, Steps: (data.Train.Len() + c.Train.BatchSize - 1) / c.Train.BatchSize,
	}
	if data.Val != nil {
		p.ValImages = data.Val.Len()
	}
	if data.Test != nil {
		p.TestImages = data.Test.Len()
	}
	for _, r := range rows {
		p.Layers = append(p.Layers, LayerPlan{r.Name, r.Label, [3]int{r.Output.H, r.Output.W, r.Output.C}, r.Params, r.MACs})
		p.Parameters += r.Params
		p.MACs += r.MACs
	}
	o := netOptions(c, c.Train.Workers)
	memory, err := e.Spec.Memory(o)
	if err != nil {
		return Plan{}, err
	}
	if n := min(c.Average.Epochs, c.Train.Epochs); n > 0 { // weights of so many epochs' ends, their mean, and the net's own meanwhile
		memory.Weights += 4 * float64(p.Parameters) * float64(n+2)
	}
	if err := memory.Fits(o.Batch); err != nil {
		return Plan{}, Usagef("%w", err)
	}
	p.Memory = memory.Total()
	return p, nil
}
