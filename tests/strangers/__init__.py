"""What somebody with bad intent could hand in: texts that want to run, bytes that break, names that lead out."""
