//! Work trees of every kind: each is brought to what git itself would write, or refused with the reason before anything happens.
