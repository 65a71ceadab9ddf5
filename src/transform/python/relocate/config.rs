//! Dotted paths in configuration files that name what moves.

use rustc_hash::FxHashMap;

use super::Relocation;
use crate::index::mentions::Mention;
use crate::lang::config::Position;
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::FileId;
use crate::transform::finding::{Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::place_in;

impl Relocation<'_> {
    /// What becomes of the mentions in the plan's scope. A consumer's own name for the object goes on to work.
    pub(super) fn in_config(&self, mentions: &[Mention]) -> Vec<Finding> {
        let concerns = |mention: &&Mention| mention.target < self.pairs.len() && mention.distance == 0;
        let mut texts: FxHashMap<FileId, String> = FxHashMap::default();
        let mut found = Vec::new();
        for mention in mentions.iter().filter(concerns) {
            let read = || self.context.index.text(mention.file).unwrap_or_default();
            found.push(self.mention(mention, texts.entry(mention.file).or_insert_with(read)));
        }
        found
    }

    fn mention(&self, mention: &Mention, text: &str) -> Finding {
        let pair = &self.pairs[mention.target];
        let index = self.context.index;
        let place = place_in(index, mention.file, mention.span);
        let separator = if text[mention.span.range()].contains(':') { ':' } else { '.' };
        let edit = Edit::replace(mention.span, format!("{}{separator}{}", pair.module, pair.to.name));
        let caution = (mention.position == Position::Value).then_some(Reason::InConfig);
        let reason = pair.verdict.reason.or(caution);
        let outcome = match (pair.verdict.applicability, mention.position, TextEdit::new(vec![edit])) {
            (None, ..) => Outcome::Left(reason.unwrap_or(Reason::TargetLacks)),
            (Some(_), Position::EntryPoint | Position::Value, _) if !index.is_readable(mention.file, mention.format) => {
                Outcome::Left(Reason::Unparsable)
            }
            (Some(_), Position::EntryPoint | Position::Value, Ok(edit)) => {
                Outcome::Fix(Fix::judged(reason, SourceChange::edit(place.path.clone(), edit)))
            }
            _ => Outcome::Left(Reason::InString),
        };
        let spelling = Some(Spelling::of(Form::Config));
        Finding { place, message: self.message(mention.target), spelling, evidence: pair.verdict.evidence.clone(), outcome }
    }
}
