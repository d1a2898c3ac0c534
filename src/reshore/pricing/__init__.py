"""Price: what a unit of capacity is worth, and what each project should be paid for the security it produces."""
