"""A decided request comes back to the queue: by an appeal, or because what it was decided on has changed."""
