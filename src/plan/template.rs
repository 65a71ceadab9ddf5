//! Templates of commit messages: text with placeholders in braces. The trailers that make the history a journal are never part of one.

use std::collections::BTreeMap;

use crate::transform::wire::{Located, Origin, Problem, Table, nearest};

/// A template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Value(&'static str),
}

/// The placeholders, and what each stands for.
pub const PLACEHOLDERS: [(&str, &str); 13] = [
    ("title", "the step's title, or its id; of a whole phase, the phase's"),
    ("plan", "the plan's name"),
    ("phase", "the phase's id"),
    ("phase_title", "the phase's title, or its id"),
    ("step", "the step's id; of a whole phase, the ids of its steps"),
    ("summary", "what is changed: `12 imports in 8 files`"),
    ("why", "why the step is done"),
    ("left", "how many places are left for a person, in a sentence; nothing where none is"),
    ("files", "the number of files"),
    ("part", "which part of the step it is; 1 where the step is one commit"),
    ("parts", "how many parts the step has"),
    ("owner", "whose files the part has, with `commit = \"owner\"`"),
    ("directory", "the folder of the part's files, with `commit = \"directory\"`"),
];

impl Template {
    /// Reads the template under a key; `None` where there is none.
    pub fn read(table: &Table<'_>, key: &'static str) -> Option<Self> {
        let text = table.string(key)?;
        if text.value.trim().is_empty() {
            table.problem(
                Problem::new(&text.origin, format!("`{key}` is empty")).hint("its first line is the commit's subject"),
            );
            return None;
        }
        if let Some(line) = text.value.lines().find(|line| is_own_trailer(line)) {
            let problem = Problem::new(&place(&text, line.trim()), format!("`{}` is a trailer of the tool's own", line.trim()));
            table.problem(problem.hint("the `Ssot-` trailers are added to every message; they are how its commit is known"));
        }
        match parse(&text.value) {
            Ok(parts) => Some(Self { parts }),
            Err(Wrong::Unknown(name)) => {
                let names = || PLACEHOLDERS.iter().map(|(name, _)| *name);
                let problem =
                    Problem::new(&place(&text, &format!("{{{name}}}")), format!("there is no placeholder `{{{name}}}`"));
                let near = nearest(&name, names()).map(|name| format!("did you mean `{{{name}}}`?"));
                let all =
                    || format!("there are {}", names().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", "));
                table.problem(problem.hint(near.unwrap_or_else(all)));
                None
            }
            Err(Wrong::Brace(brace, behind)) => {
                let mut origin = place(&text, &behind);
                origin.range.end = origin.range.end.min(origin.range.start + 1);
                let problem = Problem::new(&origin, format!("this `{brace}` belongs to no placeholder"));
                table.problem(problem.hint(format!("a brace that is meant as such is written twice: `{brace}{brace}`")));
                None
            }
        }
    }

    /// Whether a placeholder is used.
    pub fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Value(value) if *value == name))
    }

    /// The text, with values in the place of the placeholders. A line that has nothing but placeholders goes where all are empty.
    pub fn render(&self, values: &BTreeMap<&'static str, String>) -> String {
        let mut lines: Vec<String> = Vec::new();
        let (mut line, mut is_dropped) = (String::new(), false);
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    let mut pieces = text.split('\n');
                    line += pieces.next().unwrap_or_default();
                    for piece in pieces {
                        if !(is_dropped && line.trim().is_empty()) {
                            lines.push(std::mem::take(&mut line));
                        }
                        (line, is_dropped) = (piece.to_owned(), false);
                    }
                }
                Part::Value(name) => {
                    line += values.get(name).map(String::as_str).unwrap_or_default();
                    is_dropped = true;
                }
            }
        }
        lines.push(line);
        lines.join("\n")
    }
}

/// The place of a word in the text of a value, as it is written in the file; the whole value where it is written in another way.
fn place(text: &Located<String>, word: &str) -> Origin {
    let Origin { file, range } = &text.origin;
    let written = file.text.get(range.clone()).unwrap_or_default();
    match written.find(word) {
        Some(at) => Origin { file: file.clone(), range: range.start + at..range.start + at + word.len() },
        None => text.origin.clone(),
    }
}

/// Refuses texts of a plan that a commit's message would quote and that would be read there as the tool's own: lines that begin like a
/// trailer (the journal is read from those), and git's word for what a revert undoes.
pub fn check(table: &Table<'_>, origin: &Origin, texts: &[&str]) {
    let is_forged = |line: &&str| is_own_trailer(line) || line.contains("This reverts commit ");
    if let Some(line) = texts.iter().flat_map(|text| text.lines()).find(is_forged) {
        let problem =
            Problem::new(origin, format!("`{}` would be read in a commit as what the tool itself writes", line.trim()));
        table.problem(problem.hint("say it in other words: which steps have been applied is read from such lines"));
    }
}

/// Whether a line would be read as one of the tool's own trailers.
pub(super) fn is_own_trailer(line: &str) -> bool {
    line.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("ssot-")) && line.contains(':')
}

enum Wrong {
    Unknown(String),
    /// One that belongs to no placeholder, and what stands in its line from there.
    Brace(char, String),
}

fn parse(text: &str) -> Result<Vec<Part>, Wrong> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    let lone = |rest: &str| {
        let behind = rest.lines().next().unwrap_or_default().to_owned();
        Wrong::Brace(if rest.starts_with('{') { '{' } else { '}' }, behind)
    };
    while let Some(at) = rest.find(['{', '}']) {
        plain += &rest[..at];
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{{") {
            (plain, rest) = (plain + "{", after);
        } else if let Some(after) = rest.strip_prefix("}}") {
            (plain, rest) = (plain + "}", after);
        } else if let Some((name, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            if name.contains(['\n', '{']) {
                return Err(lone(rest));
            }
            let known = PLACEHOLDERS.iter().find(|(known, _)| *known == name);
            let (known, _) = known.ok_or_else(|| Wrong::Unknown(name.to_owned()))?;
            parts.extend([Part::Text(std::mem::take(&mut plain)), Part::Value(known)]);
            rest = after;
        } else {
            return Err(lone(rest));
        }
    }
    parts.push(Part::Text(plain + rest));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, values: &[(&'static str, &str)]) -> Option<String> {
        let parts = parse(text).ok()?;
        Some(Template { parts }.render(&values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()))
    }

    #[test]
    fn placeholders_become_values() {
        let values = [("title", "Move"), ("phase", "ws"), ("why", "One.\nTwo.")];
        assert_eq!(rendered("refactor({phase}): {title}\n\n{why}\n", &values).unwrap(), "refactor(ws): Move\n\nOne.\nTwo.\n");
        assert_eq!(rendered("{{{title}}} {{x}}", &values).unwrap(), "{Move} {x}");
        assert_eq!(rendered("a\n{left}\n{left} {owner}\nb {left}\nc", &values).unwrap(), "a\nb \nc", "empty lines go");
    }

    #[test]
    fn lone_braces_and_unknown_names_are_wrong() {
        for text in ["{titel}", "{", "}", "a {title", "{a\nb}", "{a{title}"] {
            assert_eq!(rendered(text, &[]), None, "{text}");
        }
    }
}
