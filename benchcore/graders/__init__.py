"""Graders decide what a completion is worth: extract, normalise, compare, or run it."""
