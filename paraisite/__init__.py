"""ParAIsite: train, compare and use models of lattice thermal conductivity from a crystal structure."""

__version__ = "0.1.0"
