//! `apply --interactive`: asks about each fix, and keeps what is answered ([`decisions`]); and what was answered before, for every later
//! `plan` and `apply`.
//!
//! Questions are lines of text and so are answers, as `git add --patch` has them: that works over any connection. Each answer is on disk
//! before the next question, so nothing is lost whenever the program ends.

mod blame;
mod decisions;
mod editor;
mod screen;

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use super::error::CliError;
use super::progress::Ticker;
use super::{note, say_raw};
use crate::git::Repo;
use crate::index::Index;
use crate::plan::build::StepName;
use crate::plan::choice::{Asked, Chooser, Verdict};
use crate::report::hunks;
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;
use crate::transform::finding::{Applicability, Finding, Outcome, Reason};
use blame::Given;
pub(super) use decisions::{Decisions, sides};
use decisions::{Edited, Key, Said, edited};
use screen::Screen;

/// Whether each fix is asked about.
#[derive(clap::Args, Debug)]
pub(super) struct Asking {
    /// Ask about each fix that is not proved, with what it rests on and what it changes; answers are kept
    #[arg(long, short, conflicts_with = "file")]
    pub interactive: bool,
    /// With --interactive: ask about the proved fixes too
    #[arg(long, requires = "interactive")]
    all: bool,
    /// With --interactive: forget what was answered before, and ask about all of it again
    #[arg(long, requires = "interactive")]
    ask_again: bool,
}

/// What is answered, and who is asked.
pub(super) struct Review<'t> {
    state: Mutex<State>,
    /// `None` where nobody is asked: then what was answered before holds.
    asking: Option<Person<'t>>,
}

struct Person<'t> {
    screen: Screen,
    ticker: &'t Ticker,
    /// Where texts are edited, and git's own setting of the editor.
    folder: PathBuf,
    editor: Option<String>,
    asks_all: bool,
}

struct State {
    decisions: Decisions,
    tally: Tally,
    has_quit: bool,
    /// Steps and reasons of which all is accepted from now on.
    accepted: BTreeSet<Alike>,
    /// Files that are left for later.
    skipped: BTreeSet<RepoPath>,
    /// What was answered, in this run or before.
    given: Given,
    /// What could not be kept.
    failure: Option<CliError>,
}

/// A phase, a step and a reason: the fixes that one answer may be for.
type Alike = (String, String, Option<Reason>);

/// How many fixes were answered in which way.
#[derive(Default)]
struct Tally {
    taken: usize,
    by_hand: usize,
    rejected: usize,
    later: usize,
    /// How many of them were answered before.
    known: usize,
}

const HELP: &str = "\
y  make it
n  do not make it
e  edit by hand what it would make, then make that
a  make it, and all further ones of this step with the same reason
s  leave all of this file for later
q  quit: leave this and all further ones for later; answers are kept
?  this help
";

