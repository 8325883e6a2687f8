"""One reader for each format that drawings are published in."""
