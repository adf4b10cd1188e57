"""Data sets by name. To add one: write its file, then add its line."""
