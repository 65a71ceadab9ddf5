//! What is shown of a fix that is asked about: lines that fit the terminal, with nothing in them that does something to it.

use unicode_width::UnicodeWidthChar;

use super::super::is_coloured;
use super::decisions::sides;
use crate::plan::choice::Asked;
use crate::report::clean;
use crate::report::hunks::{Side, hunks};
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;
use crate::text::words::{count, first, more};
use crate::transform::finding::{Evidence, Finding, Outcome};

/// The width that is taken where the terminal does not tell.
const WIDTH: usize = 80;
/// The narrowest width that lines are made for.
const NARROWEST: usize = 30;
/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;
/// How many lines of a file's change, files, fixes and facts are shown.
const SHOWN_LINES: usize = 60;
const SHOWN_FILES: usize = 6;
/// How many rows of a line of code, and characters of a fact, are shown.
const SHOWN_ROWS: usize = 12;
const SHOWN_CHARACTERS: usize = 400;
const SHOWN_FIXES: usize = 10;
const SHOWN_FACTS: usize = 8;

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const CYAN: &str = "\x1b[36m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

/// The terminal that is written to.
pub(super) struct Screen {
    pub width: usize,
    pub is_coloured: bool,
}

impl Screen {
    /// The terminal behind stderr.
    pub fn of_stderr() -> Self {
        let stderr = std::io::stderr();
        let width = terminal_size::terminal_size_of(&stderr).map_or(WIDTH, |(width, _)| usize::from(width.0));
        Self { width: width.max(NARROWEST), is_coloured: is_coloured() }
    }

    /// A question: what was found, why somebody is asked, and what would be changed.
    pub fn question(&self, asked: &Asked<'_>) -> String {
        let (number, of) = asked.number;
        let mut out = String::from("\n");
        self.line(&mut out, BOLD, "", &format!("{} / {}: {number} of {of}", asked.at.phase, asked.at.step));
        if asked.fixes.len() > 1 {
            self.line(&mut out, "", "", &format!("{} fixes that are made together or not at all:", asked.fixes.len()));
        }
        for line in first(asked.fixes, SHOWN_FIXES, |finding| format!("{}: {}", finding.place, finding.message)) {
            self.line(&mut out, "", "", &line);
        }
        self.reasons(&mut out, asked.fixes);
        self.change(&mut out, asked.index.snapshot(), &together(asked.fixes));
        out
    }

