"""One module a benchmark: its rows, prompts, extractors and the rule of its total."""
