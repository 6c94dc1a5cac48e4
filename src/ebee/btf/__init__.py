"""BPF Type Format: read, build, print as C. Pure functions of bytes."""
