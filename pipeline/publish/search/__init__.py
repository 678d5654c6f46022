"""The listeners' search: what pages without a server need to find words in notes and transcripts.

Published texts only go in (`documents`), become words (`folding`) and files of words (`index`) that the search page
(`templates/static/search.js`) asks for, a few at a time. Every file is plain JSON: what is in it can be read.
"""