    fn reasons(&self, out: &mut String, fixes: &[Finding]) {
        let mut said = Vec::new();
        for finding in fixes {
            if let Some(reason) = finding.reason().filter(|reason| !said.contains(reason)) {
                said.push(reason);
                self.line(out, "", "  ", &format!("why: {} ({})", reason.explain(), reason.code()));
                if let Some(suggestion) = finding.suggestion() {
                    self.line(out, "", "  ", &format!("suggestion: {suggestion}"));
                }
            }
        }
        let mut facts: Vec<&Evidence> = Vec::new();
        for fact in fixes.iter().flat_map(|finding| &finding.evidence) {
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
        for Evidence { role, at, text } in facts.into_iter().take(SHOWN_FACTS) {
            let place = at.as_ref().map(|(path, line)| format!("{path}:{line}: ")).unwrap_or_default();
            let rest = text.chars().count().saturating_sub(SHOWN_CHARACTERS);
            let more = if rest == 0 { String::new() } else { format!(" … {} …", count(rest, "character")) };
            let text: String = text.chars().take(SHOWN_CHARACTERS).collect();
            self.line(out, "", "  ", &format!("{role}: {place}{text}{more}"));
        }
    }

    /// A change as small differences.
    fn change(&self, out: &mut String, files: &Snapshot, change: &SourceChange) {
        for (path, what) in change.files().iter().take(SHOWN_FILES) {
            let head = match what {
                FileChange::Edit(_) => format!("{path}"),
                FileChange::Create { .. } => format!("{path}: is made"),
                FileChange::Delete => format!("{path}: is deleted"),
                FileChange::Move { to, .. } => format!("{path}: moves to {to}"),
            };
            self.line(out, BOLD, "", &head);
            self.difference(out, files, path, what);
        }
        if let Some(more) = more(change.files().len(), SHOWN_FILES) {
            self.line(out, "", "", &format!("{more} files"));
        }
    }

    fn difference(&self, out: &mut String, files: &Snapshot, path: &RepoPath, what: &FileChange) {
        let (before, after) = sides(files, path, what);
        let mut left = SHOWN_LINES;
        for hunk in hunks(&before, &after, CONTEXT) {
            if left == 0 {
                self.line(out, CYAN, "", "@@ … and more @@");
                return;
            }
            self.line(out, CYAN, "", &format!("@@ line {} @@", hunk.old));
            let lines: Vec<(Side, String)> =
                hunk.lines.iter().take(left).map(|(side, text)| (*side, clean(&text.replace('\t', "    ")))).collect();
            for ((side, text), differs) in lines.iter().zip(first_differences(&lines)) {
                match side {
                    Side::Both => self.code(out, "", " ", text, differs),
                    Side::Old => self.code(out, RED, "-", text, differs),
                    Side::New => self.code(out, GREEN, "+", text, differs),
                }
            }
            left = left.saturating_sub(hunk.lines.len());
        }
    }

    /// A sentence, broken between its words.
    pub fn line(&self, out: &mut String, colour: &str, indent: &str, text: &str) {
        let room = self.width - indent.len() - 2;
        let mut lines: Vec<String> = vec![String::new()];
        for word in clean(text).split(' ') {
            for piece in pieces(word, room) {
                match lines.last_mut() {
                    Some(last) if last.is_empty() => *last = piece,
                    Some(last) if width(last) + 1 + width(&piece) <= room => *last += &format!(" {piece}"),
                    _ => lines.push(piece),
                }
            }
        }
        for (at, text) in lines.iter().enumerate() {
            let further = if at == 0 { "" } else { "  " };
            self.put(out, colour, &format!("{indent}{further}{text}"));
        }
    }

    /// A line of code, broken where the terminal ends; of one that would fill the screen, what stands around the character from which
    /// on it differs.
    fn code(&self, out: &mut String, colour: &str, sign: &str, text: &str, differs: usize) {
        let pieces = pieces(text, self.width - 4);
        let mut end = 0;
        let focus = pieces.iter().position(|piece| {
            end += piece.chars().count();
            end > differs
        });
        let first = match pieces.len() {
            all if all > SHOWN_ROWS => focus.unwrap_or_default().saturating_sub(1).min(all - SHOWN_ROWS),
            _ => 0,
        };
        let last = pieces.len().min(first + SHOWN_ROWS);
        let hidden = |pieces: &[String]| match pieces.iter().map(|piece| piece.chars().count()).sum() {
            0 => None,
            characters => Some(format!("{sign}   … {} …", count(characters, "character"))),
        };
        hidden(&pieces[..first]).iter().for_each(|note| self.put(out, CYAN, note));
        for (at, piece) in pieces.iter().enumerate().take(last).skip(first) {
            let further = if at == 0 { "" } else { "  " };
            self.put(out, colour, format!("{sign} {further}{piece}").trim_end());
        }
        hidden(&pieces[last..]).iter().for_each(|note| self.put(out, CYAN, note));
    }

    fn put(&self, out: &mut String, colour: &str, text: &str) {
        let (start, end) = if self.is_coloured && !colour.is_empty() { (colour, RESET) } else { ("", "") };
        out.push_str(&format!("{start}{text}{end}\n"));
    }
}

/// The changes of fixes as one.
fn together(fixes: &[Finding]) -> SourceChange {
    let mut whole = SourceChange::default();
    for finding in fixes {
        if let Outcome::Fix(fix) = &finding.outcome {
            // Where two collide, building the step says so, with both places.
            let _ = whole.union(&fix.change);
        }
    }
    whole
}

/// For each line, the first character in which it is not as the line that it takes the place of, or that takes its place.
fn first_differences(lines: &[(Side, String)]) -> Vec<usize> {
    let mut all = Vec::with_capacity(lines.len());
    for run in lines.chunk_by(|(a, _), (b, _)| (*a == Side::Both) == (*b == Side::Both)) {
        let of = |wanted: Side| run.iter().filter(move |(side, _)| *side == wanted).map(|(_, text)| text.as_str());
        let same = |(old, new): (&str, &str)| old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
        let pairs: Vec<usize> = of(Side::Old).zip(of(Side::New)).map(same).collect();
        let (mut old, mut new) = (pairs.iter(), pairs.iter());
        all.extend(run.iter().map(|(side, _)| match side {
            Side::Both => 0,
            Side::Old => old.next().copied().unwrap_or_default(),
            Side::New => new.next().copied().unwrap_or_default(),
        }));
    }
    all
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(1)).sum()
}

/// The text in pieces that are no wider than the room; at least one.
fn pieces(text: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(1);
        if used + wide > room {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(is_coloured: bool) -> Screen {
        Screen { width: 30, is_coloured }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let mut out = String::new();
        let long = "x".repeat(70);
        screen(false).line(&mut out, "", "  ", &format!("words and words and {long} and 漢字漢字漢字漢字漢字漢字漢字漢字漢字"));
        screen(false).code(&mut out, RED, "-", &format!("    value = {long}"), 0);
        assert!(out.lines().all(|line| width(line) <= 30), "{out}");
        assert_eq!(out.matches('x').count(), 140, "nothing is lost");
    }

    #[test]
    fn of_a_very_long_line_that_is_shown_which_differs() {
        let (a, b) = ("a".repeat(5000), "b".repeat(5000));
        let line = |side, name: &str| (side, format!("{a}{name}{b}"));
        let lines = [line(Side::Both, ""), line(Side::Old, "old"), line(Side::New, "new")];
        assert_eq!(first_differences(&lines), [0, 5000, 5000]);
        let mut out = String::new();
        screen(false).code(&mut out, RED, "-", &lines[1].1, 5000);
        assert!(out.contains("old") && out.lines().count() == SHOWN_ROWS + 2, "{out}");
        assert!(out.starts_with("-   … 4,9") && out.lines().all(|line| width(line) <= 30), "{out}");
    }

    #[test]
    fn what_is_shown_does_nothing_to_the_terminal() {
        let mut out = String::new();
        screen(true).line(&mut out, "", "", "a\u{1b}[2Jb\rc\u{202e}d\u{9b}e");
        screen(true).code(&mut out, RED, "-", &clean("\u{1b}]0;title\u{7}"), 0);
        assert_eq!(out, "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e\n\x1b[31m- \u{fffd}]0;title\u{fffd}\x1b[0m\n");
    }
}
