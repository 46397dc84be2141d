"""What an operator does to a running crawl: each step through the frontier alone, so that it works on any kind of
server and beside any number of workers and other operators.

`connect` opens a crawl; `watching`, `blocking`, `running` (pause, resume, stop), `again` (retry) and `removing`
(delete) change it; `why` explains one URL. Nothing here prints.
"""
