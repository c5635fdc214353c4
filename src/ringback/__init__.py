"""Ringback calls your voice or chat agent before your customers do."""
