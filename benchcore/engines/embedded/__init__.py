"""transformers and torch in this process: prefixes shared, rows refilled, each token read once."""
