"""Rule sets of published tables, re-made from their facts on safe code, so that old figures can be matched."""
