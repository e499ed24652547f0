"""One answer to many requests: prepared after a preview, taken back at will, applied whole at its hour."""
