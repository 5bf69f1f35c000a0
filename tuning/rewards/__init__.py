"""Rewards of answers: pure functions of the truth and of what the model wrote."""
