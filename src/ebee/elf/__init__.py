"""Object files (`.bpf.o`): ELF that libbpf loads, and back to an `ObjectSpec`."""
