"""Answers meant to execute code, to hang, kill or bloat the grader, or to be taken for what they are not."""
