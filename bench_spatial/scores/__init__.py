"""Scores of single answers: pure functions, none of which knows a benchmark's files."""
