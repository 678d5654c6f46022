"""Deeds that are killed, or told that the disk is full or broken, at every system call that changes something."""
