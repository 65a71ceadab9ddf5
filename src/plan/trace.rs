//! One line of a base file on its way through the steps of a built plan: which findings concern it, and what becomes of it.
//!
//! Each step works on the text that the step before it made, so the line is mapped through every edit.

use super::build::{Built, BuiltStep};
use crate::text::change::FileChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol::{line_end, line_start, next_line};
use crate::text::path::RepoPath;
use crate::text::span::{LineIndex, Span};
use crate::transform::finding::{Applicability, Finding, Outcome};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A finding that concerns the line.
pub struct Touch<'b> {
    /// The step.
    pub step: &'b BuiltStep,
    /// The finding.
    pub finding: &'b Finding,
    /// Whether its fix is made.
    pub is_made: bool,
    /// What the fix does to the lines; `None` where there is no fix.
    pub effect: Option<Effect>,
}

/// What a fix does to the lines around the one that is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// These lines become those.
    Lines(Vec<String>, Vec<String>),
    /// The lines stay, and these lines of the file change.
    Elsewhere(Vec<u32>),
    /// The file moves here; the lines in it may change as well.
    Moves(RepoPath, Vec<String>, Vec<String>),
    /// The file goes away.
    Deletes,
}

/// A text and the part of it that comes from the line.
#[derive(Clone)]
struct State {
    path: RepoPath,
    text: String,
    line: Span,
}

/// Follows a line, counted from 1, through all steps; findings in the order of steps and places. `None` where the file has no such
/// line or is not UTF-8.
pub fn trace<'b>(built: &'b Built, threshold: Applicability, path: &RepoPath, line: u32) -> Option<Vec<Touch<'b>>> {
    let bytes = built.base.read(built.base.file(path)?).ok()?;
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    let line = line_span(&text, line)?;
    let mut state = State { path: path.clone(), text, line };
    let mut found = Vec::new();
    for step in &built.steps {
        let is_safe =
            |finding: &Finding| matches!(&finding.outcome, Outcome::Fix(fix) if fix.applicability == Applicability::Safe);
        // Review fixes are found anew on what the safe ones have made, where some have been made.
        let safe_pass = step.changes.first().filter(|_| step.findings.iter().any(is_safe));
        let after_safe = safe_pass.map_or(Some(state.clone()), |change| advance(&state, change.files().get(&state.path)));
        for finding in &step.findings {
            let fix = match &finding.outcome {
                Outcome::Fix(fix) => Some(fix),
                Outcome::Left(_) => None,
            };
            let is_late = fix.is_some_and(|fix| fix.applicability == Applicability::Review);
            let stage = if is_late { after_safe.as_ref() } else { Some(&state) };
            let change = fix.and_then(|fix| fix.change.files().get(&stage?.path));
            let is_placed = finding.place.path == state.path && concerns(finding.place.span, state.line);
            if !(is_placed || stage.is_some_and(|stage| change.is_some_and(|change| changes(change, stage.line)))) {
                continue;
            }
            // The place is one of the text before the step, which a late fix is not made on.
            let place = (is_placed && !(is_late && safe_pass.is_some())).then_some(finding.place.span);
            let effect = stage.zip(change).map(|(stage, change)| effect(stage, change, place));
            let is_made = fix.is_some_and(|fix| fix.applicability >= threshold);
            found.push(Touch { step, finding, is_made, effect });
        }
        for change in &step.changes {
            match advance(&state, change.files().get(&state.path)) {
                Some(next) => state = next,
                None => return Some(found),
            }
        }
    }
    Some(found)
}

/// The bytes of a line without its end.
pub fn line_span(text: &str, line: u32) -> Option<Span> {
    let mut start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    for _ in 1..line {
        let next = next_line(text, start);
        if next >= text.len() {
            return None;
        }
        start = next;
    }
    (line > 0 && start < text.len()).then(|| Span::new(start as u32, line_end(text, start) as u32))
}

