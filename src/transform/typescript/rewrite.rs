//! `rewrite` for TypeScript: structural search and replace on its tree, by what names mean to its resolver.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::query::{Found, Hit, Language, Scene, hold, language};
use super::spell::spell;
use super::{View, refused};
use crate::index::Index;
use crate::lang::typescript::grammar;
use crate::lang::typescript::imports::{self, Change, Name, Source};
use crate::lang::typescript::place::{Colour, Place, awaits, is_whole};
use crate::syntax;
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::span::Span;
use crate::transform::finding::{Bond, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::query::{Leave, Rewriting};
use crate::transform::replacement::{Piece, is_opened};
use crate::transform::wire::{Problem, Table};
use crate::transform::{Context, Rule, Subject};

struct Rewrite(Rewriting<Language>);

/// Why a match is not rewritten, and what stands in the way.
type Obstacle = (Reason, String);

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    Some(Box::new(Rewrite(Rewriting::read(&language(table)?, table))))
}

impl Rule for Rewrite {
    fn check(&self, index: &Index) -> Vec<Problem> {
        self.0.query.check(index)
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let found = self.0.query.run(context);
        found.par_iter().flat_map_iter(|found| self.in_file(context.index, found)).collect()
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
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
        let finding = |span: Span, outcome: Outcome, evidence: Vec<Evidence>| {
            let mut finding = view.finding(span, self.0.message.clone(), Some(Spelling::of(Form::Code)), outcome);
            finding.evidence = evidence;
            finding
        };
        let left = |span: Span, reason: Reason, because: Option<String>, suggestion: Option<&String>| {
            let because = because.map(|text| Evidence { role: "because", at: None, text });
            let suggestion = suggestion.map(|text| Evidence { role: "suggest", at: None, text: text.clone() });
            finding(span, Outcome::Left(reason), because.into_iter().chain(suggestion).collect())
        };
        let own = self.0.suggestion.as_ref();
        if let Some(error) = found.unparsable {
            return vec![left(error, Reason::Unparsable, None, own)];
        }
        let Some((tree, grammar)) = index.tree(found.file, &view.text).zip(grammar(view.path)) else {
            let hits = found.hits.iter();
            return hits.map(|hit| left(hit.found.span, Reason::ParsersDisagree, None, own)).collect();
        };
        let scene = Scene { grammar, tree, text: &view.text };
        let mut findings = Vec::new();
        let mut made: Vec<Made<'_>> = Vec::new();
        for hit in &found.hits {
            let span = hit.found.span;
            let is_left = |leave: &&Leave<Language>| hold(&leave.conditions, &scene, &hit.found, &BTreeMap::new());
            if let Some(leave) = self.0.leave.iter().find(is_left) {
                findings.push(left(span, leave.reason, None, leave.suggestion.as_ref()));
                continue;
            }
            let Some(replacement) = &self.0.replacement else {
                findings.push(left(span, Reason::ForPerson, None, own));
                continue;
            };
            match self.make(&view, &scene, hit, replacement) {
                // It is what it would be.
                Ok((edits, _)) if edits.is_empty() => {}
                Ok((edits, imports)) => made.push(Made { hit, edits, imports }),
                Err((reason, text)) => findings.push(left(span, reason, Some(text), own)),
            }
        }
        // What lies in another match is done first; the other is found again in the next round.
        let spans: Vec<Span> = made.iter().map(|made| made.hit.found.span).collect();
        made.retain(|made| {
            let own = made.hit.found.span;
            !spans.iter().any(|span| *span != own && own.covers(*span))
        });
        findings.extend(self.write(&view, &scene, &made));
        findings
    }

