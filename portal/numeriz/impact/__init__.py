"""Before an order is published: what it would do, who signs it; after: lifted, activated and resumed at once."""
