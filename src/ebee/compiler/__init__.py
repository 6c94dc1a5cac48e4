"""The compiler: IR to instructions. `passes.compile_module` is the way in; its pass list is the table of contents."""
