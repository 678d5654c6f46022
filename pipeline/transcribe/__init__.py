"""From speech to the machine's words, and to a first draft of the text.

Whisper hears (`transcribe`, through an engine with weights); `glossary` tells it which names to expect; `draft`
makes readable paragraphs of what it heard. docs/speech.md has the figures and the limits.
"""
