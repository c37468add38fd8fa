"""Runs side by side: what may be compared, by how much they differ, and whether a gate lets the candidate through."""
