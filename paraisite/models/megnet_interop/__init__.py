"""Exchange with megnet: its published models in, our trained members out.

Files are read and written without megnet, Keras or TensorFlow. ``load_with_megnet`` alone imports the package, in a
function, for comparisons.
"""

from paraisite.models.megnet_interop.megnet_package import load_with_megnet, prepare_megnet
from paraisite.models.megnet_interop.reader import PublishedModel, read_published_model
from paraisite.models.megnet_interop.writer import write_megnet_model

__all__ = ["PublishedModel", "load_with_megnet", "prepare_megnet", "read_published_model", "write_megnet_model"]
