"""vLLM: what it is asked for a request, and what its answers mean."""