impl<'t> Review<'t> {
    /// Asks whoever sits at the terminal.
    ///
    /// # Errors
    /// There is no terminal, or answers cannot be read.
    pub fn ask(repo: &Repo, plan: &str, asking: &Asking, ticker: &'t Ticker) -> Result<Self, CliError> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            let error = CliError::usage("--interactive needs a terminal to ask on".to_owned());
            return Err(error.hint("without one, `--review` takes all fixes that are likely right"));
        }
        let decisions = Decisions::open(repo, plan, asking.ask_again)?;
        if decisions.count() > 0 {
            note(&format!("answers from before hold, {} of them; --ask-again forgets them", decisions.count()));
        }
        let person = Person {
            screen: Screen::of_stderr(),
            ticker,
            folder: repo.own_folder(),
            editor: repo.editor(),
            asks_all: asking.all,
        };
        Ok(Self { state: Mutex::new(State::new(decisions)), asking: Some(person) })
    }

    /// What was answered before; `None` where nothing was.
    ///
    /// # Errors
    /// Answers cannot be read.
    pub fn recall(repo: &Repo, plan: &str) -> Result<Option<Self>, CliError> {
        let decisions = Decisions::open(repo, plan, false)?;
        let has_any = decisions.count() > 0;
        Ok(has_any.then(|| Self { state: Mutex::new(State::new(decisions)), asking: None }))
    }

    /// Says what was answered.
    ///
    /// # Errors
    /// An answer could not be kept.
    pub fn close(&self) -> Result<(), CliError> {
        let mut state = self.state();
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        let Tally { taken, by_hand, rejected, later, known } = &state.tally;
        match &self.asking {
            Some(person) => {
                let text = format!(
                    "Answered: {taken} accepted ({by_hand} by hand), {rejected} rejected, {later} left for later; {known} of them before."
                );
                let mut out = String::from("\n");
                person.screen.line(&mut out, "", "", &text);
                say_raw(&out);
            }
            None if rejected + by_hand > 0 => note(&format!(
                "as answered in an interactive review, fixes are not made: {rejected}, made as they were edited: {by_hand}; `apply --interactive --ask-again` forgets that"
            )),
            None => {}
        }
        Ok(())
    }

    /// Why no plan comes of the answers, with those that it may come from.
    pub fn explain(&self, error: CliError) -> CliError {
        self.state().given.explain(error)
    }

    /// The answers, with those that were given.
    pub fn into_decisions(self) -> Decisions {
        self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).decisions
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere does not make the answers wrong.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Chooser for Review<'_> {
    fn asks(&self, applicability: Applicability) -> bool {
        match &self.asking {
            Some(person) => person.asks_all || applicability == Applicability::Review,
            None => true,
        }
    }

    fn judge(&self, asked: &Asked<'_>) -> Verdict {
        let mut state = self.state();
        let is_strange = |finding: &Finding| !state.decisions.may_know(asked.at, finding);
        if self.asking.is_none() && asked.fixes.iter().all(is_strange) {
            return Verdict::Take;
        }
        let keys: Vec<Key> =
            asked.fixes.iter().map(|finding| state.decisions.meet(asked.at, finding, asked.index.snapshot())).collect();
        if let Some(verdict) = state.known(&keys, asked) {
            state.tally.known += asked.fixes.len();
            state.given.add(asked, &verdict);
            state.count(&verdict, asked.fixes.len());
            return verdict;
        }
        let Some(person) = &self.asking else { return Verdict::Take };
        let verdict = person.judge(&mut state, &keys, asked);
        state.given.add(asked, &verdict);
        state.count(&verdict, asked.fixes.len());
        verdict
    }

    fn still_there(&self, at: &StepName, index: &Index, finding: &Finding) {
        let mut state = self.state();
        let key = state.decisions.meet(at, finding, index.snapshot());
        if self.asking.is_some() && *state.decisions.said(&key) == Said::Nothing {
            state.keep(at, &[(key, finding)], &Said::Reject);
        }
    }
}

impl State {
    fn new(decisions: Decisions) -> Self {
        Self {
            decisions,
            tally: Tally::default(),
            has_quit: false,
            accepted: BTreeSet::new(),
            skipped: BTreeSet::new(),
            given: Given::default(),
            failure: None,
        }
    }

    /// What was answered before of fixes that go together; nothing where not all were answered alike.
    fn known(&self, keys: &[Key], asked: &Asked<'_>) -> Option<Verdict> {
        let said = self.decisions.said(keys.first()?);
        if !keys.iter().all(|key| self.decisions.said(key) == said) {
            return None;
        }
        match said {
            Said::Nothing => None,
            Said::Accept => Some(Verdict::Take),
            Said::Reject => Some(Verdict::Reject),
            Said::Edit { files } => {
                let change = by_hand(asked, &|path, was| {
                    let kept = files.iter().find(|kept| kept.path == path.to_text() && kept.was == was)?;
                    Some(kept.text.clone())
                })?;
                asked.would_break(&change).is_empty().then_some(Verdict::Instead(change))
            }
        }
    }

    fn count(&mut self, verdict: &Verdict, fixes: usize) {
        match verdict {
            Verdict::Take => self.tally.taken += fixes,
            Verdict::Instead(_) => {
                self.tally.taken += fixes;
                self.tally.by_hand += fixes;
            }
            Verdict::Reject => self.tally.rejected += fixes,
            Verdict::Later => self.tally.later += fixes,
        }
    }

    fn keep(&mut self, at: &StepName, fixes: &[(Key, &Finding)], said: &Said) {
        if let Err(error) = self.decisions.say(at, fixes, said) {
            // Told in the end: what was answered is still good for this run.
            self.failure.get_or_insert(error);
        }
    }
}

