"""Tens of thousands to millions of structures in, one row for each out, in constant memory."""
