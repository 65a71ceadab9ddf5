//! The messages of the commits that carry a plan out: what was done, what is left, and the trailers that make the history a journal.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::build::BuiltStep;
use super::delta::{Content, FileDelta};
use super::slice::Part;
use super::spec::Plan;
use super::style::Grouping;
use super::template::{Template, is_own_trailer};
use crate::text::path::RepoPath;
use crate::text::plain;
use crate::transform::finding::{Applicability, Finding, Outcome};

/// The longest subject that git's tools show whole.
const SUBJECT_LENGTH: usize = 72;
/// The shortest title that is worth keeping what stands around it.
const SHORTEST_TITLE: usize = 16;

/// What a commit is about.
pub(super) struct Subject<'s> {
    pub plan: &'s Plan,
    /// The steps, each with what it does in words.
    pub steps: &'s [(&'s BuiltStep, String)],
    /// What the commit does.
    pub files: &'s [FileDelta],
    /// Which part of its step it is.
    pub part: Option<&'s Part>,
    /// The least sure fixes that are taken.
    pub threshold: Applicability,
    /// Whether it has all steps of its phase.
    pub is_phase: bool,
}

/// Whose commit a message is of.
#[derive(Clone, Copy, Debug)]
pub struct Of<'o> {
    /// The plan's name.
    pub plan: &'o str,
    /// The phase's id.
    pub phase: &'o str,
    /// The step's id; where a commit has several steps, all of them with commas between.
    pub steps: &'o str,
    /// Which part of the step it is, and of how many.
    pub part: Option<(usize, usize)>,
}

/// The text of a commit's message, from a template or as it is without one.
pub(super) fn text(about: &Subject<'_>, template: Option<&Template>) -> String {
    let (subject, body) = match template {
        Some(template) => filled(about, template),
        None => (plain_subject(about), plain_body(about)),
    };
    if body.is_empty() { subject } else { format!("{subject}\n\n{body}") }
}

/// A message with the trailers of a commit that does this to the files. Lines of the text that would be read as trailers are quoted, and
/// active characters replaced: what a plan or a saved plan says can neither forge the journal nor reach a terminal. A text without a
/// subject gets the steps' ids for one, because git takes the first paragraph for it, whatever that is.
pub fn seal(text: &str, of: &Of<'_>, files: &[FileDelta]) -> String {
    let line = |line: &str| {
        let plain = plain::lines(line);
        if is_own_trailer(&plain) { format!("> {plain}") } else { plain.into_owned() }
    };
    let (subject, body) = text.split_once('\n').unwrap_or((text, ""));
    let subject = if subject.trim().is_empty() { of.steps } else { subject };
    let body: Vec<String> = body.trim().lines().map(line).collect();
    let digest = digest(files);
    let trailers: String = of.steps.split(", ").map(|step| trailers(of, step, &digest)).collect();
    let gap = if ends_in_trailers(&body) { "\n" } else { "\n\n" };
    let subject = line(subject.trim_end());
    if body.is_empty() {
        format!("{subject}\n\n{trailers}")
    } else {
        format!("{subject}\n\n{}{gap}{trailers}", body.join("\n"))
    }
}

/// The trailers of a step: the lines by which the journal knows it.
fn trailers(of: &Of<'_>, step: &str, digest: &str) -> String {
    let part = of.part.map(|(at, all)| format!("Ssot-Part: {at}/{all}\n")).unwrap_or_default();
    lines(of.plan, of.phase, step, "Ssot-Digest", digest) + &part
}

/// Whether the last paragraph of a text, with another before it or alone, has nothing but trailers: ours join them.
fn ends_in_trailers(lines: &[String]) -> bool {
    let last: Vec<&String> = lines.iter().rev().take_while(|line| !line.trim().is_empty()).collect();
    let is_trailer = |line: &&String| {
        let key = line.split_once(": ").filter(|(_, value)| !value.trim().is_empty()).map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    !last.is_empty() && last.iter().all(is_trailer)
}

fn phase_title<'s>(about: &Subject<'s>) -> Option<&'s str> {
    let phase = about.plan.phase(&about.steps.first()?.0.phase)?;
    Some(phase.title.as_str()).filter(|title| !title.is_empty())
}

