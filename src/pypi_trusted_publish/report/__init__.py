"""What people read of a run: the log, annotations, summary, outputs and the record they are drawn from."""
