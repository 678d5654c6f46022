"""One recording per speaker: laid on one time line, told who speaks when, and mixed to the one recording that
everything else is made of. docs/tracks.md tells how well it does, and where it stops."""
