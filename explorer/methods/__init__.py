"""Methods by name. To add one: write its file, then add its line."""

from explorer.method import Method
from explorer.methods.aae import AAE
from explorer.methods.ae import AE
from explorer.methods.classifier import CLASSIFIER
from explorer.methods.classifying import CLASSIFYING
from explorer.methods.code_vae import CODE_VAE
from explorer.methods.group_vaes import ADAGVAE, ADAGVAE_NT, GVAE, GVAE_NT
from explorer.methods.polar import POLAR
from explorer.methods.separate import SEPARATE
from explorer.methods.siamese import SIAMESE
from explorer.methods.structuring import STRUCTURING
from explorer.methods.supervised import SUPERVISED
from explorer.methods.vae import VAE

_ALL = (
    *(SUPERVISED, POLAR, STRUCTURING, AE, VAE, AAE, CLASSIFIER),
    *(CODE_VAE, CLASSIFYING, SIAMESE, SEPARATE),
    *(GVAE, GVAE_NT, ADAGVAE, ADAGVAE_NT),
)
METHODS: dict[str, Method] = {method.name: method for method in _ALL}
