//! `rewrite`: structural search and replace. A pattern finds code by its tree, symbols by what their names mean, and what takes its place
//! is written with the file's own names, which are imported where they have to be.
//!
//! That the new code does what the old code did is the author's word: fixes are for review, unless the plan vouches for them. What the
//! plan names under `leave` is not rewritten but listed for a person, with the reason and a suggestion.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::finding::{Bond, Evidence, Finding, Form, Outcome, Reason, Spelling};
use super::super::query::{Leave, Rewriting};
use super::super::replacement::{Piece, is_opened};
use super::super::wire::{Problem, Table};
use super::super::{Context, Rule, Subject};
use super::View;
use super::bring::{Imports, outcome};
use super::query::{Found, Hit, Python, hold};
use super::relocate::patches::patch_line;
use super::spell::spell;
use crate::index::Index;
use crate::lang::python::calls::Place;
use crate::lang::python::imports::{Name, Source};
use crate::lang::python::statements;
use crate::lang::python::template;
use crate::syntax::{self, Grammar};
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

struct Rewrite(Rewriting<Python>);

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    Some(Box::new(Rewrite(Rewriting::read(&Python, table))))
}

impl Rule for Rewrite {
    fn check(&self, index: &Index) -> Vec<Problem> {
        self.0.query.check(index)
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let found = self.0.query.run(context);
        found.par_iter().flat_map_iter(|found| self.in_file(context.index, found)).collect()
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        self.0.query.targets(index).into_iter().map(|target| Subject { target, home: None }).collect()
    }
}

/// A match that is rewritten.
struct Made<'h> {
    hit: &'h Hit,
    edits: Vec<Edit>,
    imports: BTreeSet<Name>,
}

impl Rewrite {
    fn in_file(&self, index: &Index, found: &Found) -> Vec<Finding> {
        let view = View::open(index, found.file);
        let left = |span: Span, reason: Reason, evidence: Option<Evidence>, suggestion: Option<&String>| {
            let spelling = Some(Spelling::of(Form::Code));
            let mut finding = view.finding(span, self.0.message.clone(), spelling, Outcome::Left(reason));
            let suggestion = suggestion.map(|text| Evidence { role: "suggest", at: None, text: text.clone() });
            finding.evidence = evidence.into_iter().chain(suggestion).collect();
            finding
        };
        if let Some(error) = found.unparsable {
            return vec![left(error, Reason::Unparsable, None, self.0.suggestion.as_ref())];
        }
        let Some(source) = view.source() else { return Vec::new() };
        let mut findings = Vec::new();
        let mut made: Vec<Made<'_>> = Vec::new();
        for hit in &found.hits {
            let span = hit.found.span;
            let is_left = |leave: &&Leave<Python>| hold(&leave.conditions, &view, &source, &hit.found, &BTreeMap::new());
            if let Some(leave) = self.0.leave.iter().find(is_left) {
                findings.push(left(span, leave.reason, None, leave.suggestion.as_ref()));
                continue;
            }
            let Some(replacement) = &self.0.replacement else {
                findings.push(left(span, Reason::ForPerson, None, self.0.suggestion.as_ref()));
                continue;
            };
            match self.make(&view, &source, hit, replacement) {
                // It is what it would be.
                Ok((edits, _)) if edits.is_empty() => {}
                Ok((edits, imports)) => made.push(Made { hit, edits, imports }),
                Err((reason, text)) => {
                    let evidence = Evidence { role: "because", at: None, text };
                    findings.push(left(span, reason, Some(evidence), self.0.suggestion.as_ref()));
                }
            }
        }
        // What lies in another match is done first; the other is found again in the next round.
        let spans: Vec<Span> = made.iter().map(|made| made.hit.found.span).collect();
        made.retain(|made| !has_inside(&spans, made.hit.found.span));
        keep_blocks(&source, &mut made);
        // What shares import statements is as sure as the least sure of it.
        let is_patched = made.iter().any(|made| made.hit.patch.is_some());
        let reason = if is_patched { Reason::Patched } else { Reason::Stated };
        findings.extend(self.write(&view, &source, &made, reason));
        findings
    }

