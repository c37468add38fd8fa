"""Cleaning a corpus, file by file: what is cut, dropped, labelled and kept, and a manifest that tells why."""
