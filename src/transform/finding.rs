//! What a transform finds: a place, the evidence, and either a fix or the reason why a person must decide.

use std::fmt;

use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::span::{Position, Span};

/// One thing that a transform found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What, in one sentence without a full stop.
    pub message: String,
    /// How the reference is spelled, where the finding is one.
    pub spelling: Option<Spelling>,
    /// What the finding rests on.
    pub evidence: Vec<Evidence>,
    /// What follows.
    pub outcome: Outcome,
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file.
    pub path: RepoPath,
    /// The bytes.
    pub span: Span,
    /// The line and column of the first byte.
    pub position: Position,
}

/// A fact that a finding rests on: what stands at some place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// What it says about the finding, such as `from` or `via`.
    pub role: &'static str,
    /// The file and line, where there is one.
    pub at: Option<(RepoPath, u32)>,
    /// The symbol or the definition's header.
    pub text: String,
}

/// What follows from a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A change would settle it.
    Fix(Fix),
    /// A person must decide, for this reason.
    Left(Reason),
}

/// A change that settles a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// How sure it is.
    pub applicability: Applicability,
    /// Why it is not surer than that.
    pub reason: Option<Reason>,
    /// The change.
    pub change: SourceChange,
    /// What it has to do with other fixes of its step.
    pub bond: Bond,
}

/// How the fixes of a step depend on one another: one that needs a key is made only if all fixes that settle the key are made.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Bond {
    /// The keys that the fix settles, in part or in full.
    pub settles: Vec<String>,
    /// The keys that it needs.
    pub needs: Vec<String>,
}

impl Fix {
    /// A fix that is safe unless there is a reason why not.
    pub fn judged(reason: Option<Reason>, change: SourceChange) -> Self {
        let applicability = if reason.is_none() { Applicability::Safe } else { Applicability::Review };
        Self::new(applicability, reason, change)
    }

    /// A fix that depends on no other.
    pub fn new(applicability: Applicability, reason: Option<Reason>, change: SourceChange) -> Self {
        Self { applicability, reason, change, bond: Bond::default() }
    }
}

/// How sure a fix is, from less to more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Applicability {
    /// Likely right: look at it.
    Review,
    /// Proved.
    Safe,
}

impl Applicability {
    /// The word that plans and reports use.
    pub fn word(self) -> &'static str {
        match self {
            Applicability::Review => "review",
            Applicability::Safe => "safe",
        }
    }
}