    /// The findings of the matches in a file, with one for each import statement that changes with them.
    fn write(&self, view: &View<'_>, source: &Source<'_>, made: &[Made<'_>], reason: Reason) -> Vec<Finding> {
        let mut imports = Imports::default();
        for made in made {
            imports.need(made.hit.spot.anchor, &made.imports);
        }
        let code = format!("code in {}", view.path);
        let message = format!("imports for {}", self.0.message);
        let finding = |made: &Made<'_>, outcome: Outcome| {
            let mut finding =
                view.finding(made.hit.found.span, self.0.message.clone(), Some(Spelling::of(Form::Code)), outcome);
            finding.evidence.extend(made.hit.patch.map(|patch| patch_line(view.index, patch)));
            finding
        };
        let Some((mut findings, key)) = imports.findings(view, source, &message, Some(reason), &code) else {
            return made.iter().map(|made| finding(made, Outcome::Left(Reason::ParsersDisagree))).collect();
        };
        for made in made {
            let bond = Bond { settles: vec![code.clone()], needs: key.iter().cloned().collect() };
            findings.push(finding(made, outcome(view, made.edits.clone(), Some(reason), bond)));
        }
        findings
    }

    /// The edits that put the replacement in the place of a match, and what they need imported.
    fn make(
        &self,
        view: &View<'_>,
        source: &Source<'_>,
        hit: &Hit,
        replacement: &[Piece],
    ) -> Result<(Vec<Edit>, BTreeSet<Name>), (Reason, String)> {
        let span = hit.found.span;
        let place = Place::of(source, span).ok_or_else(|| (Reason::ParsersDisagree, "a part of a piece of code".to_owned()))?;
        let captured = |at: Span| {
            let one = hit.found.one.values().copied();
            one.chain(hit.found.many.values().copied().flatten()).any(|span| span.covers(at))
        };
        if place.is_part_of_statement() {
            return Err((Reason::OddSpelling, "it is a part of a statement".to_owned()));
        }
        if replacement.is_empty() {
            if !place.is_statement() {
                return Err((Reason::OddSpelling, "it is a part of a statement".to_owned()));
            }
            let removed = statements::remove(source, span);
            let edit = removed.map_err(|_| (Reason::OddSpelling, "it is not a statement on lines of its own".to_owned()))?;
            return Ok((vec![edit], BTreeSet::new()));
        }
        let (mut text, imports) = self.render(view, hit, replacement)?;
        let is_twice = |name: &&Name| imports.iter().any(|other| other.local == name.local && other != *name);
        if let Some(name) = imports.iter().find(is_twice) {
            return Err((Reason::NameTaken, name.local.clone()));
        }
        let is_statement = place.is_statement();
        match template::is_primary(&text) {
            Some(is_primary) if !is_statement => {
                if place.is_target() {
                    return Err((Reason::OddSpelling, "a value is assigned to it".to_owned()));
                }
                if !is_primary && (place.binds_tightly() || template::is_loose(&text)) {
                    text = format!("({text})");
                }
            }
            _ if is_statement && template::is_statements(&text) => {}
            _ => return Err((Reason::OddSpelling, "what would take its place does not fit there".to_owned())),
        }
        if is_statement {
            let indent = eol::indentation(&view.text, span.range().start);
            let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            // What is captured has its lines already; those of the replacement get the indentation of the place.
            if replacement.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains('\n'))) && !ends.is_empty() {
                text = text.replace('\n', &format!("{}{indent}", eol::line_ending(&view.text)));
            }
        }
        let is_alone = || {
            let end = span.range().end;
            let before = &view.text[eol::line_start(&view.text, span.range().start)..span.range().start];
            let behind = view.text[end..eol::line_end(&view.text, end)].trim_start();
            before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'))
        };
        if is_statement && text.contains('\n') && !view.text[span.range()].contains('\n') && !is_alone() {
            return Err((Reason::OddSpelling, "it is not a statement on lines of its own".to_owned()));
        }
        // What stood on one line gets lines of its own as a whole.
        let edits = match text.contains('\n') && !view.text[span.range()].contains('\n') {
            true => vec![Edit::replace(span, text)],
            false => syntax::differing(Grammar::Python, source.tree, &view.text, span, &text),
        };
        let is_odd = |edit: &Edit| edit.text.contains(['"', '\'', '{', '}', '\n', '\\']);
        if place.is_shown() || (place.is_in_string() && edits.iter().any(is_odd)) {
            return Err((Reason::OddSpelling, "it stands in a string".to_owned()));
        }
        let is_lost = |comment: &Span| !captured(*comment) && edits.iter().any(|edit| edit.span.covers(*comment));
        if place.comments().iter().any(is_lost) {
            return Err((Reason::OddSpelling, "a comment in it would be lost".to_owned()));
        }
        Ok((edits, imports))
    }

    /// Whether a piece is a list that the match has nothing for.
    fn is_empty(&self, hit: &Hit, piece: &Piece) -> bool {
        matches!(piece, Piece::Many(name) if hit.found.many.get(name).copied().flatten().is_none())
    }

    /// The text of the replacement, and what it needs imported.
    fn render(&self, view: &View<'_>, hit: &Hit, replacement: &[Piece]) -> Result<(String, BTreeSet<Name>), (Reason, String)> {
        let mut imports = BTreeSet::new();
        let mut text = String::new();
        for (at, piece) in replacement.iter().enumerate() {
            let behind = match replacement.get(at + 1) {
                Some(Piece::Text(text)) => text.as_str(),
                Some(Piece::One(_) | Piece::Many(_)) => "$",
                None => "",
            };
            match piece {
                // The comma behind a list that is empty.
                Piece::Text(piece) if at > 0 && is_opened(&text) && self.is_empty(hit, &replacement[at - 1]) => {
                    let rest = piece.trim_start();
                    text.push_str(rest.strip_prefix(',').map_or(piece.as_str(), str::trim_start));
                }
                Piece::Text(piece) => text.push_str(piece),
                Piece::One(name) => match hit.found.one.get(name) {
                    Some(span) => {
                        let given = &view.text[span.range()];
                        let is_plain = is_bare(&text, behind) || template::is_primary(given).unwrap_or(true);
                        text.push_str(&if is_plain { given.to_owned() } else { format!("({given})") });
                    }
                    None => {
                        let member = &self.0.query.symbols[name];
                        let symbol = member.symbol(view.index);
                        let spelled =
                            spell(view, &symbol, hit.spot).ok_or_else(|| (Reason::NameTaken, symbol.name.to_string()))?;
                        imports.extend(spelled.import);
                        text.push_str(&spelled.name);
                        text.extend(member.member.iter().map(|member| format!(".{member}")));
                    }
                },
                Piece::Many(name) => match hit.found.many.get(name).copied().flatten() {
                    Some(span) => text.push_str(&view.text[span.range()]),
                    // The comma that would have led to it.
                    None => text.truncate(text.trim_end().trim_end_matches(',').len()),
                },
            }
        }
        Ok((text, imports))
    }
}

