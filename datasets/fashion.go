package datasets

// fashionFiles is Fashion-MNIST (Zalando Research, MIT licence) as gzipped by its authors. Debian's package
// dataset-fashion-mnist installs the same images, gzipped anew, under /usr/share/datasets.
var fashionFiles = fileSet{
	dataset: "fashion-mnist",
	folders: []string{"fashion-mnist", "dataset-fashion-mnist"},
	system:  []string{"/usr/share/datasets"},
	files: []file{
		{name: trainImages, sum: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", size: 26_421_880},
		{name: trainLabels, sum: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", size: 29_515},
		{name: testImages, sum: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", size: 4_422_102},
		{name: testLabels, sum: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", size: 5_148},
	},
	zipped: true,
	mirrors: []string{
		"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
		"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
	},
}

var _ = register(source{
	name: "fashion-mnist", note: "articles of clothing, 60,000 + 10,000 of 28×28×1",
	normalize: NormalizeMean, shift: shiftMNIST,
	load: idxSource{files: fashionFiles, classNames: fashionNames}.load,
})

var fashionNames = []string{
	"T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
}
