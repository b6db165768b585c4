"""The reports of a run: transcript, annotations, summary, outputs. Pure."""
