"""What a territory decides once for all: its rules, its quotas, its settings of access."""
