"""What people and later steps see of a run: transcript, annotations, summary, outputs. Pure."""