/// Whether a place stands on the line, or goes through it.
fn concerns(place: Span, line: Span) -> bool {
    place.intersects(line) || (place.is_empty() && line.start <= place.start && place.start <= line.end)
}

/// Whether an edit changes the line, and not only what stands before or behind it.
fn edits(edit: &Edit, line: Span) -> bool {
    let Span { start, end } = edit.span;
    match edit.span.is_empty() {
        true if start == line.start => !edit.text.is_empty() && !edit.text.ends_with(['\n', '\r']),
        true if start == line.end => !edit.text.is_empty() && !edit.text.starts_with(['\n', '\r']),
        true => line.start < start && start < line.end,
        false => edit.span.intersects(line) || (line.is_empty() && start <= line.start && line.end < end),
    }
}

fn changes(change: &FileChange, line: Span) -> bool {
    match change {
        FileChange::Edit(edit) => edit.edits().iter().any(|edit| edits(edit, line)),
        FileChange::Create { .. } => false,
        FileChange::Delete | FileChange::Move { .. } => true,
    }
}

/// What a change does to the lines that hold the line, the finding's place and the edits that touch them.
fn effect(state: &State, change: &FileChange, place: Option<Span>) -> Effect {
    let (edit, to) = match change {
        FileChange::Delete => return Effect::Deletes,
        FileChange::Create { .. } => return Effect::Lines(Vec::new(), Vec::new()),
        FileChange::Edit(edit) => (edit, None),
        FileChange::Move { to, edit } => (edit, Some(to)),
    };
    let mut region = state.line;
    let whole = place.into_iter().chain(edit.edits().iter().map(|edit| edit.span));
    for span in whole.filter(|span| concerns(*span, state.line) && span.range().end <= state.text.len()) {
        region = Span::new(region.start.min(span.start), region.end.max(span.end));
    }
    let end = if region.end > state.line.end && ends_line(&state.text, region.end) { region.end - 1 } else { region.end };
    let region = Span::new(
        line_start(&state.text, region.range().start) as u32,
        line_end(&state.text, (end as usize).min(state.text.len())) as u32,
    );
    let made = String::from_utf8(edit.apply(state.text.as_bytes())).unwrap_or_default();
    let before = lines(&state.text[region.range()]);
    let after = map(edit, region).map(|span| lines(&made[whole_lines(&made, span).range()])).unwrap_or_default();
    match to {
        Some(to) if before == after => Effect::Moves(to.clone(), Vec::new(), Vec::new()),
        Some(to) => Effect::Moves(to.clone(), before, after),
        None if before == after => {
            let index = LineIndex::new(state.text.as_bytes());
            let mut others: Vec<u32> = edit.edits().iter().map(|edit| index.position(edit.span.start).line).collect();
            others.dedup();
            Effect::Elsewhere(others)
        }
        None => Effect::Lines(before, after),
    }
}

