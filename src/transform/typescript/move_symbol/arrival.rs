//! What becomes of the module that a definition moves to.

use std::collections::BTreeSet;

use super::carried::Carried;
use super::definition::{Moving, Stop, applied};
use crate::lang::typescript::definitions::Spot;
use crate::lang::typescript::facts::{AliasForm, AliasId, BindingKind, Exported, Meaning, Use, UseForm};
use crate::lang::typescript::imports::{self, Becomes, Change, Name, Source};
use crate::lang::typescript::marks::marks;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::rename::rename;
use crate::lang::typescript::resolve::{self, Definition, End};
use crate::lang::typescript::{collect, definitions};
use crate::text::blob::Mode;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::span::Span;
use crate::transform::finding::Reason;
use crate::transform::typescript::{View, refused};

impl Moving<'_> {
    /// The change of the new module: the definition, with what it needs.
    pub fn arrive(&self, carried: &Carried) -> Result<SourceChange, Stop> {
        let index = self.context.index;
        let Some(file) = index.snapshot().id(&self.place) else {
            let text = format!("{}{}{}", self.marks(), carried.text, eol::line_ending(&self.view.text));
            let facts = collect(&text, &self.place);
            let grammar = crate::lang::grammar(&self.place).ok_or(Reason::ParsersDisagree)?;
            let tree = crate::syntax::parse(grammar, &text).ok_or(Reason::ParsersDisagree)?;
            let source = Source { text: &text, facts: &facts, tree: &tree };
            let change = Change { added: carried.needs.clone(), ..Change::default() };
            // A file without imports has no style of its own: it gets that of the old module.
            let edits = imports::edits(&source, &change).map_err(refused)?.into_iter();
            let edits = edits.map(|edit| Edit { text: edit.text.replace(['"', '\''], self.quote()), ..edit });
            let edit = TextEdit::new(edits.collect()).map_err(|_| Reason::ParsersDisagree)?;
            let create = FileChange::Create { content: applied(&edit, &text), mode: Mode::Regular };
            return Ok(SourceChange::of(self.place.clone(), create));
        };
        let view = View::open(index, file);
        if !view.facts.errors.is_empty() {
            return Err(Reason::Unparsable.into());
        }
        let tree = index.tree(file, &view.text).ok_or(Reason::ParsersDisagree)?;
        let source = Source { text: &view.text, facts: view.facts, tree };
        let mut change = self.make_room(&view)?;
        let (renamed, spot) = self.settle(&view, &source, &mut change)?;
        for name in &carried.needs {
            if self.has_already(&view, name)? {
                continue;
            }
            change.added.push(name.clone());
        }
        let mut edits = imports::edits(&source, &change).map_err(refused)?;
        edits.extend(renamed);
        edits.push(definitions::insert(&source, spot, &carried.text).map_err(refused)?);
        let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
        Ok(SourceChange::edit(self.place.clone(), edit))
    }

    /// What the new module's own uses of the definition become, and where it has to stand for those that are evaluated with the module:
    /// what is imported is there from the start, what is declared is not.
    fn settle(&self, view: &View<'_>, source: &Source<'_>, change: &mut Change) -> Result<(Vec<Edit>, Spot), Stop> {
        let facts = view.facts;
        let (mut edits, mut first) = (Vec::new(), None);
        for (at, alias) in facts.aliases.iter().enumerate() {
            let (AliasForm::Import(_), Some(local)) = (alias.form, alias.local) else { continue };
            let way = resolve::bound(&view.code, view.file, local);
            if way.end != End::Definition(Definition::Binding(self.view.file, self.binding)) || way.is_renamed {
                continue;
            }
            let name = facts.names.get(facts.bindings[local.index()].name);
            let id = AliasId::new(at);
            if name != self.local() {
                let renaming = rename(source, local, self.local(), &|_| false)
                    .map_err(|_| Stop { reason: Reason::NameTaken, evidence: vec![view.quote("there", alias.span)] })?;
                edits.extend(renaming.uses);
                change.aliases.push((id, Becomes::Nothing));
            }
            let is_eager = |used: &&Use| {
                used.binding == Some(local) && used.meaning.intersects(Meaning::VALUE) && !facts.is_lazy(used.scope)
            };
            let is_listed = |used: &Use| matches!(used.form, UseForm::ExportSpecifier(_));
            let eager = facts.uses.iter().filter(is_eager).find(|used| !is_listed(used)).map(|used| used.span.start);
            first = first.into_iter().chain(eager).min();
        }
        let Some(first) = first else { return Ok((edits, Spot::End)) };
        // Where the definition reads the module's own names, it may have to stand behind them.
        let own = self.view.facts.uses.iter().filter(|used| self.regions().iter().any(|region| region.covers(used.span)));
        let is_there = |used: &Use| {
            let bound = facts.top_level(self.view.facts.names.get(used.name)).map(|binding| &facts.bindings[binding.index()]);
            bound.is_some_and(|bound| !matches!(bound.kind, BindingKind::Import(_)))
        };
        match { own }.any(is_there) {
            true => Err(Reason::LoadTime.into()),
            false => Ok((edits, Spot::Before(first))),
        }
    }

    /// What a new file says of itself: what the old one says. Types are the same wherever code runs.
    fn marks(&self) -> String {
        let text = &self.view.text;
        let is_type = !self.view.facts.bindings[self.binding.index()].meaning.contains(Meaning::VALUE);
        let marks = marks(text).into_iter().filter(|(_, mark)| !is_type || mark.starts_with('@'));
        let eol = eol::line_ending(text);
        let line = |(span, mark): (Span, &str)| match mark.strip_prefix("@ts-") {
            Some(_) => format!("// {mark}{eol}"),
            None if mark.starts_with('@') => format!("/** {mark} */{eol}"),
            None => format!("{}{eol}", text[span.range()].trim()),
        };
        let lines: String = marks.map(line).collect();
        if lines.is_empty() { lines } else { lines + eol }
    }

    /// The quotes that the old module's specifiers have, or, where it has none, most of its text.
    fn quote(&self) -> &str {
        let facts = self.view.facts;
        let requests: Vec<&str> = facts.requests.iter().map(|request| &self.view.text[request.span.range()]).collect();
        let single = requests.iter().filter(|text| text.starts_with('\'')).count();
        let is_single = match requests.len() {
            0 => self.view.text.matches('\'').count() > self.view.text.matches('"').count(),
            all => 2 * single > all,
        };
        if is_single { "'" } else { "\"" }
    }

    /// What has to go from the new module so that the definition can come: an import or re-export of itself.
    fn make_room(&self, view: &View<'_>) -> Result<Change, Stop> {
        let facts = view.facts;
        let mut change = Change::default();
        let is_it = |way: &resolve::Resolution| {
            way.end == End::Definition(Definition::Binding(self.view.file, self.binding)) && !way.is_renamed
        };
        for (id, export) in facts.exports_of(&self.to.name) {
            let way =
                view.code.resolve(&resolve::Symbol { module: Module::File(view.file), name: self.to.name.as_str().into() });
            match export.what {
                Exported::From { .. } if is_it(&way) => change.exports.push((id, Becomes::Nothing)),
                _ => return Err(Stop { reason: Reason::PlaceTaken, evidence: vec![view.quote("there", export.span)] }),
            }
        }
        let local = self.local();
        let companions =
            self.companions.iter().map(|binding| self.view.facts.names.get(self.view.facts.bindings[binding.index()].name));
        let names: BTreeSet<&str> = [local, self.to.name.as_str()].into_iter().chain(companions).collect();
        for name in names {
            let Some(bound) = facts.top_level(name) else {
                let free = facts
                    .names
                    .find(name)
                    .and_then(|id| facts.uses.iter().find(|used| used.name == id && used.binding.is_none()));
                match free {
                    Some(used) => {
                        return Err(Stop { reason: Reason::NameTaken, evidence: vec![view.quote("there", used.span)] });
                    }
                    None => continue,
                }
            };
            match facts.bindings[bound.index()].kind {
                // The name is what it was an import of.
                BindingKind::Import(alias) if is_it(&resolve::bound(&view.code, view.file, bound)) && name == self.to.name => {
                    change.aliases.push((alias, Becomes::Nothing));
                }
                _ => {
                    let at = facts.declarations_of(&facts.bindings[bound.index()]).first().map(|it| it.name_span);
                    let evidence = at.map(|at| view.quote("there", at)).into_iter().collect();
                    return Err(Stop { reason: Reason::PlaceTaken, evidence });
                }
            }
        }
        Ok(change)
    }

    /// What the definition is called where it arrives.
    fn local(&self) -> &str {
        match self.to.name.as_str() {
            "default" => self.view.facts.names.get(self.view.facts.bindings[self.binding.index()].name),
            name => name,
        }
    }

    /// Whether the new module has a name already that the definition needs.
    fn has_already(&self, view: &View<'_>, name: &Name) -> Result<bool, Stop> {
        let Some(bound) = view.facts.top_level(&name.local) else { return Ok(false) };
        let theirs = resolve::bound(&view.code, view.file, bound);
        let ours = self.view.facts.top_level(&name.local).map(|own| resolve::bound(&self.view.code, self.view.file, own));
        if ours.is_some_and(|ours| ours.is_same_object(&theirs)) {
            return Ok(true);
        }
        let at = view.facts.declarations_of(&view.facts.bindings[bound.index()]).first().map(|it| it.name_span);
        Err(Stop { reason: Reason::NameTaken, evidence: at.map(|at| view.quote("there", at)).into_iter().collect() })
    }
}
