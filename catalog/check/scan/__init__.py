"""Find the model names in the files of each language."""