impl Person<'_> {
    fn judge(&self, state: &mut State, keys: &[Key], asked: &Asked<'_>) -> Verdict {
        let fixes: Vec<(Key, &Finding)> = keys.iter().cloned().zip(asked.fixes).collect();
        let alike = asked.fixes.iter().map(|fix| (asked.at.phase.clone(), asked.at.step.clone(), fix.reason()));
        let alike: BTreeSet<Alike> = alike.collect();
        let file = &asked.fixes[0].place.path;
        if state.has_quit || state.skipped.contains(file) {
            return Verdict::Later;
        }
        if alike.is_subset(&state.accepted) {
            state.keep(asked.at, &fixes, &Said::Accept);
            return Verdict::Take;
        }
        let _hushed = self.ticker.hush();
        say_raw(&self.screen.question(asked));
        let can_edit = draft(asked).is_some();
        let mut last: Option<Vec<Edited>> = None;
        loop {
            say_raw(&format!("Make this change [y,n,{}a,s,q,?]? ", if can_edit { "e," } else { "" }));
            let Some(answer) = answer() else {
                say_raw("\n");
                state.has_quit = true;
                return Verdict::Later;
            };
            match answer.as_str() {
                "y" => {
                    state.keep(asked.at, &fixes, &Said::Accept);
                    return Verdict::Take;
                }
                "n" => {
                    state.keep(asked.at, &fixes, &Said::Reject);
                    return Verdict::Reject;
                }
                "a" => {
                    state.accepted.extend(alike);
                    state.keep(asked.at, &fixes, &Said::Accept);
                    return Verdict::Take;
                }
                "e" if can_edit => match self.edit(asked, &mut last) {
                    Ok(Some(change)) => {
                        let files = last.unwrap_or_default();
                        state.keep(asked.at, &fixes, &Said::Edit { files });
                        return Verdict::Instead(change);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        let mut out = String::new();
                        error.render(false).lines().for_each(|line| self.screen.line(&mut out, "", "", line));
                        say_raw(&out);
                    }
                },
                "s" => {
                    state.skipped.insert(file.clone());
                    return Verdict::Later;
                }
                "q" => {
                    state.has_quit = true;
                    return Verdict::Later;
                }
                "e" => say_raw("Only a fix that stands alone and edits texts can be edited by hand.\n"),
                _ => say_raw(HELP),
            }
        }
    }

    /// Lets the person edit what a fix makes; `None` where that cannot be made, which is told.
    fn edit(&self, asked: &Asked<'_>, last: &mut Option<Vec<Edited>>) -> Result<Option<SourceChange>, CliError> {
        let mut files = Vec::new();
        for (path, was) in draft(asked).unwrap_or_default() {
            let before = last.iter().flatten().find(|kept| kept.path == path.to_text() && kept.was == was);
            let suffix = path
                .extension()
                .and_then(|suffix| std::str::from_utf8(suffix).ok())
                .filter(|suffix| suffix.chars().all(|c| c.is_ascii_alphanumeric()));
            let suffix = suffix.map(|suffix| format!(".{suffix}")).unwrap_or_default();
            let start = before.map_or(&was, |kept| &kept.text);
            let text = editor::edit(&self.folder, self.editor.clone(), start, &suffix)?;
            files.push(Edited { path: path.to_text(), was, text });
        }
        let change = by_hand(asked, &|path, was| {
            files.iter().find(|kept| kept.path == path.to_text() && kept.was == was).map(|kept| kept.text.clone())
        });
        let is_same = files.iter().all(|kept| kept.text == kept.was);
        *last = Some(files);
        if is_same {
            say_raw("Nothing was edited: y makes the change as it is.\n");
            return Ok(None);
        }
        let Some(change) = change else { return Ok(None) };
        let broken = asked.would_break(&change);
        if broken.is_empty() {
            return Ok(Some(change));
        }
        let mut out = String::new();
        self.screen.line(&mut out, "", "", "That would break something; edit it again, or answer otherwise:");
        for text in &broken {
            self.screen.line(&mut out, "", "  ", text);
        }
        say_raw(&out);
        Ok(None)
    }
}

/// One answer; `None` where no more will come.
fn answer() -> Option<String> {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}

/// What a fix makes of the lines that it changes, file by file; `None` for what is no edit of texts, or more than one fix.
fn draft(asked: &Asked<'_>) -> Option<Vec<(RepoPath, String)>> {
    let files = single(asked)?;
    let region = |(path, before, after): (RepoPath, String, String)| {
        let (start, end) = region(&before, &after);
        (path, after[start..end].to_owned())
    };
    Some(files.into_iter().map(region).collect())
}

/// The files of a fix that stands alone and only edits: path, text before and text after.
fn single(asked: &Asked<'_>) -> Option<Vec<(RepoPath, String, String)>> {
    let [Finding { outcome: Outcome::Fix(fix), .. }] = asked.fixes else { return None };
    let files: &Snapshot = asked.index.snapshot();
    edited(files, &fix.change)
}

/// The change that makes other lines of the regions that a fix changes; `None` where there are none for one of them.
fn by_hand(asked: &Asked<'_>, text: &dyn Fn(&RepoPath, &str) -> Option<String>) -> Option<SourceChange> {
    let mut whole = SourceChange::default();
    for (path, before, after) in single(asked)? {
        let (start, end) = region(&before, &after);
        let new = format!("{}{}{}", &after[..start], text(&path, &after[start..end])?, &after[end..]);
        let edit = hunks::edits(&before, &new).ok()?;
        whole.union(&SourceChange::edit(path, edit)).ok()?;
    }
    Some(whole)
}

/// The bytes of the new text from its first line that is not in the old one to its last.
fn region(before: &str, after: &str) -> (usize, usize) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let length = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    (length(&new[..start]), after.len() - length(&new[new.len() - end..]))
}
