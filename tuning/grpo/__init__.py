"""Reinforcement learning of a VLM on rewarded answers (GRPO)."""
