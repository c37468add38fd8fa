"""Where rows come from: local files, installed packages, the Hugging Face hub, generators."""
