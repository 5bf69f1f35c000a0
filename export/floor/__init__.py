"""Below which latency can no engine get? An estimate from the graph and the chip."""
