"""Methods by name. To add one: write its file, then add its line."""

from explorer.method import Method
from explorer.methods.ae import AE
from explorer.methods.classifier import CLASSIFIER
from explorer.methods.polar import POLAR
from explorer.methods.structuring import STRUCTURING
from explorer.methods.supervised import SUPERVISED
from explorer.methods.vae import VAE

METHODS: dict[str, Method] = {method.name: method for method in (SUPERVISED, POLAR, STRUCTURING, AE, VAE, CLASSIFIER)}