/// Whether another of the spans, which are sorted, lies inside of one of them. Spans of code lie in one another or apart.
fn has_inside(spans: &[Span], own: Span) -> bool {
    let same = spans.partition_point(|span| *span < Span::at(own.start));
    let is_around = |span: &&Span| span.start == own.start && span.end >= own.end;
    spans[same..].iter().find(|span| !is_around(span)).is_some_and(|span| own.covers(*span))
}

/// Keeps one statement of each block that would lose all: alone, it is found again in the next round, and leaves a `pass`.
fn keep_blocks(source: &Source<'_>, made: &mut Vec<Made<'_>>) {
    let block = |made: &Made<'_>| {
        let is_removed = made.edits.iter().all(|edit| edit.text.is_empty());
        Place::of(source, made.hit.found.span).filter(|place| is_removed && place.is_statement())?.block()
    };
    let mut removed: BTreeMap<Span, usize> = BTreeMap::new();
    made.retain(|made| {
        let Some((span, statements)) = block(made) else { return true };
        let count = removed.entry(span).or_default();
        *count += 1;
        statements == 1 || *count < statements
    });
}

/// Whether what is put between two texts stands by itself, so that nothing binds to it.
fn is_bare(before: &str, behind: &str) -> bool {
    let before = before.trim_end();
    let opens = match before.chars().next_back() {
        None | Some('(' | '[' | '{' | ',' | ':') => true,
        Some('=') => !before.ends_with("==") && !before.ends_with("!=") && !before.ends_with("<=") && !before.ends_with(">="),
        Some(_) => ["return", "yield"].iter().any(|word| before.ends_with(word)),
    };
    let closes = matches!(behind.trim_start().chars().next(), None | Some(')' | ']' | '}' | ',' | ':'));
    opens && closes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_by_itself() {
        for (before, behind) in [("f(", ", y)"), ("f(x, ", ")"), ("x = ", ""), ("return ", ""), ("{'a': ", "}"), ("f(k=", ")")]
        {
            assert!(is_bare(before, behind), "{before}${behind}");
        }
        for (before, behind) in [("f(", ".x)"), ("not ", ""), ("x == ", ""), ("await ", ""), ("a + ", ""), ("f(", " or y)")] {
            assert!(!is_bare(before, behind), "{before}${behind}");
        }
    }
}
