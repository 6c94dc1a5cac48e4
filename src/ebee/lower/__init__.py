"""What every front end needs: arithmetic with Python's meaning, map operations, strings, null checks, the object."""
