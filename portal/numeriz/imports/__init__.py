"""Reading what others publish: extract (bytes to records), transform (drafts and doubts), load (services)."""
