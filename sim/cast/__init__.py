"""Who takes part and what she says first, where peers are real: in virtual and in real runs."""
