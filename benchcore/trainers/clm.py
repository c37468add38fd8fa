"""Causal language modelling: every token of the corpus counts alike."""

from benchcore.trainers.method import Method


class CLM(Method):
    """Plain training, against which other recipes are measured."""