/// Why the tool does not do a thing on its own: a fixed set, so that reports can count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// The two names mean different objects.
    DifferentObject,
    /// One of the two definitions is a class, the other a function.
    KindDiffers,
    /// One of the two definitions is async and the other is not.
    AsyncDiffers,
    /// A call that fits the old definition does not fit the new one, or means something else there.
    SignatureDiffers,
    /// What one of the names means cannot be known without running the program.
    NotProved,
    /// The reference fails when it runs: there is nothing of that name.
    Dangling,
    /// It comes through an assignment that gives the object another name, perhaps on purpose.
    OwnName,
    /// The author of the plan asks for a look.
    AsPlanned,
    /// The file is not a program of its language.
    Unparsable,
    /// The two parsers read the place differently.
    ParsersDisagree,
    /// A string names the symbol, and is data as far as can be known.
    InString,
    /// Several statements bind the name.
    SeveralBindings,
    /// The name is assigned to from outside.
    Assigned,
    /// The local name is used for other things too.
    NameTaken,
    /// The expression is split over lines or parentheses.
    OddSpelling,
    /// This is how the target itself gets the object.
    TargetChain,
    /// The place is in the target's own module.
    InTarget,
    /// The relative import leads out of the import root.
    BeyondRoot,
    /// A folder's name is not an identifier.
    NotImportable,
    /// A star import brings whatever the old module has.
    StarImport,
    /// The plan's scope leaves the file out.
    OutOfScope,
    /// Something still refers to it.
    StillReferenced,
    /// Something may find it without a reference: a decorator, a test runner, the command line.
    FoundOtherwise,
    /// The new home does not have the name.
    TargetLacks,
    /// The import would close a cycle of imports, or meet a module that is still being loaded.
    ImportCycle,
    /// There is something at the new place.
    PlaceTaken,
    /// The file goes on to use the old module by its path, which no other import of it loads.
    ModuleNeeded,
    /// A patch is for the code of the patched module, which reads the name there.
    ReadThere,
    /// Some of the code that a patch is for moves, and some stays.
    ReadersSplit,
    /// A test patches the name where the code reads it, and the patch cannot go along.
    Patched,
    /// A patch of the new home, which does not concern it today, would then hold for it too.
    PatchedThere,
    /// The old and the new module say other things of themselves: `"use client"`, `// @ts-nocheck`.
    OtherRealm,
    /// The old and the new module belong to different packages.
    OtherPackage,
    /// Another fix of the step changes the same files, and waits for a look.
    SameFiles,
    /// A file that patches names has this one in a string, and may patch it.
    MaybePatched,
    /// No code of the repository reads the patched name while the patch holds.
    NobodyReads,
    /// Code that is not known may read the patched name too.
    MaybeRead,
    /// A patch is given the module as an object, which does not change together with the string.
    ModuleGiven,
    /// In its new place a patch would also be seen by code that it was not for.
    ReachesMore,
    /// A string that names it is put together at run time.
    Computed,
    /// A configuration value names it, and what reads the value is not known.
    InConfig,
    /// The definition to move runs under a condition.
    Conditional,
    /// The definition to move shares a name with its module that gets new values.
    ModuleState,
    /// The name to move is only imported there, or another name for something.
    DefinedElsewhere,
    /// Only one of the two modules has `from __future__ import annotations`.
    FutureDiffers,
    /// Something happens by the definition, or to it, while its module is loaded, and would at another time.
    LoadTime,
    /// It logs under the name of its module, which would be another.
    LoggerName,
    /// The plan states what takes its place; that the two do the same is not proved.
    Stated,
    /// It is passed on as a value, and who calls it is not known.
    PassedOn,
    /// The call gives no arguments for which the plan says what it stands for.
    NoCase,
    /// The call does not fit the signature.
    CallFails,
    /// Arguments are unpacked in the call, and which they are is not known.
    Unpacked,
    /// An argument would be evaluated twice, not at all, or in another order.
    Evaluation,
    /// What the call becomes has no place for one of its arguments.
    ArgumentDropped,
    /// The function does more than return one expression.
    NotOneExpression,
    /// What a decorator makes of a call is not known.
    Decorated,
    /// The caller is sync, and what is to be called is async.
    SyncCaller,
    /// A coroutine is not awaited where it is made, and there would be none.
    Unawaited,
    /// The caller would wait where it does not today.
    Suspends,
    /// It stands in a test that expects a failure or a warning of it.
    ExpectsFailure,
    /// The plan leaves it to a person.
    ForPerson,
    /// The plan says that it may not be there.
    Banned,
    /// The code around it catches exceptions that what takes its place does not raise.
    Catches,
    /// Its module keeps it for itself, so that other code cannot use it.
    NotExported,
    /// It asks for something that what takes its place does not offer.
    NoEquivalent,
    /// What takes its place returns something of another type.
    ReturnsOther,
    /// A test is about the old behaviour itself.
    OldBehaviour,
    /// A package or a stub imports it, perhaps for others to import from there.
    ReExport,
    /// The import may be there to see whether it works.
    Probe,
    /// A comment stands with it, and would go with it.
    Commented,
    /// The plan lists the file: a test of the migration itself, say, which an edit would make vacuous.
    MigrationTest,
    /// One place asks for its module and for another that stays.
    Shared,
    /// It needs a name that its module does not export.
    Private,
    /// A lock file names it, which only the package manager can bring up to date.
    LockFile,
    /// A person has decided against the fix.
    Rejected,
    /// A person was asked about the fix and has not decided.
    Undecided,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Reason] = &[
        Reason::DifferentObject,
        Reason::KindDiffers,
        Reason::AsyncDiffers,
        Reason::SignatureDiffers,
        Reason::NotProved,
        Reason::Dangling,
        Reason::OwnName,
        Reason::AsPlanned,
        Reason::Unparsable,
        Reason::ParsersDisagree,
        Reason::InString,
        Reason::SeveralBindings,
        Reason::Assigned,
        Reason::NameTaken,
        Reason::OddSpelling,
        Reason::TargetChain,
        Reason::InTarget,
        Reason::BeyondRoot,
        Reason::NotImportable,
        Reason::StarImport,
        Reason::OutOfScope,
        Reason::StillReferenced,
        Reason::FoundOtherwise,
        Reason::TargetLacks,
        Reason::ImportCycle,
        Reason::PlaceTaken,
        Reason::ModuleNeeded,
        Reason::ReadThere,
        Reason::ReadersSplit,
        Reason::Patched,
        Reason::PatchedThere,
        Reason::OtherRealm,
        Reason::OtherPackage,
        Reason::SameFiles,
        Reason::MaybePatched,
        Reason::NobodyReads,
        Reason::MaybeRead,
        Reason::ModuleGiven,
        Reason::ReachesMore,
        Reason::Computed,
        Reason::InConfig,
        Reason::Conditional,
        Reason::ModuleState,
        Reason::DefinedElsewhere,
        Reason::FutureDiffers,
        Reason::LoadTime,
        Reason::LoggerName,
        Reason::Stated,
        Reason::PassedOn,
        Reason::NoCase,
        Reason::CallFails,
        Reason::Unpacked,
        Reason::Evaluation,
        Reason::ArgumentDropped,
        Reason::NotOneExpression,
        Reason::Decorated,
        Reason::SyncCaller,
        Reason::Unawaited,
        Reason::Suspends,
        Reason::ExpectsFailure,
        Reason::ForPerson,
        Reason::Banned,
        Reason::Catches,
        Reason::NotExported,
        Reason::NoEquivalent,
        Reason::ReturnsOther,
        Reason::OldBehaviour,
        Reason::ReExport,
        Reason::Probe,
        Reason::Commented,
        Reason::MigrationTest,
        Reason::Shared,
        Reason::Private,
        Reason::LockFile,
        Reason::Rejected,
        Reason::Undecided,
    ];

    /// The word that reports use.
    pub fn code(self) -> &'static str {
        match self {
            Reason::DifferentObject => "different-object",
            Reason::KindDiffers => "kind-differs",
            Reason::AsyncDiffers => "async-differs",
            Reason::SignatureDiffers => "signature-differs",
            Reason::NotProved => "not-proved",
            Reason::Dangling => "dangling",
            Reason::OwnName => "own-name",
            Reason::AsPlanned => "as-planned",
            Reason::Unparsable => "unparsable",
            Reason::ParsersDisagree => "parsers-disagree",
            Reason::InString => "in-string",
            Reason::SeveralBindings => "several-bindings",
            Reason::Assigned => "assigned",
            Reason::NameTaken => "name-taken",
            Reason::OddSpelling => "odd-spelling",
            Reason::TargetChain => "target-chain",
            Reason::InTarget => "in-target",
            Reason::BeyondRoot => "beyond-root",
            Reason::NotImportable => "not-importable",
            Reason::StarImport => "star-import",
            Reason::OutOfScope => "out-of-scope",
            Reason::StillReferenced => "still-referenced",
            Reason::FoundOtherwise => "found-otherwise",
            Reason::TargetLacks => "target-lacks",
            Reason::ImportCycle => "import-cycle",
            Reason::PlaceTaken => "place-taken",
            Reason::ModuleNeeded => "module-needed",
            Reason::ReadThere => "read-there",
            Reason::ReadersSplit => "readers-split",
            Reason::Patched => "patched",
            Reason::PatchedThere => "patched-there",
            Reason::OtherRealm => "other-realm",
            Reason::OtherPackage => "other-package",
            Reason::SameFiles => "same-files",
            Reason::MaybePatched => "maybe-patched",
            Reason::NobodyReads => "nobody-reads",
            Reason::MaybeRead => "maybe-read",
            Reason::ModuleGiven => "module-given",
            Reason::ReachesMore => "reaches-more",
            Reason::Computed => "computed",
            Reason::InConfig => "in-config",
            Reason::Conditional => "conditional",
            Reason::ModuleState => "module-state",
            Reason::DefinedElsewhere => "defined-elsewhere",
            Reason::FutureDiffers => "future-differs",
            Reason::LoadTime => "load-time",
            Reason::LoggerName => "logger-name",
            Reason::Stated => "stated",
            Reason::PassedOn => "passed-on",
            Reason::NoCase => "no-case",
            Reason::CallFails => "call-fails",
            Reason::Unpacked => "unpacked",
            Reason::Evaluation => "evaluation",
            Reason::ArgumentDropped => "argument-dropped",
            Reason::NotOneExpression => "not-one-expression",
            Reason::Decorated => "decorated",
            Reason::SyncCaller => "sync-caller",
            Reason::Unawaited => "unawaited",
            Reason::Suspends => "suspends",
            Reason::ExpectsFailure => "expects-failure",
            Reason::ForPerson => "for-person",
            Reason::Banned => "banned",
            Reason::Catches => "catches",
            Reason::NotExported => "not-exported",
            Reason::NoEquivalent => "no-equivalent",
            Reason::ReturnsOther => "returns-other",
            Reason::OldBehaviour => "old-behaviour",
            Reason::ReExport => "re-export",
            Reason::Probe => "probe",
            Reason::Commented => "commented",
            Reason::MigrationTest => "migration-test",
            Reason::Shared => "shared",
            Reason::Private => "private",
            Reason::LockFile => "lock-file",
            Reason::Rejected => "rejected",
            Reason::Undecided => "undecided",
        }
    }

    /// What it means, in words for a person.
    pub fn explain(self) -> &'static str {
        match self {
            Reason::DifferentObject => "the two names mean different objects",
            Reason::KindDiffers => "one of the two is a class and the other a function",
            Reason::AsyncDiffers => "one of the two is async and the other is not",
            Reason::SignatureDiffers => "a call that fits the old one does not fit the new one, or means something else there",
            Reason::NotProved => "what the name means cannot be known without running the program",
            Reason::Dangling => "the reference fails today, there is nothing of that name at run time",
            Reason::OwnName => "it comes through an assignment that gives the object another name",
            Reason::AsPlanned => "the plan asks for a look",
            Reason::Unparsable => "the file does not parse",
            Reason::ParsersDisagree => "the two parsers read the place differently",
            Reason::InString => "a string names it, and is data as far as can be known",
            Reason::SeveralBindings => "several statements bind the name",
            Reason::Assigned => "the name is assigned to from outside its module",
            Reason::NameTaken => "the name is used for something else here",
            Reason::OddSpelling => "the expression is split over lines or parentheses",
            Reason::TargetChain => "this is how the target itself gets the object",
            Reason::InTarget => "it stands in the target's own module",
            Reason::BeyondRoot => "the relative import leads out of the import root",
            Reason::NotImportable => "a folder's name is not an identifier",
            Reason::StarImport => "a star import brings whatever the old module has",
            Reason::OutOfScope => "the plan's scope leaves the file out",
            Reason::StillReferenced => "something still refers to it",
            Reason::FoundOtherwise => "something may find it without a reference: a decorator, a test runner, the command line",
            Reason::TargetLacks => "the new home does not have the name",
            Reason::ImportCycle => "the import would close a cycle of imports, or meet a module that is still being loaded",
            Reason::PlaceTaken => "there is something at the new place",
            Reason::ModuleNeeded => "the old module is also used by its path, which only this import loads",
            Reason::ReadThere => "the patch is for the patched module's own code, which stays",
            Reason::ReadersSplit => "some of the code that the patch is for moves, and some stays: one patch cannot serve both",
            Reason::Patched => "a test patches the name where this code reads it, and the patch cannot go along",
            Reason::PatchedThere => "a patch of the new home, which does not concern it today, would then hold here too",
            Reason::OtherRealm => "the old and the new module are run or compiled in different ways, as each says at its top",
            Reason::OtherPackage => "the old and the new module belong to different packages",
            Reason::SameFiles => "another fix of the step changes the same files, and waits for a look",
            Reason::MaybePatched => {
                "a test that patches names has this one in a string, and whether it patches it cannot be known"
            }
            Reason::NobodyReads => "no code is known to read the patched name while the patch holds",
            Reason::MaybeRead => "code that only running it can follow may read the patched name too",
            Reason::ModuleGiven => "the patch is given the module as an object, which is not rewritten together with a string",
            Reason::ReachesMore => "in its new place the patch would also be seen by code that it was not for",
            Reason::InConfig => "a configuration value names it, and what reads the value is not known",
            Reason::Computed => "a string that names it is put together at run time",
            Reason::Conditional => "the definition stands under a condition",
            Reason::ModuleState => "the definition shares a name with its module that gets new values",
            Reason::DefinedElsewhere => "the name is not defined there, only passed on",
            Reason::FutureDiffers => "only one of the two modules has `from __future__ import annotations`",
            Reason::LoadTime => {
                "something happens by it, or to it, while its module is loaded, and would at another time, or never"
            }
            Reason::LoggerName => "it would log under the name of its new module",
            Reason::Stated => "the plan states what takes its place, which is not proved",
            Reason::PassedOn => "it is passed on as a value, not called",
            Reason::NoCase => "the plan does not say what a call with these arguments stands for",
            Reason::CallFails => "the call fails today: its arguments do not fit the signature",
            Reason::Unpacked => "the call unpacks arguments, and which they are is not known",
            Reason::Evaluation => "an argument would be evaluated more than once, not at all, or in another order",
            Reason::ArgumentDropped => "what the call becomes has no place for one of its arguments",
            Reason::NotOneExpression => "it does more than return one expression: the plan has to say what a call stands for",
            Reason::Decorated => "what a decorator makes of a call is not known",
            Reason::SyncCaller => "the caller is sync and cannot wait for what is to be called",
            Reason::Unawaited => "a coroutine is kept or handed on, and there would be none any more",
            Reason::Suspends => "the caller would wait where it does not today",
            Reason::ExpectsFailure => "it stands in a test that expects a failure or a warning",
            Reason::ForPerson => "the plan leaves it to a person",
            Reason::Banned => "the plan says that it may not be there",
            Reason::Catches => "the code around it catches exceptions that what takes its place does not raise",
            Reason::NotExported => "what takes its place reads something that its module does not export",
            Reason::NoEquivalent => "it asks for something that what takes its place does not offer",
            Reason::ReturnsOther => "what takes its place returns something else",
            Reason::OldBehaviour => "it tests the old behaviour itself",
            Reason::ReExport => "a package or a stub imports it, perhaps for others to import from there",
            Reason::Probe => {
                "the import may be there to see whether it works: in a `try` that catches its failure, or in a test"
            }
            Reason::Commented => "a comment stands with it, and would go with it",
            Reason::MigrationTest => {
                "the plan keeps it as it is: it tests the migration itself, or goes together with a test that does"
            }
            Reason::Private => "it needs a name that its module does not export",
            Reason::Shared => "other names are taken from the old module at the same place, which names one module only",
            Reason::LockFile => "a lock file names it, which only the package manager can bring up to date",
            Reason::Rejected => "somebody has decided against the fix",
            Reason::Undecided => "nobody has decided on the fix yet",
        }
    }
}

