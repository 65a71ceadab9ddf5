//! `ssot-migrate` carries a single-source-of-truth strategy through a Python and TypeScript monorepo: it plans a phase as a
//! reviewable diff, applies it as git commits, and rolls any phase back. This page is the architecture.
//!
//! # One line of data
//!
//! ```text
//! git::snapshot -> index::build -> transform::run -> plan::build -> git::publish -> report::render
//!    Snapshot        Index          [Finding]          Built          commits         text
//! ```
//!
//! Pure in the middle, IO at both ends. [`plan::build`] is a fold: each step sees the snapshot that the step before it made in memory,
//! so a whole plan is computed and proved without touching the disk.
//!
//! # Layers
//!
//! Each may use only those above it in this list (a test keeps it so):
//!
//! | layer | what it holds | what it never does |
//! | --- | --- | --- |
//! | [`text`] | bytes, spans, edits, changes, snapshots | know a language |
//! | [`syntax`] | tree-sitter: the concrete tree that edits are made on, and the guard | fail on bad input |
//! | [`lang`] | one folder a language: facts, scopes, resolution, import editing | know of transforms or plans |
//! | [`index`] | the facts of all files joined; who refers to what | change anything |
//! | [`transform`] | rules of some kind; findings with fixes or reasons | apply a fix |
//! | [`plan`] | plan files, the fold, the proofs, gates, commits, saved plans | touch the disk or git |
//! | [`git`] | repositories and folders: the only layer that names `git2` | print; run a program itself ([`git::commit::programs`]) |
//! | [`report`] | one renderer a file | print |
//! | [`cli`] | one file a command: the only layer that prints, asks and picks exit codes | decide what is right |
//!
//! # Two readings of every file
//!
//! Facts (who refers to what) come from the best native parser of each language, ruff's and oxc's; every file that is edited is read by
//! tree-sitter as well. An edit is made on tree-sitter's tree, and only where both read the place without an error; afterwards neither may
//! see more errors than before.
//!
//! # Two languages
//!
//! [`lang::python`] and [`lang::typescript`] have the same files inside, in the words of their own specifications: what a module, a name or an
//! import is differs too much for common types, and resolution by the lowest common denominator would be wrong in both. An [`index::Index`]
//! answers for both; [`index::typescript`] has the TypeScript side. A kind of transform is one promise to the user; [`transform::kind`] lists
//! them, each with a rule for each language: a file of the same name in [`transform::python`] and in [`transform::typescript`]. Findings,
//! fixes, plans, gates and reports know no language.
//!
//! A move of TypeScript files is made in memory first; then every specifier of every file is asked what it means there. That one question
//! covers aliases, index files, endings and workspaces, and needs no list of what could be affected. The proof asks the same of every change.
//!
//! # What "same object" means
//!
//! A name of a module is a [`lang::python::resolve::Symbol`]. Following it through imports, re-exports and plain assignments gives
//! the way to its definition. A move is safe only where both ends lead to one definition that nothing binds anew; otherwise the
//! finding shows both definitions and a person decides.
//!
//! # What a patch means
//!
//! `patch("a.b.Name")` sets `Name` in the namespace of `a.b`, so it goes where the code that it is for reads the name, together with that
//! code or not at all: [`lang::python::strings`] says what a string is given to, `transform::python::relocate::strings` who reads what it
//! names, and fixes that depend on one another carry a [`transform::finding::Bond`].
//!
//! # What a step clears away
//!
//! A step is run on its own result until it finds nothing more; what it has made useless goes with it ([`plan::build`], orphans): imports
//! with every kind, helpers and emptied modules where the kind says so ([`transform::Rule::clears`]). What is to be deleted is judged as a
//! group: the greatest set goes that nothing outside of it refers to.
//!
//! # What a shim is
//!
//! A name that its module's `__getattr__` forwards (PEP 562) is a fact like an import ([`lang::python::facts::Forward`]), so what comes
//! through a shim is followed, counted and moved like anything else; [`lang::python::shim`] writes and recognises shims.
//!
//! # What a gate is
//!
//! A figure is the list of places that it counts ([`plan::gate`]), so every number comes with its evidence. Gates are measured on an
//! index, before and after their phase; a program outside is described by a gate and run by the command line alone, when it is allowed to.
//!
//! # What a saved plan is
//!
//! Edits, each bound to the blob and mode that it was computed from ([`plan::artefact`]). Applied later, each path is asked how far along
//! the steps it is; what is there is passed over, what has drifted is refused or left out with all that depends on it, and what is
//! made is proved again wherever the tree is another one, and its gates are measured again. The file is read as if a stranger had written
//! it.
//!
//! # Who decides
//!
//! A build may ask a [`plan::choice::Chooser`] about each fix, in the fold: so a later step sees what was accepted of an earlier one. Fixes
//! that a bond joins are one question. The command line asks a person, and keeps the answers in the git directory.
//!
//! # What takes a call's place
//!
//! A wrapper's own `return` is read as a [`lang::python::template`]: an expression with holes, which knows in which order it evaluates what is
//! put into them. It may take a call's place where the arguments, bound by the wrapper's signature, are evaluated as before, where its
//! names mean the same, and where no test patches what is read. [`lang::python::calls`] says what stands around a call: who awaits it, what
//! binds to it. Code patterns ([`syntax::pattern`]) are ast-grep's; what their names mean is asked of the index.
//!
//! # What undoing is
//!
//! A commit of the tool is undone by merging its inverse into what is there now ([`text::merge`], [`plan::undo`]): file by file, where each is
//! now ([`git::journal::trail`]), by lines and, in code, by words; whole statements beside one another, and imports among imports, are told
//! apart where they touch ([`lang::block`]). The result is an ordinary draft of commits: it is proved, written and
//! published like a plan. What is applied is read from the commits' trailers ([`git::journal`]); references keep the commits as they were made,
//! because an amend or a squash makes others of them ([`git::journal::rollback`]). What goes for the sake of others is planned again; which of
//! its fixes for review had been made is read from what its commits did.
//!
//! # To add …
//!
//! * a transform of a known kind: one TOML file in `transforms/<pack>/`, with its documentation and examples. No Rust.
//! * a kind: a rule in `src/transform/python/`, one in `src/transform/typescript/` and an entry in `src/transform/kind.rs`.
//! * a metric for gates: one file in `src/plan/gate/`.
//! * a report format: one file in `src/report/`.
//! * a command: one file in `src/cli/`.
//! * a language: one folder in `src/lang/`, one in `src/index/`, one in `src/transform/`, and one file for its proof in `src/plan/`.

#![warn(missing_docs)]

pub mod text;

pub mod syntax;

pub mod lang;

pub mod index;

pub mod transform;

pub mod plan;

pub mod git;

pub mod report;

pub mod cli;
