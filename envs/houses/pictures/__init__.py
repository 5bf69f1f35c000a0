"""Houses for people: pictures of them, and a check of their files."""
