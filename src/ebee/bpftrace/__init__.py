"""The bpftrace language: what a script's values are."""
