//! Why a line is changed by a plan, or why not, for people.

use std::fmt::Write;

use super::clean;
use crate::plan::trace::{Effect, Touch};
use crate::text::path::RepoPath;
use crate::text::words::more;
use crate::transform::finding::{Evidence, Outcome};
use crate::transform::python::mention::Mention;

/// How many pieces of evidence are shown for a finding.
const SHOWN: usize = 8;

/// Why nothing concerns a line.
#[derive(Debug)]
pub enum Nothing {
    /// The file is not in a language that is read.
    NotSource,
    /// The plan's scope leaves the file out.
    OutOfScope,
    /// The file does not parse: the first error's line and the parser's words.
    Unparsable(u32, String),
    /// The file has only so many lines.
    NoSuchLine(usize),
    /// These words are spelled like something that the plan is about.
    Words(Vec<Mention>),
}

/// Renders the findings that concern a line.
pub fn touches(path: &RepoPath, line: u32, text: &str, base: &str, touches: &[Touch<'_>]) -> String {
    let mut out = head(path, line, Some(text), base);
    for touch in touches {
        render_touch(&mut out, touch);
    }
    out
}

/// Renders why nothing concerns a line.
pub fn nothing(path: &RepoPath, line: u32, text: Option<&str>, base: &str, why: &[Nothing]) -> String {
    let mut out = head(path, line, text, base);
    say(&mut out, "\nNo step of the plan changes the line:");
    for reason in why {
        match reason {
            Nothing::NotSource => {
                say(&mut out, "  the file is neither Python nor TypeScript or JavaScript, and nothing else is read")
            }
            Nothing::OutOfScope => say(&mut out, "  the plan's scope leaves the file out"),
            Nothing::Unparsable(at, message) => {
                say(&mut out, format!("  the file does not parse: {path}:{at}: {}", clean(message)));
            }
            Nothing::NoSuchLine(lines) => {
                let s = if *lines == 1 { "" } else { "s" };
                say(&mut out, format!("  there is no such line, the file has {lines} line{s}"));
            }
            Nothing::Words(words) if words.is_empty() => say(&mut out, "  no step of the plan is about anything on this line"),
            Nothing::Words(words) => words.iter().for_each(|word| mention(&mut out, word)),
        }
    }
    out
}

fn say(out: &mut String, text: impl AsRef<str>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", text.as_ref());
}

fn head(path: &RepoPath, line: u32, text: Option<&str>, base: &str) -> String {
    let text = text.map(|text| format!("\n  {}", clean(text))).unwrap_or_default();
    format!("{path}:{line} on {base}{text}\n")
}

fn mention(out: &mut String, mention: &Mention) {
    let Mention { position, word, subject, is_reference, text } = mention;
    let is = if *is_reference { "is a reference to" } else { "is not a reference to" };
    say(out, format!("  `{}` in column {} {is} {subject}: {}", clean(word), position.column, clean(text)));
}

fn render_touch(out: &mut String, touch: &Touch<'_>) {
    let Touch { step, finding, is_made, effect } = touch;
    let what = match (&finding.outcome, effect) {
        (Outcome::Left(_), _) => "leaves it",
        (_, None | Some(Effect::Elsewhere(_))) if *is_made => "is about it, and changes other lines",
        (_, Some(Effect::Deletes)) if *is_made => "deletes the file",
        (_, Some(Effect::Moves(..))) if *is_made => "moves the file",
        _ if *is_made => "changes it",
        (_, None | Some(Effect::Elsewhere(_))) => "is about it, and would change other lines with --review",
        _ => "would change it with --review",
    };
    say(out, format!("\n{} / {} {what}: {}", step.phase, step.step, clean(&finding.message)));
    if let Some(spelling) = finding.spelling {
        say(out, format!("  spelled  {spelling}"));
    }
    match &finding.outcome {
        Outcome::Fix(fix) => {
            let reason = fix.reason.map(|reason| format!(": {} ({})", reason.explain(), reason.code())).unwrap_or_default();
            say(out, format!("  {}{reason}", fix.applicability.word()));
        }
        Outcome::Left(reason) => say(out, format!("  not touched because {} ({})", reason.explain(), reason.code())),
    }
    for Evidence { role, at, text } in finding.evidence.iter().take(SHOWN) {
        let place = at.as_ref().map(|(path, line)| format!("{path}:{line}: ")).unwrap_or_default();
        say(out, format!("  {role:<7}  {place}{}", clean(text)));
    }
    if let Some(more) = more(finding.evidence.len(), SHOWN) {
        say(out, format!("  {more}"));
    }
    let (before, after) = match effect {
        Some(Effect::Moves(to, before, after)) => {
            say(out, format!("  to {to}"));
            (before, after)
        }
        Some(Effect::Lines(before, after)) => (before, after),
        Some(Effect::Elsewhere(lines)) => {
            let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
            let s = if lines.len() == 1 { "" } else { "s" };
            return say(out, format!("  the line stays as it is; the fix is made on line{s} {}", lines.join(", ")));
        }
        Some(Effect::Deletes) | None => return,
    };
    before.iter().for_each(|line| say(out, format!("  - {}", clean(line))));
    after.iter().for_each(|line| say(out, format!("  + {}", clean(line))));
}