fn title(about: &Subject<'_>) -> String {
    let Some((step, _)) = about.steps.first() else { return String::new() };
    let title = if about.is_phase { phase_title(about).unwrap_or(&step.phase) } else { &step.title };
    if title.is_empty() { step.step.clone() } else { in_a_line(title) }
}

fn plain_subject(about: &Subject<'_>) -> String {
    fitted(&title(about), |title| format!("{title}{}", suffix(about)))
}

fn plain_body(about: &Subject<'_>) -> String {
    let phase_title = phase_title(about).map(|title| format!(" ({title})")).unwrap_or_default();
    let mut body = Vec::new();
    for (step, summary) in about.steps {
        let part = about.part.map(|part| format!(", part {} of {}", part.at, part.of)).unwrap_or_default();
        body.push(format!("Phase {}{phase_title}, step {}{part}: {summary}.", step.phase, step.step));
        body.extend(Some(step.why.trim().to_owned()).filter(|why| !why.is_empty()));
        body.extend(Some(left(&[step], about.threshold)).filter(|left| !left.is_empty()));
    }
    body.join("\n")
}

/// How many places are left for a person, in a sentence; nothing where none is.
fn left(steps: &[&BuiltStep], threshold: Applicability) -> String {
    let is_left = |finding: &&Finding| match &finding.outcome {
        Outcome::Left(_) => true,
        Outcome::Fix(fix) => fix.applicability < threshold,
    };
    match steps.iter().flat_map(|step| &step.findings).filter(is_left).count() {
        0 => String::new(),
        1 => "1 place is left for a person.".to_owned(),
        left => format!("{left} places are left for a person."),
    }
}

/// A template's first line, made to fit, and what comes behind it.
fn filled(about: &Subject<'_>, template: &Template) -> (String, String) {
    let mut values = values(about);
    let suffix = if template.has("part") { String::new() } else { suffix(about) };
    let mut render = |title: &str| {
        values.insert("title", title.to_owned());
        let text = template.render(&values);
        let (first, rest) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        // Placeholders that stand for nothing may leave no subject.
        let first = if first.trim().is_empty() { title } else { first };
        (in_a_line(&format!("{first}{suffix}")), rest.to_owned())
    };
    let whole = title(about);
    let body = render(&whole).1;
    (fitted(&whole, |title| render(title).0), paragraphs(&body))
}

