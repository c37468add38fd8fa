"""Doors to other packages: their checkpoints, tasks and formats."""
