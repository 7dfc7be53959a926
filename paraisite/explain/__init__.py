"""What a prediction rests on: parts of the crystal, or descriptors of it, the members' agreement, and its like."""
