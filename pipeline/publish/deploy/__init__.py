"""From `site/` to where listeners are: plan, then apply, then look whether it is there."""
