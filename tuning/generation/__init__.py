"""From scenes to folders of questions with their frames: jobs, workers, resume."""
