"""A web page on one's own machine: drop a crystal, see it, its prediction, and what that rests on."""
