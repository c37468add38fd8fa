"""Metrics: what turns the grades of a task into figures, one file a metric."""