    /// The findings of the matches in a file, with one for the imports that they need.
    fn write(&self, view: &View<'_>, scene: &Scene<'_>, made: &[Made<'_>]) -> Vec<Finding> {
        if made.is_empty() {
            return Vec::new();
        }
        let index = view.code.index;
        let held = made.iter().find_map(|made| made.hit.held);
        // What shares import statements is as sure as the least sure of it.
        let reason = match () {
            () if scene.tree.has_errors() => Reason::ParsersDisagree,
            () => held.map_or(Reason::Stated, |(reason, _)| reason),
        };
        let (code, brought) = (format!("code in {}", view.path), format!("imports in {}", view.path));
        let evidence: Vec<Evidence> = held
            .map(|(_, (test, request))| {
                let test = View::open(index, test);
                test.quote("mock", test.facts.requests[request.index()].span)
            })
            .into_iter()
            .collect();
        let finding = |span: Span, form: Form, message: String, outcome: Outcome| {
            let mut finding = view.finding(span, message, Some(Spelling::of(form)), outcome);
            finding.evidence.clone_from(&evidence);
            finding
        };
        let fix = |edits: Vec<Edit>, bond: Bond| match TextEdit::new(edits) {
            Ok(edit) => {
                let change = SourceChange::edit(view.path.clone(), edit);
                Outcome::Fix(Fix { bond, ..Fix::judged(Some(reason), change) })
            }
            Err(_) => Outcome::Left(Reason::ParsersDisagree),
        };
        let added: BTreeSet<&Name> = made.iter().flat_map(|made| &made.imports).collect();
        let source = Source { text: &view.text, facts: view.facts, tree: scene.tree };
        let change = Change { added: added.iter().map(|name| (*name).clone()).collect(), ..Change::default() };
        let left = |reason: Reason| {
            let finding =
                |made: &Made<'_>| finding(made.hit.found.span, Form::Code, self.0.message.clone(), Outcome::Left(reason));
            made.iter().map(finding).collect()
        };
        let is_clash = |name: &&&Name| added.iter().any(|other| other.local == name.local && other != *name);
        if added.iter().any(|name| is_clash(&name)) {
            return left(Reason::NameTaken);
        }
        let edits = match imports::edits(&source, &change) {
            Ok(edits) => edits,
            Err(refusal) => return left(refused(refusal)),
        };
        let mut findings = Vec::new();
        if let Some(first) = edits.iter().map(|edit| edit.span).min() {
            let bond = Bond { settles: vec![brought.clone()], needs: vec![code.clone()] };
            let message = format!("imports for {}", self.0.message);
            findings.push(finding(first, Form::Import, message, fix(edits.clone(), bond)));
        }
        let needs = if edits.is_empty() { Vec::new() } else { vec![brought] };
        for made in made {
            let bond = Bond { settles: vec![code.clone()], needs: needs.clone() };
            findings.push(finding(made.hit.found.span, Form::Code, self.0.message.clone(), fix(made.edits.clone(), bond)));
        }
        findings
    }

    /// The edits that put the replacement in the place of a match, and what they need imported.
    fn make(
        &self,
        view: &View<'_>,
        scene: &Scene<'_>,
        hit: &Hit,
        replacement: &[Piece],
    ) -> Result<(Vec<Edit>, BTreeSet<Name>), Obstacle> {
        let span = hit.found.span;
        let odd = |text: &str| (Reason::OddSpelling, text.to_owned());
        let place = scene.place(span).ok_or_else(|| (Reason::ParsersDisagree, "a part of a piece of code".to_owned()))?;
        // What names a module means a file, and not a text.
        let is_part = |whole: Span, string: Span| string.intersects(span) && !span.covers(whole);
        if view.facts.requests.iter().any(|request| is_part(request.whole, request.span)) {
            return Err(odd("it names a module"));
        }
        if replacement.is_empty() {
            return Ok((
                vec![removal(view, place, span).ok_or_else(|| odd("it is not a statement on lines of its own"))?],
                BTreeSet::new(),
            ));
        }
        let (text, imports) = self.render(view, scene, hit, replacement)?;
        let text = laid_out(view, place, span, text, replacement);
        if place.is_target() {
            return Err(odd("a value is assigned to it"));
        }
        let waits = awaits(scene.grammar, &text) && !awaits(scene.grammar, &view.text[span.range()]);
        if waits && place.colour() != Colour::Async {
            return Err((Reason::SyncCaller, "it would wait".to_owned()));
        }
        let text = place.fit(&text).ok_or_else(|| odd("what would take its place does not fit there"))?;
        let edits = match text.contains('\n') && !view.text[span.range()].contains('\n') {
            true => vec![Edit::replace(span, text)],
            false => syntax::differing(scene.grammar, scene.tree, &view.text, span, &text),
        };
        let captured = |at: Span| {
            let one = hit.found.one.values().copied();
            one.chain(hit.found.many.values().copied().flatten()).any(|span| span.covers(at))
        };
        let is_lost = |comment: &&Span| {
            span.covers(**comment) && !captured(**comment) && edits.iter().any(|edit| edit.span.covers(**comment))
        };
        if view.facts.comments.iter().find(is_lost).is_some() {
            return Err((Reason::Commented, "a comment in it would be lost".to_owned()));
        }
        Ok((edits, imports))
    }

    /// Whether a piece is a list that the match has nothing for.
    fn is_empty(hit: &Hit, piece: &Piece) -> bool {
        matches!(piece, Piece::Many(name) if hit.found.many.get(name).copied().flatten().is_none())
    }

    /// The text of the replacement, and what it needs imported.
    fn render(
        &self,
        view: &View<'_>,
        scene: &Scene<'_>,
        hit: &Hit,
        replacement: &[Piece],
    ) -> Result<(String, BTreeSet<Name>), Obstacle> {
        let mut imports = BTreeSet::new();
        let mut text = String::new();
        let mut parts: Vec<Span> = Vec::new();
        for (at, piece) in replacement.iter().enumerate() {
            let start = text.len() as u32;
            match piece {
                // The comma behind a list that is empty.
                Piece::Text(piece) if at > 0 && is_opened(&text) && Self::is_empty(hit, &replacement[at - 1]) => {
                    let rest = piece.trim_start();
                    text.push_str(rest.strip_prefix(',').map_or(piece.as_str(), str::trim_start));
                }
                Piece::Text(piece) => text.push_str(piece),
                Piece::One(name) => match hit.found.one.get(name) {
                    Some(span) => {
                        text.push_str(&view.text[span.range()]);
                        parts.push(Span::new(start, text.len() as u32));
                    }
                    None => {
                        let member = &self.0.query.symbols[name];
                        let spelled = spell(view, &member.symbol.symbol(view.code.index), hit.found.span)?;
                        imports.extend(spelled.import);
                        text.push_str(&spelled.text);
                        text.extend(member.members.iter().map(|member| format!(".{member}")));
                    }
                },
                Piece::Many(name) => match hit.found.many.get(name).copied().flatten() {
                    Some(span) => text.push_str(&view.text[span.range()]),
                    // The comma that would have led to it.
                    None => text.truncate(text.trim_end().trim_end_matches(',').len()),
                },
            }
        }
        // What is captured stays one thing, whatever stands around it now.
        for part in parts.into_iter().rev() {
            let in_parentheses = format!("({})", &text[part.range()]);
            let mut other = text.clone();
            other.replace_range(part.range(), &in_parentheses);
            let is_all = part.range() == (0..text.len());
            if !is_all
                && !is_whole(scene.grammar, &text, part)
                && is_whole(scene.grammar, &other, Span::new(part.start, part.end + 2))
            {
                text = other;
            }
        }
        Ok((text, imports))
    }
}

/// The replacement as it is to stand at the place: with the semicolon that a statement had, and its lines indented.
fn laid_out(view: &View<'_>, place: Place<'_>, span: Span, text: String, replacement: &[Piece]) -> String {
    let old = &view.text[span.range()];
    if !place.is_statement() {
        return with_quotes_of(old, text);
    }
    let is_ended = text.ends_with([';', '}']);
    let mut text = if old.ends_with(';') && !is_ended { format!("{text};") } else { text };
    // What is captured has its lines already; those of the replacement get the indentation of the place.
    if replacement.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains('\n'))) {
        let indent = eol::indentation(&view.text, span.range().start);
        text = text.replace('\n', &format!("{}{indent}", eol::line_ending(&view.text)));
    }
    text
}

/// A string in the quotes of the one whose place it takes.
fn with_quotes_of(old: &str, new: String) -> String {
    let quoted = |text: &str, quote: char| {
        let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        inner.filter(|inner| !inner.contains(['"', '\'', '\\', '\n'])).map(str::to_owned)
    };
    let quote = old.chars().next().filter(|quote| matches!(quote, '"' | '\'') && quoted(old, *quote).is_some());
    let inner = quoted(&new, '"').or_else(|| quoted(&new, '\''));
    quote.zip(inner).map_or(new, |(quote, inner)| format!("{quote}{inner}{quote}"))
}

/// The edit that takes a statement out with its lines; `None` where it shares them.
fn removal(view: &View<'_>, place: Place<'_>, span: Span) -> Option<Edit> {
    let text = &view.text;
    let (start, end) = (eol::line_start(text, span.range().start), eol::line_end(text, span.range().end));
    let is_alone = text[start..span.range().start].trim().is_empty() && text[span.range().end..end].trim().is_empty();
    let edit = Edit::delete(Span::new(start as u32, eol::next_line(text, span.range().end) as u32));
    (place.is_statement() && is_alone && place.may_go()).then_some(edit)
}
