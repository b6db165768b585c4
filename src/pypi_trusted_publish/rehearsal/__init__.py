"""A whole release on this machine: an embedded index, a token issuer, sample distributions, a stage to play on.

The index is a real HTTP server on loopback and a second opinion: it imports nothing of what it judges (no codec, rule
or client of this project), only the leaf modules and its own libraries.

=================  ===================================================================================
``index``          the server, put together;  ``serving`` its thread and listeners;  ``routes`` its doors
``exchange``       audience, mint, burn;  ``issuer`` GitHub's identity tokens
``publishers``     who may publish;  ``upload_tokens``, ``macaroon`` what a mint gives
``upload``         the upload endpoint;  ``form`` its multipart reader;  ``acceptance`` its rules
``catalogue``      projects, releases, files;  ``pages`` the simple index and downloads
``github_side``    GitHub's identity endpoint and its REST answers about a deployment environment
``traffic``        request log, counters, latency
``faults``         the table of everything that can go wrong;  ``fault_schedule`` when it does;  ``plays`` how
``samples``        valid wheels and sdists, built
``stage``          the environment of one run of the action against all that
=================  ===================================================================================
"""