/// How a reference is spelled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Spelling {
    /// The construct.
    pub form: Form,
    /// Inside a function: it runs when the function does.
    pub is_lazy: bool,
    /// Relative, with leading dots, in TypeScript `./` or `../`.
    pub is_relative: bool,
    /// Over several lines.
    pub is_multi_line: bool,
    /// With `as`.
    pub is_aliased: bool,
    /// Together with other names in one statement.
    pub is_shared: bool,
    /// Under `if TYPE_CHECKING`, or `import type`.
    pub is_type_checking: bool,
    /// In a `try` that catches the failure of an import, or in its handler.
    pub is_guarded: bool,
    /// Through a re-export and not from the module itself.
    pub is_indirect: bool,
}

/// The construct of a reference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Form {
    /// `from m import name`.
    FromImport,
    /// `import m`.
    Import,
    /// `m.name`.
    Attribute,
    /// `name`.
    Name,
    /// `from m import *`.
    Star,
    /// A string literal.
    String,
    /// An entry of `__all__`, or of `export { … }`.
    Export,
    /// `import("m")`.
    DynamicImport,
    /// `require("m")`.
    Require,
    /// `import("m").T` as a type.
    ImportType,
    /// `jest.mock("m")` and its like.
    Mock,
    /// `/// <reference … />`.
    Reference,
    /// `declare module "m"`.
    Augmentation,
    /// A dotted path in a configuration file.
    Config,
    /// A definition.
    Definition,
    /// A call.
    Call,
    /// A piece of code that a pattern matches.
    Code,
}

