//! Layer 5: plans. A plan file says what is wanted; building it against an index gives steps of proved changes.
//!
//! [`spec`] reads plan files. [`build`] folds the steps over a snapshot, each step seeing what the one before it made, and refuses
//! a plan that breaks one of the tool's laws. [`choice`] asks somebody which fixes are made. [`gate`] measures what phases are judged by.
//! [`commits`] makes commits of the steps, as a [`style`] wants them. [`artefact`] is a built plan as a file.
//! Nothing here touches the disk or git.

pub mod artefact;
pub mod build;
pub mod choice;
pub mod commits;
pub mod cycles;
pub mod delta;
pub mod faults;
pub mod gate;
pub mod load_order;
pub mod message;
mod origins;
mod orphans;
pub mod owners;
pub mod prove;
pub mod slice;
pub mod spec;
pub mod style;
pub mod template;
pub mod trace;
mod typescript;
pub mod undo;
