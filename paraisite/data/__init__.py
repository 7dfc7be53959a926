"""Crystals and their values: where they come from, what a usable one is, validated data sets."""
