"""Training samples of any source in one form: rows, pictures, and their encoding for a model."""
