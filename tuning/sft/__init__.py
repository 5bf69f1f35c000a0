"""Supervised tuning of a VLM on spatial questions: answers, or derivations and answers."""
