"""The kernel's user-space ABI as data: commands, attributes, helpers, system calls, tracepoints."""