/// What the placeholders stand for, but for the title.
fn values(about: &Subject<'_>) -> BTreeMap<&'static str, String> {
    let steps: Vec<&BuiltStep> = about.steps.iter().map(|(step, _)| *step).collect();
    let all = |each: fn(&BuiltStep) -> &str, between: &str| {
        let texts: Vec<&str> = steps.iter().map(|step| each(step).trim()).filter(|text| !text.is_empty()).collect();
        texts.join(between)
    };
    let summaries: Vec<&str> = about.steps.iter().map(|(_, summary)| summary.as_str()).collect();
    let phase = steps.first().map(|step| step.phase.clone()).unwrap_or_default();
    let group = |grouping| about.part.filter(|part| part.grouping == grouping).map(Part::label).unwrap_or_default();
    let number = |number: fn(&Part) -> usize| about.part.map_or(1, number).to_string();
    BTreeMap::from([
        ("plan", about.plan.name.clone()),
        ("phase_title", phase_title(about).unwrap_or(&phase).to_owned()),
        ("phase", phase),
        ("step", all(|step| &step.step, ", ")),
        ("summary", summaries.join("; ")),
        ("why", all(|step| &step.why, "\n")),
        ("left", left(&steps, about.threshold)),
        ("files", about.files.len().to_string()),
        ("part", number(|part| part.at)),
        ("parts", number(|part| part.of)),
        ("owner", group(Grouping::Owner)),
        ("directory", group(Grouping::Directory)),
    ])
}

/// Which part it is, behind a subject: ` (2/5: @team)`.
fn suffix(about: &Subject<'_>) -> String {
    about.part.map(|part| format!(" ({}/{}{})", part.at, part.of, part.behind(": ", ""))).unwrap_or_default()
}

fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without blank lines at its ends, and with no two behind one another.
fn paragraphs(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// A subject line with a title in it. Where it is too long, the title is cut; what stands around it is kept if it can be.
fn fitted(title: &str, mut line: impl FnMut(&str) -> String) -> String {
    let whole = line(title);
    let around = whole.chars().count().saturating_sub(title.chars().count());
    let room = SUBJECT_LENGTH.saturating_sub(around);
    if whole.chars().count() <= SUBJECT_LENGTH || room < SHORTEST_TITLE || !whole.contains(title) {
        return cut(&whole, SUBJECT_LENGTH);
    }
    line(&cut(title, room))
}

/// The message of the commit that undoes the commit of one step, or of several, as pairs of phase and step; `commit` is its id.
pub fn revert(plan: &Plan, steps: &[(&str, &str)], commit: &str, has_conflicts: bool) -> String {
    let phase = |id: &str| plan.phase(id);
    let title = match steps {
        [(id, step)] => phase(id).and_then(|known| known.steps.iter().find(|other| other.id == *step)).map(|step| &step.title),
        [(id, _), ..] => phase(id).map(|known| &known.title),
        [] => None,
    };
    let all = steps.iter().map(|(_, step)| *step).collect::<Vec<_>>().join(", ");
    let title = title.filter(|title| !title.is_empty()).unwrap_or(&all);
    let lead = if has_conflicts { "Conflicts: roll back" } else { "Roll back" };
    let body: String = steps.iter().map(|(phase, step)| format!("Rolls back phase {phase}, step {step}.\n")).collect();
    let trailers: String = steps.iter().map(|(phase, step)| lines(&plan.name, phase, step, "Ssot-Reverts", commit)).collect();
    format!("{}\n\n{body}\n{trailers}", cut(&format!("{lead}: {title}"), SUBJECT_LENGTH))
}

fn lines(plan: &str, phase: &str, step: &str, last: &str, value: &str) -> String {
    format!("Ssot-Plan: {plan}\nSsot-Phase: {phase}\nSsot-Step: {step}\n{last}: {value}\n")
}

/// One line, cut at a word where it is too long.
fn cut(title: &str, room: usize) -> String {
    let title = in_a_line(title);
    if title.chars().count() <= room {
        return title;
    }
    let cut: String = title.chars().take(room.saturating_sub(1)).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

/// A digest of what a change does, in hexadecimal digits: for each file the lines that it loses and gains. Like git's patch ids it
/// does not depend on what else is in the files, so that it survives a rebase; and it tells a commit that does something else.
pub fn digest(files: &[FileDelta]) -> String {
    let mut sides: BTreeMap<&RepoPath, (Option<&Content>, Option<&Content>)> = BTreeMap::new();
    for file in files {
        sides.entry(file.moved_from.as_ref().unwrap_or(&file.path)).or_default().0 = file.before.as_ref();
        sides.entry(&file.path).or_default().1 = file.after.as_ref();
    }
    let mut digest = Sha256::new();
    for (path, (before, after)) in sides {
        digest.update(path.as_bytes());
        let mut lines: BTreeMap<&[u8], i64> = BTreeMap::new();
        for (content, count) in [(before, -1), (after, 1)] {
            digest.update([0]);
            digest.update(content.map_or("", |content| content.mode.octal()));
            for line in content.iter().flat_map(|content| content.bytes.split_inclusive(|&byte| byte == b'\n')) {
                *lines.entry(line).or_default() += count;
            }
        }
        for (line, count) in lines.into_iter().filter(|(_, count)| *count != 0) {
            digest.update(count.to_le_bytes());
            digest.update((line.len() as u64).to_le_bytes());
            digest.update(line);
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::blob::{BlobId, Mode};

    fn delta(path: &str, before: &str, after: &str) -> FileDelta {
        let content = |text: &str| {
            (!text.is_empty()).then(|| Content {
                blob: BlobId::of(text.as_bytes()),
                mode: Mode::Regular,
                bytes: text.as_bytes().into(),
            })
        };
        FileDelta { path: RepoPath::new(path).unwrap(), moved_from: None, before: content(before), after: content(after) }
    }

    #[test]
    fn a_digest_is_of_what_changes_alone() {
        let step = digest(&[delta("a", "1\n2\n3\n", "1\nx\n3\n")]);
        assert_eq!(digest(&[delta("a", "0\n1\n2\n3\n", "0\n1\nx\n3\n")]), step, "rebased");
        assert_ne!(digest(&[delta("a", "1\n2\n3\n", "1\nx\n4\n")]), step, "amended");
        assert_ne!(digest(&[delta("b", "1\n2\n3\n", "1\nx\n3\n")]), step, "another file");
        assert_ne!(digest(&[delta("a", "1\n2\n3\n", "1\nx\n3\n"), delta("b", "", "1\n")]), step, "a file more");
        let moved = FileDelta { moved_from: RepoPath::new("a"), ..delta("b", "1\n", "2\n") };
        assert_eq!(
            digest(&[moved]),
            digest(&[delta("a", "1\n", ""), delta("b", "", "2\n")]),
            "a move is a deletion and a file"
        );
    }

    #[test]
    fn what_a_text_says_forges_no_trailers() {
        let of = Of { plan: "p", phase: "a", steps: "s, t", part: Some((1, 2)) };
        let text = "Ssot-Plan: p\n\nGood.\nSsot-Plan: p\n  ssot-STEP: x\n\u{1b}[31mred\n\nRefs: 1";
        let sealed = seal(text, &of, &[]);
        let digest = digest(&[]);
        let group =
            |step: &str| format!("Ssot-Plan: p\nSsot-Phase: a\nSsot-Step: {step}\nSsot-Digest: {digest}\nSsot-Part: 1/2\n");
        let wanted = format!(
            "> Ssot-Plan: p\n\nGood.\n> Ssot-Plan: p\n>   ssot-STEP: x\n\u{fffd}[31mred\n\nRefs: 1\n{}{}",
            group("s"),
            group("t")
        );
        assert_eq!(sealed, wanted);
        let sealed = |text: &str| seal(text, &of, &[]);
        assert!(sealed("a\u{202e}b\tc").starts_with("a\u{fffd}b\tc\n\nSsot-Plan: p\n"), "what turns text goes, tabs stay");
        assert!(sealed("a\r\n\r\nb\r\n").starts_with("a\n\nb\n\nSsot-Plan: p\n"), "line ends are no control characters");
        for empty in ["", "\n\nSsot-Plan: p", " \t\n"] {
            assert!(sealed(empty).starts_with("s, t\n\n"), "{empty:?}: {}", sealed(empty));
        }
    }

    #[test]
    fn a_subject_is_one_short_line() {
        assert_eq!(cut("Move\n it", SUBJECT_LENGTH), "Move it");
        let long = cut(&"word ".repeat(40), SUBJECT_LENGTH);
        assert!(long.chars().count() <= SUBJECT_LENGTH && long.ends_with("word…"), "{long}");
        let words = "word ".repeat(40);
        let around = fitted(words.trim(), |title| format!("refactor(ws): {title} (2/5: @team)"));
        assert!(around.starts_with("refactor(ws): word") && around.ends_with("word… (2/5: @team)"), "{around}");
        assert!(around.chars().count() <= SUBJECT_LENGTH, "{around}");
    }
}
