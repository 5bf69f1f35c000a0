"""Chains of thought that are true by construction: a bird's-eye view and steps from it."""
