"""Checks a feed, our own or anybody's, against what podcast apps and directories demand.

`check.lint` looks at the bytes of a feed, `check.lint_target` at a file, a folder that holds a site, or an address.
`rows` is the table of what is checked, who demands it and what to do; the other modules each look at one part.
"""
