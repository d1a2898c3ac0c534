"""Fund: instruments, what they cost the public, who may have them, and the plan that buys most security."""
