package datasets

import "strings"

var cifar100 = cifar{
	files: fileSet{
		dataset: "cifar100",
		folders: []string{"cifar-100-binary"},
		files: []file{
			{name: "train.bin", sum: "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"},
			{name: "test.bin", sum: "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"},
		},
		archive: file{name: "cifar-100-binary.tar.gz", sum: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec", size: 168_513_733},
		mirrors: []string{"https://www.cs.toronto.edu/~kriz/"},
	},
	records: []int{50_000, 10_000}, labels: 2, classNames: cifar100Names,
}

var _ = register(source{
	name: "cifar100", note: "photographs of a hundred things, 50,000 + 10,000 of 32×32×3",
	normalize: NormalizeWhiten, flip: true, shift: 4,
	load: cifar100.load,
})

var cifar100Names = strings.Fields(`
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
bowl boy bridge bus butterfly camel can castle caterpillar cattle
chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
plain plate poppy porcupine possum rabbit raccoon ray road rocket
rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
train trout tulip turtle wardrobe whale willow_tree wolf woman worm`)
