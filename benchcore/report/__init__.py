"""Reports: one table model, filled from run records, and one file for each format it is written in."""