impl Spelling {
    /// The plain spelling of a construct.
    pub fn of(form: Form) -> Self {
        Self {
            form,
            is_lazy: false,
            is_relative: false,
            is_multi_line: false,
            is_aliased: false,
            is_shared: false,
            is_type_checking: false,
            is_guarded: false,
            is_indirect: false,
        }
    }

    /// The words for what is special about it.
    pub fn traits(self) -> impl Iterator<Item = &'static str> {
        let traits = [
            (self.is_lazy, "lazy"),
            (self.is_relative, "relative"),
            (self.is_multi_line, "multi-line"),
            (self.is_aliased, "aliased"),
            (self.is_shared, "shared"),
            (self.is_type_checking, "type-checking"),
            (self.is_guarded, "guarded"),
            (self.is_indirect, "re-export"),
        ];
        traits.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word)
    }
}

impl Form {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Form::FromImport => "from-import",
            Form::Import => "import",
            Form::Attribute => "attribute",
            Form::Name => "name",
            Form::Star => "star-import",
            Form::String => "string",
            Form::Export => "export",
            Form::DynamicImport => "dynamic-import",
            Form::Require => "require",
            Form::ImportType => "import-type",
            Form::Mock => "mock",
            Form::Reference => "reference",
            Form::Augmentation => "augmentation",
            Form::Config => "config",
            Form::Definition => "definition",
            Form::Call => "call",
            Form::Code => "code",
        }
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form.word())?;
        self.traits().try_for_each(|word| write!(f, ", {word}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.position.line)
    }
}
