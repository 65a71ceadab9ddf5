//! The tests of the tool as a whole: one binary, one file a subject. What is tested of one module alone stands beside it.

mod apply;
mod branches;
mod definitions;
mod deletions;
mod demo;
mod equivalence;
#[cfg(target_os = "linux")]
mod faults;
mod fixtures;
mod generated;
mod harness;
mod meanwhile;
mod patches;
mod plan;
mod refs;
mod rollback;
mod shims;
mod snapshot;
mod spec;
mod symtable;
mod tidy;
mod transforms;
mod typescript;
mod typescript_cases;
mod typescript_facts;
mod typescript_generated;
mod typescript_oracle;
mod typescript_references;
mod typescript_refs;
mod typescript_steps;
mod verify;
mod why;
mod worklist;
mod worktree;
mod wrappers;
