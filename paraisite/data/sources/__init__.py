"""One module per origin of data; all network code is here."""
