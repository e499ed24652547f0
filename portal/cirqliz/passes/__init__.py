"""The passes: their codes, their life, the card for the cab and the page for the phone."""
