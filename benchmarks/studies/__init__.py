"""Studies of accuracy: the defaults, teachers and students, imbalance, and few-shot learning."""
