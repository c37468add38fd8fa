"""The report page: one HTML file that works offline."""

from benchcore.report.page.page import render

__all__ = ["render"]
