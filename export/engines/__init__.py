"""What executes an exported graph. Nothing here needs torch."""
