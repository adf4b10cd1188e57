"""Methods by name. To add one: write its file, then add its line."""

from explorer.method import Method
from explorer.methods.supervised import SUPERVISED

METHODS: dict[str, Method] = {method.name: method for method in (SUPERVISED,)}
