"""A whole release on this machine: an embedded index, a token issuer, sample distributions, a stage to play on.

The index is a real HTTP server on loopback and a second opinion: it imports nothing of what it judges (no codec, rule
or client of this project), only the leaf modules and its own libraries.

=================  ===================================================================================
``index``          the server: composition, its thread, its listeners
``exchange``       audience, mint, burn, discovery;  ``issuer`` GitHub's identity tokens
``publishers``     who may publish;  ``upload_tokens``, ``macaroon`` what a mint gives
``upload``         the upload endpoint;  ``form`` its multipart reader;  ``acceptance`` its rules
``catalogue``      projects, releases, files;  ``pages`` the simple index and downloads
``protection``     GitHub's REST answers about a deployment environment
``traffic``        request log, counters, latency
``faults``         the table of everything that can go wrong, and when it does
``samples``        valid wheels and sdists, built
``stage``          the environment of one run of the action against all that
=================  ===================================================================================
"""
