//! Plan files and repositories as hostile input: tried here, and refused or shown harmlessly.
