"""Use cases that all front ends share: open, train, search. Plain values in and out."""
