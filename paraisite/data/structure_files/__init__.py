"""Crystals from files: every way in (files, tables, uploads, requests) reads them here, by ``reading``."""
