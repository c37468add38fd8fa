"""Whole outputs in the styles of real models, each with the verdict of a careful reader; all written for this suite.

`dev_*` may be read by whoever improves the graders, and each ends with outputs that an early version got wrong;
`held_out_*` measures and is not tuned against.
"""
