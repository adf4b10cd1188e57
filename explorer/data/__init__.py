"""Data sets by name. To add one: write its file, then add its line."""

from explorer.data.arrays import ARRAYS
from explorer.data.bodies import BODIES
from explorer.data.coloured import COLOURED
from explorer.data.dataset import DatasetSource
from explorer.data.digits import DIGITS
from explorer.data.folder import FOLDER
from explorer.data.mnist import FASHION_MNIST, MNIST
from explorer.data.solids import SOLIDS
from explorer.data.svhn import SVHN
from explorer.data.textures import TEXTURES

DATASETS: dict[str, DatasetSource] = {
    source.name: source
    for source in (TEXTURES, DIGITS, COLOURED, SOLIDS, BODIES, MNIST, FASHION_MNIST, SVHN, FOLDER, ARRAYS)
}
