"""What comes from outside in formats of others, read into the words of this floor."""
