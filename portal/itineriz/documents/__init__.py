"""What is made of an answer: JSON, map layers, and files for drivers and their devices."""
