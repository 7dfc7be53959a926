"""The validated table of materials, its unions and its splits."""
