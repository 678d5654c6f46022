"""What is out of date, and doing it: from recordings to `site/`.

`status` reads and judges, `prepare` makes a text that can be checked, `publishing` makes the site, `run` puts
them in order. Each stage is idempotent and stamped (`stamps`): a run does what is missing, can be killed at any
instant, and ends the same. A broken episode is set aside with its reason; the others go on.
"""
