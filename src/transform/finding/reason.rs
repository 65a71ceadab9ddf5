//! Why the tool does not do a thing on its own: one table of all reasons, with the word that reports use and what each means.

/// Makes the reasons of a table: for each its doc comment, its name, its code, and what it means in words for a person.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $meaning:literal;)+) => {
        /// Why the tool does not do a thing on its own: a fixed set, so that reports can count.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Reason {
            $($(#[$doc])+ $name,)+
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Reason] = &[$(Reason::$name,)+];

            /// The word that reports use.
            pub fn code(self) -> &'static str {
                match self {
                    $(Reason::$name => $code,)+
                }
            }

            /// What it means, in words for a person.
            pub fn explain(self) -> &'static str {
                match self {
                    $(Reason::$name => $meaning,)+
                }
            }
        }
    };
}

reasons! {
    /// The two names mean different objects.
    DifferentObject = "different-object", "the two names mean different objects";
    /// One of the two definitions is a class, the other a function.
    KindDiffers = "kind-differs", "one of the two is a class and the other a function";
    /// One of the two definitions is async and the other is not.
    AsyncDiffers = "async-differs", "one of the two is async and the other is not";
    /// A call that fits the old definition does not fit the new one, or means something else there.
    SignatureDiffers = "signature-differs", "a call that fits the old one does not fit the new one, or means something else there";
    /// What one of the names means cannot be known without running the program.
    NotProved = "not-proved", "what the name means cannot be known without running the program";
    /// The reference fails when it runs: there is nothing of that name.
    Dangling = "dangling", "the reference fails today, there is nothing of that name at run time";
    /// It comes through an assignment that gives the object another name, perhaps on purpose.
    OwnName = "own-name", "it comes through an assignment that gives the object another name";
    /// The author of the plan asks for a look.
    AsPlanned = "as-planned", "the plan asks for a look";
    /// The file is not a program of its language.
    Unparsable = "unparsable", "the file does not parse";
    /// The two parsers read the place differently.
    ParsersDisagree = "parsers-disagree", "the two parsers read the place differently";
    /// A string names the symbol, and is data as far as can be known.
    InString = "in-string", "a string names it, and is data as far as can be known";
    /// Several statements bind the name.
    SeveralBindings = "several-bindings", "several statements bind the name";
    /// The name is assigned to from outside.
    Assigned = "assigned", "the name is assigned to from outside its module";
    /// The local name is used for other things too.
    NameTaken = "name-taken", "the name is used for something else here";
    /// The expression is split over lines or parentheses.
    OddSpelling = "odd-spelling", "the expression is split over lines or parentheses";
    /// This is how the target itself gets the object.
    TargetChain = "target-chain", "this is how the target itself gets the object";
    /// The place is in the target's own module.
    InTarget = "in-target", "it stands in the target's own module";
    /// The relative import leads out of the import root.
    BeyondRoot = "beyond-root", "the relative import leads out of the import root";
    /// A folder's name is not an identifier.
    NotImportable = "not-importable", "a folder's name is not an identifier";
    /// A star import brings whatever the old module has.
    StarImport = "star-import", "a star import brings whatever the old module has";
    /// The plan's scope leaves the file out.
    OutOfScope = "out-of-scope", "the plan's scope leaves the file out";
    /// Something still refers to it.
    StillReferenced = "still-referenced", "something still refers to it";
    /// Something may find it without a reference: a decorator, a test runner, the command line.
    FoundOtherwise = "found-otherwise", "something may find it without a reference: a decorator, a test runner, the command line";
    /// The new home does not have the name.
    TargetLacks = "target-lacks", "the new home does not have the name";
    /// The import would close a cycle of imports, or meet a module that is still being loaded.
    ImportCycle = "import-cycle", "the import would close a cycle of imports, or meet a module that is still being loaded";
    /// There is something at the new place.
    PlaceTaken = "place-taken", "there is something at the new place";
    /// The file goes on to use the old module by its path, which no other import of it loads.
    ModuleNeeded = "module-needed", "the old module is also used by its path, which only this import loads";
    /// A patch is for the code of the patched module, which reads the name there.
    ReadThere = "read-there", "the patch is for the patched module's own code, which stays";
    /// Some of the code that a patch is for moves, and some stays.
    ReadersSplit = "readers-split", "some of the code that the patch is for moves, and some stays: one patch cannot serve both";
    /// A test patches the name where the code reads it, and the patch cannot go along.
    Patched = "patched", "a test patches the name where this code reads it, and the patch cannot go along";
    /// A patch of the new home, which does not concern it today, would then hold for it too.
    PatchedThere = "patched-there", "a patch of the new home, which does not concern it today, would then hold here too";
    /// The old and the new module say other things of themselves: `"use client"`, `// @ts-nocheck`.
    OtherRealm = "other-realm", "the old and the new module are run or compiled in different ways, as each says at its top";
    /// The old and the new module belong to different packages.
    OtherPackage = "other-package", "the old and the new module belong to different packages";
    /// Another fix of the step changes the same files, and waits for a look.
    SameFiles = "same-files", "another fix of the step changes the same files, and waits for a look";
    /// A file that patches names has this one in a string, and may patch it.
    MaybePatched = "maybe-patched", "a test that patches names has this one in a string, and whether it patches it cannot be known";
    /// No code of the repository reads the patched name while the patch holds.
    NobodyReads = "nobody-reads", "no code is known to read the patched name while the patch holds";
    /// Code that is not known may read the patched name too.
    MaybeRead = "maybe-read", "code that only running it can follow may read the patched name too";
    /// A patch is given the module as an object, which does not change together with the string.
    ModuleGiven = "module-given", "the patch is given the module as an object, which is not rewritten together with a string";
    /// In its new place a patch would also be seen by code that it was not for.
    ReachesMore = "reaches-more", "in its new place the patch would also be seen by code that it was not for";
    /// A string that names it is put together at run time.
    Computed = "computed", "a string that names it is put together at run time";
    /// A configuration value names it, and what reads the value is not known.
    InConfig = "in-config", "a configuration value names it, and what reads the value is not known";
    /// The definition to move runs under a condition.
    Conditional = "conditional", "the definition stands under a condition";
    /// The definition to move shares a name with its module that gets new values.
    ModuleState = "module-state", "the definition shares a name with its module that gets new values";
    /// The name to move is only imported there, or another name for something.
    DefinedElsewhere = "defined-elsewhere", "the name is not defined there, only passed on";
    /// Only one of the two modules has `from __future__ import annotations`.
    FutureDiffers = "future-differs", "only one of the two modules has `from __future__ import annotations`";
    /// Something happens by the definition, or to it, while its module is loaded, and would at another time.
    LoadTime = "load-time", "something happens by it, or to it, while its module is loaded, and would at another time, or never";
    /// It logs under the name of its module, which would be another.
    LoggerName = "logger-name", "it would log under the name of its new module";
    /// The plan states what takes its place; that the two do the same is not proved.
    Stated = "stated", "the plan states what takes its place, which is not proved";
    /// It is passed on as a value, and who calls it is not known.
    PassedOn = "passed-on", "it is passed on as a value, not called";
    /// The call gives no arguments for which the plan says what it stands for.
    NoCase = "no-case", "the plan does not say what a call with these arguments stands for";
    /// The call does not fit the signature.
    CallFails = "call-fails", "the call fails today: its arguments do not fit the signature";
    /// Arguments are unpacked in the call, and which they are is not known.
    Unpacked = "unpacked", "the call unpacks arguments, and which they are is not known";
    /// An argument would be evaluated twice, not at all, or in another order.
    Evaluation = "evaluation", "an argument would be evaluated more than once, not at all, or in another order";
    /// What the call becomes has no place for one of its arguments.
    ArgumentDropped = "argument-dropped", "what the call becomes has no place for one of its arguments";
    /// The function does more than return one expression.
    NotOneExpression = "not-one-expression", "it does more than return one expression: the plan has to say what a call stands for";
    /// What a decorator makes of a call is not known.
    Decorated = "decorated", "what a decorator makes of a call is not known";
    /// The caller is sync, and what is to be called is async.
    SyncCaller = "sync-caller", "the caller is sync and cannot wait for what is to be called";
    /// A coroutine is not awaited where it is made, and there would be none.
    Unawaited = "unawaited", "a coroutine is kept or handed on, and there would be none any more";
    /// The caller would wait where it does not today.
    Suspends = "suspends", "the caller would wait where it does not today";
    /// It stands in a test that expects a failure or a warning of it.
    ExpectsFailure = "expects-failure", "it stands in a test that expects a failure or a warning";
    /// The plan leaves it to a person.
    ForPerson = "for-person", "the plan leaves it to a person";
    /// The plan says that it may not be there.
    Banned = "banned", "the plan says that it may not be there";
    /// The code around it catches exceptions that what takes its place does not raise.
    Catches = "catches", "the code around it catches exceptions that what takes its place does not raise";
    /// Its module keeps it for itself, so that other code cannot use it.
    NotExported = "not-exported", "what takes its place reads something that its module does not export";
    /// It asks for something that what takes its place does not offer.
    NoEquivalent = "no-equivalent", "it asks for something that what takes its place does not offer";
    /// What takes its place returns something of another type.
    ReturnsOther = "returns-other", "what takes its place returns something else";
    /// A test is about the old behaviour itself.
    OldBehaviour = "old-behaviour", "it tests the old behaviour itself";
    /// A package or a stub imports it, perhaps for others to import from there.
    ReExport = "re-export", "a package or a stub imports it, perhaps for others to import from there";
    /// The import may be there to see whether it works.
    Probe = "probe", "the import may be there to see whether it works: in a `try` that catches its failure, or in a test";
    /// A comment stands with it, and would go with it.
    Commented = "commented", "a comment stands with it, and would go with it";
    /// The plan lists the file: a test of the migration itself, say, which an edit would make vacuous.
    MigrationTest = "migration-test",
        "the plan keeps it as it is: it tests the migration itself, or goes together with a test that does";
    /// One place asks for its module and for another that stays.
    Shared = "shared", "other names are taken from the old module at the same place, which names one module only";
    /// It needs a name that its module does not export.
    Private = "private", "it needs a name that its module does not export";
    /// A lock file names it, which only the package manager can bring up to date.
    LockFile = "lock-file", "a lock file names it, which only the package manager can bring up to date";
    /// A person has decided against the fix.
    Rejected = "rejected", "somebody has decided against the fix";
    /// A person was asked about the fix and has not decided.
    Undecided = "undecided", "nobody has decided on the fix yet";
}
