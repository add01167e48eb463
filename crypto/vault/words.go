package vault

// words is the alphabet of recovery codes: 256 everyday nouns chosen from the published English list of BIP-39
// (https://github.com/bitcoin/bips/blob/master/bip-0039/english.txt), which is made for being written down and read
// back. It keeps that list's rule that the first four letters name the word. One word carries 8 bits; the order is part
// of the format and never changes.
var words = [256]string{
	"airport", "album", "anchor", "animal", "ankle", "apple", "april", "arena",
	"arrow", "artist", "autumn", "avocado", "bacon", "balcony", "bamboo", "banana",
	"barrel", "basket", "beach", "bench", "bicycle", "bird", "blanket", "blossom",
	"boat", "bonus", "book", "border", "bracket", "bread", "bridge", "bronze",
	"broom", "bubble", "buffalo", "bulb", "butter", "cabin", "cactus", "cake",
	"camera", "canal", "candy", "canoe", "canvas", "canyon", "captain", "carbon",
	"carpet", "castle", "cereal", "chair", "chalk", "cheese", "cherry", "chimney",
	"cinnamon", "circle", "clock", "cloud", "coconut", "coffee", "copper", "coral",
	"cotton", "cradle", "cricket", "crystal", "cube", "curtain", "cushion", "daughter",
	"desert", "desk", "diamond", "diary", "dinner", "dinosaur", "doctor", "dolphin",
	"donkey", "dragon", "drum", "duck", "eagle", "earth", "elbow", "elephant",
	"engine", "envelope", "eyebrow", "fabric", "fence", "festival", "finger", "flag",
	"flower", "forest", "fork", "fossil", "frog", "fruit", "furnace", "galaxy",
	"garden", "garlic", "ghost", "giraffe", "glove", "goose", "gorilla", "grape",
	"guitar", "hammer", "harbor", "hawk", "helmet", "hero", "honey", "horse",
	"hotel", "insect", "island", "ivory", "jacket", "jaguar", "jelly", "jewel",
	"jungle", "kangaroo", "ketchup", "kitchen", "kite", "ladder", "lake", "lamp",
	"laptop", "lemon", "leopard", "library", "lion", "lizard", "lobster", "lunch",
	"magnet", "mango", "maple", "marble", "market", "meadow", "melody", "mirror",
	"monkey", "moon", "morning", "mountain", "museum", "mushroom", "napkin", "night",
	"noodle", "novel", "ocean", "olive", "onion", "opera", "orange", "orchard",
	"ostrich", "oven", "oxygen", "oyster", "paddle", "palace", "panda", "paper",
	"parrot", "pelican", "pencil", "pepper", "piano", "picnic", "pigeon", "pilot",
	"pizza", "planet", "poem", "pony", "potato", "pumpkin", "puppy", "pyramid",
	"quarter", "rabbit", "radio", "raven", "ribbon", "rice", "river", "robot",
	"rocket", "rose", "saddle", "salad", "salmon", "school", "scissors", "shadow",
	"shell", "shield", "ship", "silk", "silver", "snake", "soap", "spider",
	"spoon", "squirrel", "stadium", "street", "sugar", "summer", "swallow", "sword",
	"syrup", "table", "tennis", "ticket", "tiger", "timber", "tomato", "tooth",
	"torch", "tower", "train", "tree", "trumpet", "tunnel", "turtle", "umbrella",
	"uniform", "valley", "velvet", "village", "violin", "volcano", "wagon", "walnut",
	"water", "whale", "wheel", "window", "winter", "wolf", "wool", "zebra",
}
