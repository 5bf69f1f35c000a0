"""Training mixes of generated questions: quotas, balanced sampling, prompts, file formats."""
