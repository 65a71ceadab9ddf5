//! What a person can do about a finding that is left or waits for a look: what the plan suggests, or else what helps against its reason.

use super::finding::{Finding, Outcome, Reason};

/// The role of the evidence that says what the plan suggests.
const ROLE: &str = "suggest";

impl Finding {
    /// What to do, in words for a person; nothing where the reason is not known.
    pub fn suggestion(&self) -> Option<&str> {
        let own = self.evidence.iter().find(|evidence| evidence.role == ROLE && !evidence.text.is_empty());
        own.map(|evidence| evidence.text.as_str()).or_else(|| self.reason().map(Reason::suggestion))
    }

    /// Why it is left, or for review.
    pub fn reason(&self) -> Option<Reason> {
        match &self.outcome {
            Outcome::Fix(fix) => fix.reason,
            Outcome::Left(reason) => Some(*reason),
        }
    }
}

impl Reason {
    /// The next step for a person, as a sentence without a capital and a full stop.
    pub fn suggestion(self) -> &'static str {
        match self {
            Reason::DifferentObject => {
                "compare the two definitions; if the new one may stand for the old, say `replaces = true` in the plan"
            }
            Reason::KindDiffers => "change by hand what calls it, or inherits from it, to what the new home offers",
            Reason::AsyncDiffers => {
                "look at each call: await the new one in an async function, or drop the `await` where the new one is sync"
            }
            Reason::SignatureDiffers => "give the calls the arguments that the new signature takes, then send them to it",
            Reason::NotProved => "run the code that uses it to learn what the name means, and change it if both are one",
            Reason::Dangling => "repair the reference, or delete the code that never ran",
            Reason::OwnName => "decide whether the other name is still wanted; if not, use the new name directly",
            Reason::AsPlanned => "read the change, and make it if it is right",
            Reason::Unparsable => "repair the syntax, or delete the file, and plan again",
            Reason::ParsersDisagree => "change it by hand, or write the place more plainly and plan again",
            Reason::InString => "look at what reads the string, and change the path in it by hand if it is looked up",
            Reason::SeveralBindings => "give each thing that the name stands for a name of its own, and plan again",
            Reason::Assigned => "replace the assignment from outside by a patch or a parameter, and plan again",
            Reason::NameTaken => "rename the other thing of that name here, and plan again",
            Reason::OddSpelling => "write the expression on one line and without extra parentheses, and plan again",
            Reason::TargetChain => {
                "nothing, as long as the new home gets it from here; to turn that round, move the definition"
            }
            Reason::InTarget => "look whether the new home still needs the old one, and change it by hand",
            Reason::BeyondRoot => "repair the relative import: it has more dots than there are packages",
            Reason::NotImportable => "rename the folder to an identifier, or load the file by its path",
            Reason::StarImport => "write out the names that the star import brings, and plan again",
            Reason::OutOfScope => "widen the plan's scope if the file is to be migrated, or agree that it stays",
            Reason::StillReferenced => "change or delete what still refers to it, and plan again",
            Reason::FoundOtherwise => "make sure that nothing finds it by its name or place before it goes",
            Reason::TargetLacks => {
                "give the new home the name, delete the use if nothing needs it, or name another home in the plan"
            }
            Reason::ImportCycle => "import it in the function that needs it, or move what both modules need to a third",
            Reason::PlaceTaken => "look at what stands there, and merge the two or choose another place",
            Reason::ModuleNeeded => "import the module where it is used by its path, and plan again",
            Reason::ReadThere => "nothing, as long as the patched module's own code stays; move the patch when that code moves",
            Reason::ReadersSplit => "patch both places in the test, or move the rest of the code that the patch is for",
            Reason::Patched => "change the code together with the test's patch, and run the test",
            Reason::PatchedThere => "look whether the patch of the new home may hold here too, and run the test",
            Reason::OtherRealm => {
                "look whether the definition means the same where it arrives, or choose a home that says the same of itself"
            }
            Reason::SameFiles => "look at the other fix first, and take it with `--review` or put it into a step of its own",
            Reason::OtherPackage => {
                "let each package that imports it depend on its new one, and look how the imports are spelled"
            }
            Reason::MaybePatched => "look whether the test patches it; if so, change both together, otherwise only the code",
            Reason::NobodyReads => "look what the patch is still for: change its path, or delete it",
            Reason::MaybeRead => "find who else reads the name, and run the test with the fix",
            Reason::ModuleGiven => "patch by the path of the name in a string, or change the module that is given",
            Reason::ReachesMore => "run the test with the fix: more code would see the patch than does today",
            Reason::Computed => "look which paths the string can become, and change its parts by hand",
            Reason::InConfig => "look at what reads the value, and change it if that imports what it names",
            Reason::Conditional => "define it once, without a condition, and plan again",
            Reason::ModuleState => "pass the shared value as an argument, or move the state together with its functions",
            Reason::DefinedElsewhere => "name the module that defines it in the plan",
            Reason::FutureDiffers => "give both modules `from __future__ import annotations`, or neither, and plan again",
            Reason::LoadTime => "look whether it matters when that happens, or that it happens at all",
            Reason::LoggerName => "look whether anybody filters by the logger's name before it moves",
            Reason::Stated => "compare it with what the plan puts in its place",
            Reason::PassedOn => "look at who calls what is passed on, and pass on what takes its place",
            Reason::NoCase => "add a case for these arguments to the plan, or change the call by hand",
            Reason::CallFails => "give the call the arguments that the signature asks for, or delete code that never ran",
            Reason::Unpacked => "write the arguments out, and plan again",
            Reason::Evaluation => "put the argument into a variable before the call, and plan again",
            Reason::ArgumentDropped => "look whether the argument still matters; if not, name it under `drops` in the plan",
            Reason::NotOneExpression => "state what a call stands for with `body` in the plan, or change the call by hand",
            Reason::Decorated => "state what a call stands for with `body` in the plan, the decorator's part included",
            Reason::SyncCaller => "await it in an async function, or make the caller async",
            Reason::Unawaited => "await the call where it is made, or hand on the value without a coroutine",
            Reason::Suspends => "look whether other tasks may run while the caller waits",
            Reason::ExpectsFailure => "rewrite the test to what the new code does, or delete it together with the old",
            Reason::ForPerson => "change it by hand as the plan's documentation says",
            Reason::Catches => "handle the errors of what takes its place, then change the call",
            Reason::NotExported => "export it, or let the wrapper stay",
            Reason::NoEquivalent => "do without what it asks for, or give it to what takes its place",
            Reason::ReturnsOther => "change the code that uses the result, together with the call",
            Reason::OldBehaviour => "delete the test together with the old code, or rewrite it to the new behaviour",
            Reason::Banned => "use what the plan wants instead, or allow the place in the plan",
            Reason::ReExport => "import it from where it is defined, and delete it here once nobody imports it from here",
            Reason::Probe => "delete it if nothing depends on whether the import works",
            Reason::Commented => "look whether the comment still says something, and delete both",
            Reason::Private => "export the name, or move it first, and plan again",
            Reason::Shared => "write a statement of its own for each module, and plan again",
            Reason::Rejected => "nothing, or decide anew: `apply --interactive --ask-again`",
            Reason::Undecided => "decide on it: `apply --interactive`",
            Reason::LockFile => "take it with --review, and let the package manager write its lock file anew (`npm install`)",
            Reason::MigrationTest => "nothing, until the migration is over; then delete the test together with the old code",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::path::RepoPath;
    use crate::text::span::{Position, Span};
    use crate::transform::finding::{Evidence, Place};

    #[test]
    fn every_reason_has_a_next_step_in_one_short_sentence() {
        for reason in Reason::ALL {
            let step = reason.suggestion();
            assert!(!step.is_empty() && step.len() < 130, "{}: {step}", reason.code());
            assert!(step.starts_with(|c: char| c.is_ascii_lowercase()) && !step.ends_with('.'), "{}: {step}", reason.code());
        }
    }

    #[test]
    fn what_the_plan_suggests_wins() {
        let place =
            Place { path: RepoPath::new("a.py").unwrap(), span: Span::at(0), position: Position { line: 1, column: 0 } };
        let outcome = Outcome::Left(Reason::SyncCaller);
        let mut finding = Finding { place, message: "m".to_owned(), spelling: None, evidence: Vec::new(), outcome };
        assert_eq!(finding.suggestion(), Some("await it in an async function, or make the caller async"));
        for (role, text) in [("from", "x"), ("suggest", ""), ("suggest", "use the batch job")] {
            finding.evidence.push(Evidence { role, at: None, text: text.to_owned() });
        }
        assert_eq!(finding.suggestion(), Some("use the batch job"));
    }
}
