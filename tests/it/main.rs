//! The tests of the tool as a whole: one binary, one file a subject. What is tested of one module alone stands beside it.

mod apply;
mod definitions;
mod deletions;
mod demo;
mod equivalence;
mod fixtures;
mod generated;
mod harness;
mod patches;
mod plan;
mod refs;
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
mod typescript_refs;
mod verify;
mod why;
mod worklist;
mod wrappers;
