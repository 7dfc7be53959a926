"""What a verb of the command line does, from inputs to outputs and tracking: one module per verb, no science."""
