//! The references in one file.

use std::collections::BTreeMap;

use super::loads::Lost;
use super::{Home, Pair, Style};
use crate::index::typescript::references::{Reference, Site};
use crate::lang::typescript::facts::{
    Alias, AliasForm, AliasId, BindingId, ExportId, Exported, Imported, Meaning, RequestId, RequestKind, Use,
};
use crate::lang::typescript::imports::{self, Becomes, Change, Name, Source};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::rename::rename;
use crate::lang::typescript::resolve::{Definition, End, Symbol};
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Applicability, Bond, Evidence, Finding, Fix, Outcome, Reason};
use crate::transform::typescript::mocks::{self, Mocks};
use crate::transform::typescript::{View, spelling};

pub(super) struct InFile<'c> {
    pub context: &'c Context<'c>,
    pub pairs: &'c [Pair],
    pub style: Style,
    pub view: &'c View<'c>,
    pub chain: &'c [Symbol],
    pub mocks: &'c Mocks,
    pub lost: &'c Lost,
}

/// A reference that is to be rewritten.
struct Move<'r> {
    reference: &'r Reference,
    caution: Option<Reason>,
}

impl InFile<'_> {
    /// What becomes of the references.
    pub fn findings(&self, references: &[&Reference]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut moves: BTreeMap<Applicability, Vec<Move<'_>>> = BTreeMap::new();
        for reference in references.iter().filter(|reference| self.is_told(reference)) {
            match self.obstacle(reference) {
                Some(reason) => findings.push(self.finding(reference, Outcome::Left(reason))),
                None => {
                    let pair = &self.pairs[reference.target];
                    let caution = pair.verdict.reason.or_else(|| self.caution(reference));
                    let certain = pair.verdict.applicability.unwrap_or(Applicability::Review);
                    let class = if caution.is_some() { Applicability::Review } else { certain };
                    moves.entry(class).or_default().push(Move { reference, caution });
                }
            }
        }
        for (class, moves) in moves {
            findings.extend(self.rewrite(class, &moves));
        }
        findings
    }

    /// Whether there is something to say of a reference: one that only follows another is told with it.
    fn is_told(&self, reference: &Reference) -> bool {
        let is_own = self.pairs[reference.target].from.module == Module::File(self.view.file);
        let is_kept = self.style.keeps_barrels && reference.distance > 0;
        match reference.site {
            _ if is_own || is_kept => false,
            Site::Alias(_) | Site::Attribute(..) => true,
            Site::Export(export) => matches!(self.view.facts.exports[export.index()].what, Exported::From { .. }),
            Site::Name(_) | Site::Request(_) => false,
        }
    }

    /// Why a reference is not rewritten.
    fn obstacle(&self, reference: &Reference) -> Option<Reason> {
        let pair = &self.pairs[reference.target];
        let own = Module::File(self.view.file);
        if self.chain.iter().any(|symbol| symbol.module == own) {
            return Some(Reason::TargetChain);
        }
        if pair.to.module == own {
            return Some(Reason::InTarget);
        }
        if !self.view.facts.errors.is_empty() {
            return Some(Reason::Unparsable);
        }
        if let Some(reason) = self.context.keeps(self.view.file) {
            return Some(reason);
        }
        if pair.verdict.applicability.is_none() {
            return Some(pair.verdict.reason.unwrap_or(Reason::TargetLacks));
        }
        match reference.site {
            Site::Alias(alias) => {
                let alias = &self.view.facts.aliases[alias.index()];
                let is_staying = self.mocks.is_staying(self.view.file, alias.request);
                is_staying.then_some(Reason::ReadersSplit)
            }
            // `ns.X = …` replaces the export for everyone who reads it.
            Site::Attribute(used, depth) => {
                let used = &self.view.facts.uses[used.index()];
                let is_last = self.view.facts.attributes_of(used).len() == depth;
                (used.is_assigned && is_last).then_some(Reason::Assigned)
            }
            _ => None,
        }
    }

    /// Why rewriting a reference to one and the same thing may still not be what is wanted.
    fn caution(&self, reference: &Reference) -> Option<Reason> {
        if reference.way.is_renamed && reference.distance > 0 {
            return Some(Reason::OwnName);
        }
        let passed = &reference.way.hops[..=reference.distance];
        let held = self.mocks.hold(self.view.file, passed, &self.pairs[reference.target].to.module);
        held.or(self.lost(reference).map(|_| Reason::LoadTime))
    }

    /// What is not loaded any more when a reference goes elsewhere, where that does something.
    fn lost(&self, reference: &Reference) -> Option<&Evidence> {
        let facts = self.view.facts;
        let request = match reference.site {
            Site::Alias(alias) => facts.aliases[alias.index()].request,
            Site::Export(export) => match facts.exports[export.index()].what {
                Exported::From { request, .. } => request,
                _ => return None,
            },
            _ => return None,
        };
        self.lost.get(self.view.file, request)
    }

    fn rewrite(&self, class: Applicability, moves: &[Move<'_>]) -> Vec<Finding> {
        let key = file_key(self.view.path);
        let paths = self.mocks.partners(self.view.file);
        let partners: Vec<String> =
            paths.into_iter().map(|file| file_key(&self.context.index.snapshot().get(file).path)).collect();
        let outcome = match self.change(moves) {
            Ok((change, caution)) => Ok((change, caution)),
            Err(reason) => Err(reason),
        };
        let mut findings = Vec::new();
        for (at, Move { reference, caution }) in moves.iter().enumerate() {
            let outcome = match &outcome {
                Err(reason) => Outcome::Left(*reason),
                Ok((change, doubt)) => {
                    let caution = caution.or(*doubt);
                    let class = if caution.is_some() { Applicability::Review } else { class };
                    // The first of them carries what all of them are.
                    let change = if at == 0 { change.clone() } else { SourceChange::default() };
                    let bond = match at {
                        0 => Bond { settles: vec![key.clone()], needs: partners.clone() },
                        _ => Bond { settles: Vec::new(), needs: vec![key.clone()] },
                    };
                    Outcome::Fix(Fix { bond, ..Fix::new(class, caution, change) })
                }
            };
            findings.push(self.finding(reference, outcome));
        }
        findings
    }

    /// The change of the file, and why it is to be looked at.
    fn change(&self, moves: &[Move<'_>]) -> Result<(SourceChange, Option<Reason>), Reason> {
        let index = self.context.index;
        let tree = index.tree(self.view.file, &self.view.text).ok_or(Reason::ParsersDisagree)?;
        let source = Source { text: &self.view.text, facts: self.view.facts, tree };
        let mut change = Change::default();
        let mut edits: Vec<Edit> = Vec::new();
        // Of two names for one thing, the one that is there at run time stays.
        let mut moves: Vec<&Move<'_>> = moves.iter().collect();
        moves.sort_by_key(|it| match it.reference.site {
            Site::Alias(alias) => self.view.facts.aliases[alias.index()].is_type_only,
            _ => false,
        });
        for Move { reference, .. } in &moves {
            match reference.site {
                Site::Alias(alias) => self.alias(&source, reference, alias, &mut change, &mut edits)?,
                Site::Export(export) => self.export(reference, export, &mut change)?,
                _ => {}
            }
        }
        // By then it is known what the file calls the symbol itself.
        for Move { reference, .. } in &moves {
            self.attribute(reference, &mut change, &mut edits)?;
        }
        let written = imports::edits(&source, &change).map_err(super::super::refused)?;
        edits.extend(written);
        let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
        // tree-sitter has to read what it is to vouch for.
        let errors = tree.errors();
        let is_in = |error: Span, edit: Span| error.intersects(edit) || error.covers(edit) || edit.covers(error);
        if edit.edits().iter().any(|edit| errors.iter().any(|error| is_in(error.span, edit.span))) {
            return Err(Reason::ParsersDisagree);
        }
        let doubt = (!errors.is_empty()).then_some(Reason::ParsersDisagree);
        Ok((SourceChange::edit(self.view.path.clone(), edit), doubt))
    }

    /// The specifier of a pair's new home, in the style of one that the file wrote before.
    fn specifier(&self, pair: &Pair, old: &str) -> Result<String, Reason> {
        match &pair.home {
            Home::Package(name) => Ok(name.clone()),
            Home::Path(path) => {
                let modules = self.view.code.modules();
                modules.spell(self.view.path, path, old).ok_or(Reason::NotImportable)
            }
        }
    }

    fn alias(
        &self,
        source: &Source<'_>,
        reference: &Reference,
        id: AliasId,
        change: &mut Change,
        edits: &mut Vec<Edit>,
    ) -> Result<(), Reason> {
        let facts = self.view.facts;
        let alias = &facts.aliases[id.index()];
        let pair = &self.pairs[reference.target];
        let specifier = self.specifier(pair, facts.specifier(alias.request))?;
        if alias.form == AliasForm::Replacement {
            for inner in mocks::inner(self.view.code, self.view.file, alias.request) {
                let respelled = (inner, self.specifier(pair, facts.specifier(inner))?);
                if !change.specifiers.contains(&respelled) {
                    change.specifiers.push(respelled);
                }
            }
        }
        for cast in casts(source, alias.request) {
            let targets = self.view.code.targets(self.view.file);
            if targets[cast.index()].module != targets[alias.request.index()].module {
                return Err(Reason::OddSpelling);
            }
            change.specifiers.push((cast, self.specifier(pair, facts.specifier(cast))?));
        }
        let name = Name {
            specifier,
            imported: pair.to.name.to_string(),
            local: self.local(source, pair, alias, edits),
            is_type_only: alias.is_type_only,
        };
        // Two names for one thing have become one.
        let is_known = change.aliases.iter().any(|(_, other)| match other {
            Becomes::Name(other) => other.local == name.local && other.imported == name.imported,
            Becomes::Nothing => false,
        });
        if is_known && matches!(alias.form, AliasForm::Import(_)) {
            change.aliases.push((id, Becomes::Nothing));
            return Ok(());
        }
        change.aliases.push((id, Becomes::Name(name)));
        Ok(())
    }

    /// The name by which the file is to know what an alias brings; where that is another than before, the uses get it too.
    fn local(&self, source: &Source<'_>, pair: &Pair, alias: &Alias, edits: &mut Vec<Edit>) -> String {
        let facts = self.view.facts;
        let imported = match alias.imported {
            Imported::Name(name) => facts.names.get(name),
            Imported::Namespace => "*",
        };
        let Some(binding) = alias.local else { return imported.to_owned() };
        let local = facts.names.get(facts.bindings[binding.index()].name);
        let is_followed = local == imported && local != &*pair.to.name && &*pair.to.name != "default";
        let is_import = matches!(alias.form, AliasForm::Import(_));
        if self.style.keeps_names || !is_followed || !is_import || self.is_exported(binding) {
            return local.to_owned();
        }
        match rename(source, binding, &pair.to.name, &|other| self.is_same(other, pair)) {
            Ok(renamed) => {
                edits.extend(renamed.uses);
                pair.to.name.to_string()
            }
            // The name is taken: the old one stays.
            Err(_) => local.to_owned(),
        }
    }

    fn is_exported(&self, binding: BindingId) -> bool {
        self.view.facts.exports.iter().any(|export| export.what == Exported::Binding(binding))
    }

    fn export(&self, reference: &Reference, id: ExportId, change: &mut Change) -> Result<(), Reason> {
        let facts = self.view.facts;
        let pair = &self.pairs[reference.target];
        let export = &facts.exports[id.index()];
        let Exported::From { request, .. } = export.what else { return Ok(()) };
        let name = Name {
            specifier: self.specifier(pair, facts.specifier(request))?,
            imported: pair.to.name.to_string(),
            local: facts.names.get(export.name).to_owned(),
            is_type_only: export.is_type_only,
        };
        change.exports.push((id, Becomes::Name(name)));
        Ok(())
    }

    /// `ns.X`: the file takes the name by itself from now on.
    fn attribute(&self, reference: &Reference, change: &mut Change, edits: &mut Vec<Edit>) -> Result<(), Reason> {
        let Site::Attribute(id, depth) = reference.site else { return Ok(()) };
        let facts = self.view.facts;
        let used = &facts.uses[id.index()];
        let pair = &self.pairs[reference.target];
        let alias = used.binding.and_then(|binding| self.alias_of(binding)).ok_or(Reason::NotProved)?;
        let attribute = facts.attributes_of(used)[depth - 1];
        if self.has_name(reference, pair) {
            let name = if attribute.is_quoted { format!("\"{}\"", pair.to.name) } else { pair.to.name.to_string() };
            edits.push(Edit::replace(attribute.span, name));
            return Ok(());
        }
        // What a function loads when it runs stays with it.
        if !matches!(alias.form, AliasForm::Import(_)) || &*pair.to.name == "default" {
            return Err(Reason::OddSpelling);
        }
        let is_type_only = alias.is_type_only || self.is_type(pair);
        let free = || [&*pair.to.name, &*pair.from.name].into_iter().find(|name| self.is_free(used, name)).map(str::to_owned);
        let known = self.known(used, pair, change, is_type_only);
        let local = match known {
            Some(local) => local,
            None => {
                let local = free().ok_or(Reason::NameTaken)?;
                let specifier = self.specifier(pair, facts.specifier(alias.request))?;
                let imported = pair.to.name.to_string();
                match change.added.iter_mut().find(|name| name.local == local && name.imported == imported) {
                    // One import serves types and values.
                    Some(name) => name.is_type_only &= is_type_only,
                    None => change.added.push(Name { specifier, imported, local: local.clone(), is_type_only }),
                }
                local
            }
        };
        edits.push(Edit::replace(Span::new(used.span.start, attribute.span.end), &*local));
        Ok(())
    }

    /// What an import of the file calls a pair's new symbol already, or will call it, where that is seen at a use.
    fn known(&self, used: &Use, pair: &Pair, change: &Change, is_type_only: bool) -> Option<String> {
        let facts = self.view.facts;
        let will = change.aliases.iter().find_map(|(id, becomes)| match becomes {
            Becomes::Name(name) if *name.imported == *pair.to.name && (is_type_only || !name.is_type_only) => {
                let alias = &facts.aliases[id.index()];
                let is_import = matches!(alias.form, AliasForm::Import(_)) && alias.local.is_some();
                let is_seen = self.is_free(used, &name.local) || self.sees(used, &name.local) == alias.local;
                (is_import && is_seen).then(|| name.local.clone())
            }
            _ => None,
        });
        let is_it = |alias: &&Alias| {
            let is_named = matches!(alias.imported, Imported::Name(name) if facts.names.get(name) == &*pair.to.name);
            is_named && matches!(alias.form, AliasForm::Import(_)) && (is_type_only || !alias.is_type_only)
        };
        let has = || {
            let mut bound = facts.aliases.iter().filter(is_it).filter_map(|alias| alias.local);
            let is_own = |binding: BindingId| {
                let way = crate::lang::typescript::resolve::bound(&self.view.code, self.view.file, binding);
                way.hops.contains(&pair.to)
            };
            let name = |binding: BindingId| facts.names.get(facts.bindings[binding.index()].name);
            bound
                .find(|local| is_own(*local) && self.sees(used, name(*local)) == Some(*local))
                .map(|local| name(local).to_owned())
        };
        will.or_else(has)
    }

    /// Whether a pair's new symbol is a type and nothing else.
    fn is_type(&self, pair: &Pair) -> bool {
        match self.view.code.resolve(&pair.from).end {
            End::Definition(Definition::Binding(file, binding)) => {
                let meaning = self.view.code.facts(file).bindings[binding.index()].meaning;
                meaning.contains(Meaning::TYPE) && !meaning.intersects(Meaning::VALUE)
            }
            _ => false,
        }
    }

    /// What a name means where a use is.
    fn sees(&self, used: &Use, name: &str) -> Option<BindingId> {
        let facts = self.view.facts;
        facts.lookup(used.scope, facts.names.find(name)?)
    }

    /// Whether the object that a name is read out of has the new name as well: the definition stays where it is, and is called differently.
    fn has_name(&self, reference: &Reference, pair: &Pair) -> bool {
        reference.distance == 0 && pair.to.module == pair.from.module
    }

    /// Whether a name means nothing where a use is, and nothing anywhere at the top of the file.
    fn is_free(&self, used: &Use, name: &str) -> bool {
        let facts = self.view.facts;
        let Some(id) = facts.names.find(name) else { return true };
        let is_global = || facts.uses.iter().any(|other| other.name == id && other.binding.is_none());
        facts.lookup(used.scope, id).is_none() && !is_global()
    }

    /// Whether a name of the file is what a pair's new symbol means already.
    fn is_same(&self, binding: BindingId, pair: &Pair) -> bool {
        let way = crate::lang::typescript::resolve::bound(&self.view.code, self.view.file, binding);
        way.hops.contains(&pair.to) || way.hops.contains(&pair.from)
    }

    fn alias_of(&self, binding: BindingId) -> Option<&Alias> {
        self.view.facts.aliases.iter().find(|alias| alias.local == Some(binding))
    }

    fn finding(&self, reference: &Reference, outcome: Outcome) -> Finding {
        let pair = &self.pairs[reference.target];
        let (old, new) = &pair.spelled;
        let mut finding = self.view.finding(
            reference.span(self.view.code),
            format!("{old} is now {new}"),
            Some(spelling(self.view, reference)),
            outcome,
        );
        finding.evidence = self.via(reference);
        finding.evidence.extend(self.lost(reference).cloned());
        finding.evidence.extend(pair.verdict.evidence.iter().cloned());
        finding
    }

    /// The barrels that a reference comes through.
    fn via(&self, reference: &Reference) -> Vec<Evidence> {
        let modules = self.view.code.modules();
        let hops = reference.way.hops[..reference.distance].iter();
        let text = |hop: &Symbol| format!("{}:{}", modules.module_name(&hop.module), hop.name);
        hops.map(|hop| Evidence { role: "via", at: None, text: text(hop) }).collect()
    }
}

/// What the fixes of a file are known by.
fn file_key(path: &RepoPath) -> String {
    format!("file {path}")
}

/// The types of modules that what a request gives is said to be: `(await import("m")) as typeof import("m")`.
fn casts(source: &Source<'_>, request: RequestId) -> Vec<RequestId> {
    let facts = source.facts;
    let whole = facts.requests[request.index()].whole;
    let asked = source.tree.root().descendant_for_byte_range(whole.range().start, whole.range().end);
    let is_around = |kind: &str| {
        matches!(
            kind,
            "await_expression" | "parenthesized_expression" | "as_expression" | "satisfies_expression" | "call_expression"
        )
    };
    let around = std::iter::successors(asked, |node| node.parent()).take_while(|node| is_around(node.kind()));
    let spans: Vec<Span> = around
        .filter(|node| matches!(node.kind(), "as_expression" | "satisfies_expression"))
        .map(crate::syntax::span)
        .collect();
    let types = facts.requests.iter().enumerate().filter(|(_, other)| other.kind == RequestKind::ImportType);
    types.filter(|(_, other)| spans.iter().any(|span| span.covers(other.span))).map(|(at, _)| RequestId::new(at)).collect()
}
