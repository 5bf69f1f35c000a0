"""Graphs in other precisions: `convert` writes them, `emulated` measures what they lose."""