fn ends_line(text: &str, offset: u32) -> bool {
    offset > 0 && text[..offset as usize].ends_with(['\n', '\r'])
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

/// The lines that hold a span, without the last line's end.
fn whole_lines(text: &str, span: Span) -> Span {
    let end = if span.end > span.start && ends_line(text, span.end) {
        span.range().end - 1
    } else {
        line_end(text, span.range().end)
    };
    Span::new(line_start(text, span.range().start) as u32, end as u32)
}

/// Where a span of lines stands after an edit; `None` where nothing is left of it.
fn map(edit: &TextEdit, span: Span) -> Option<Span> {
    let moved = Span::new(start_after(edit, span.start), end_after(edit, span.end));
    (!moved.is_empty() || span.is_empty()).then_some(moved)
}

/// Where the start of a line stands after an edit. Lines inserted before it push it on; what is inserted into it belongs to it.
fn start_after(edit: &TextEdit, offset: u32) -> u32 {
    let mut shift = 0;
    for Edit { span: cut, text } in edit.edits() {
        let is_own = cut.is_empty() && cut.end == offset && !text.ends_with(['\n', '\r']);
        if cut.end > offset || is_own {
            return shifted(cut.start.min(offset), shift);
        }
        shift += growth(*cut, text);
    }
    shifted(offset, shift)
}

/// Where the end of a line stands after an edit. Lines inserted behind it are not its own; what replaces it is.
fn end_after(edit: &TextEdit, offset: u32) -> u32 {
    let mut shift = 0;
    for Edit { span: cut, text } in edit.edits() {
        let is_behind = cut.is_empty() && cut.start == offset && text.starts_with(['\n', '\r']);
        if is_behind || cut.start > offset || (cut.start == offset && !cut.is_empty()) {
            break;
        }
        if cut.end > offset {
            return shifted(cut.start + text.len() as u32, shift);
        }
        shift += growth(*cut, text);
    }
    shifted(offset, shift)
}

fn growth(cut: Span, text: &str) -> i64 {
    text.len() as i64 - i64::from(cut.len())
}

fn shifted(offset: u32, by: i64) -> u32 {
    (i64::from(offset) + by).max(0) as u32
}

/// The state after a change of the file; `None` where the file or the line goes away.
fn advance(state: &State, change: Option<&FileChange>) -> Option<State> {
    let (edit, path) = match change {
        None | Some(FileChange::Create { .. }) => return Some(state.clone()),
        Some(FileChange::Delete) => return None,
        Some(FileChange::Edit(edit)) => (edit, state.path.clone()),
        Some(FileChange::Move { to, edit }) => (edit, to.clone()),
    };
    let text = String::from_utf8(edit.apply(state.text.as_bytes())).ok()?;
    let line = whole_lines(&text, map(edit, state.line)?);
    Some(State { path, text, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "one\ntwo\nthree\n";

    /// What becomes of the second line.
    fn second(edits: Vec<Edit>) -> (bool, Option<String>) {
        let change = FileChange::Edit(TextEdit::new(edits).unwrap());
        let line = line_span(TEXT, 2).unwrap();
        let state = State { path: RepoPath::new("a.py").unwrap(), text: TEXT.to_owned(), line };
        let next = advance(&state, Some(&change));
        (changes(&change, line), next.map(|next| next.text[next.line.range()].to_owned()))
    }

    #[test]
    fn a_line_follows_what_is_inserted_before_it() {
        let two = Some("two".to_owned());
        assert_eq!(second(vec![Edit::insert(4, "x\ny\n"), Edit::delete(Span::new(0, 4))]), (false, two.clone()));
        assert_eq!(second(vec![Edit::insert(7, "\nafter"), Edit::delete(Span::new(8, 13))]), (false, two));
    }

    #[test]
    fn what_is_made_of_a_line_is_the_line() {
        let line = |text: &str| (true, Some(text.to_owned()));
        assert_eq!(second(vec![Edit::replace(Span::new(5, 6), "WW")]), line("tWWo"));
        assert_eq!(second(vec![Edit::insert(4, "#")]), line("#two"));
        assert_eq!(second(vec![Edit::replace(Span::new(4, 8), "a\nb\n")]), line("a\nb"));
        assert_eq!(second(vec![Edit::replace(Span::new(2, 9), "X")]), line("onXhree"));
        assert_eq!(second(vec![Edit::delete(Span::new(4, 8))]), (true, None));
    }

    #[test]
    fn lines_are_counted_as_python_counts_them() {
        let lines = |text: &str, line| line_span(text, line).map(|span| text[span.range()].to_owned());
        assert_eq!(lines("\u{feff}a\r\nb\rc", 1).as_deref(), Some("a"));
        assert_eq!(lines("\u{feff}a\r\nb\rc", 3).as_deref(), Some("c"));
        assert_eq!((lines("a\n", 2), lines("a\n", 0), lines("", 1)), (None, None, None));
    }
}
