"""Telling the voices of one recording apart: who speaks when, whose words are whose, and where that is unsure.

A diarizer hears voices, not people: what it finds are “Voice 1” and “Voice 2”, and a person says whose they are.
"""
