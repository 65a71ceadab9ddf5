//! What every import declaration and re-export of a file is to have, before any of it is written.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::layout::{self, New};
use super::near::Near;
use super::statement::{Specifier, Statement, is_directive};
use super::style::Style;
use super::{Becomes, Change, Name, Refusal, Source, write};
use crate::lang::typescript::facts::{Alias, AliasId, Binding, ExportId, Exported, Imported, RequestId, RequestKind, ScopeId};
use crate::lang::typescript::lines::Going;
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// A statement with more names is not joined: each name that comes is compared with all of them.
const MOST_NAMES: usize = 1_000;

/// How many statements of one module are asked, nearest first, whether they can have a name in addition.
const MOST_TRIED: usize = 100;

/// A name as a statement is to have it.
#[derive(Clone, Debug)]
pub struct Item {
    /// The name; here `is_type_only` says whether `type` stands before the name itself.
    pub name: Name,
    /// Its place in the statement, where it stays there.
    pub was: Option<Specifier>,
    /// The comment behind it, which goes where it goes.
    pub comment: Option<String>,
}

/// A statement and what it is to have.
pub struct Planned<'a> {
    pub statement: Statement<'a>,
    /// The module that it is to ask for.
    pub specifier: String,
    pub items: Vec<Item>,
    /// New statements right behind it.
    pub behind: Vec<New>,
    /// What it has is not what it had.
    pub is_changed: bool,
    /// `import "m"` stays if nothing else does.
    pub has_effect: bool,
}

/// The parts of a statement that names stand in.
#[derive(Default)]
pub struct Slots<'p> {
    pub default: Option<&'p Item>,
    pub namespace: Option<&'p Item>,
    pub names: Vec<&'p Item>,
}

/// Names of one statement that go to one module.
struct Group {
    specifier: String,
    is_type_only: bool,
    /// With the index of each among the statement's names.
    items: Vec<(usize, Item)>,
}

/// What a file's statements are to have.
pub struct Plan<'a> {
    source: Source<'a>,
    style: Style,
    statements: Vec<Planned<'a>>,
    /// Which of them asks for a module.
    by_request: BTreeMap<RequestId, usize>,
    /// New statements for what the file needs in addition.
    added: Vec<New>,
    near: Near,
}

/// The slots for a statement's names; `None` where one statement cannot have them all.
pub fn slots<'p>(items: impl Iterator<Item = &'p Item>, is_export: bool, is_type_only: bool) -> Option<Slots<'p>> {
    let items: Vec<&Item> = items.collect();
    let mut slots = Slots::default();
    for item in &items {
        let is_listed =
            item.was.is_some_and(|was| was.local.is_some() && item.name.imported == "default" && item.is_kept_default());
        let may_stand_alone = !is_export && !item.name.is_type_only && !is_listed;
        match item.name.imported.as_str() {
            "*" if is_export || item.name.is_type_only || slots.namespace.is_some() => return None,
            "*" => slots.namespace = Some(item),
            // `import type D, { X }` is not TypeScript.
            "default" if may_stand_alone && slots.default.is_none() && !(is_type_only && items.len() > 1) => {
                slots.default = Some(item);
            }
            _ => slots.names.push(item),
        }
    }
    let is_possible = slots.namespace.is_none() || (slots.names.is_empty() && !(is_type_only && slots.default.is_some()));
    is_possible.then_some(slots)
}

impl Item {
    /// A name that comes to a statement.
    pub fn new(name: Name) -> Self {
        Self { name, was: None, comment: None }
    }

    /// Whether it was `{ default as X }` already.
    fn is_kept_default(&self) -> bool {
        self.was.is_some_and(|was| was.imported.len() == "default".len() as u32)
    }
}

impl<'a> Plan<'a> {
    /// What the file has, with the new spelling of modules.
    pub fn new(source: &Source<'a>, change: &Change) -> Result<Self, Refusal> {
        let mut statements = Vec::new();
        let mut by_request = BTreeMap::new();
        // Of several the first holds.
        let specifiers: FxHashMap<RequestId, &String> = change.specifiers.iter().rev().map(|(id, new)| (*id, new)).collect();
        for (at, request) in source.facts.requests.iter().enumerate() {
            if !matches!(request.kind, RequestKind::Import | RequestKind::Export) {
                continue;
            }
            let Ok(statement) = Statement::find(source, request.span) else { continue };
            let id = RequestId::new(at);
            let new = specifiers.get(&id).map(|specifier| (*specifier).clone());
            by_request.insert(id, statements.len());
            statements.push(Planned {
                specifier: new.unwrap_or_else(|| source.facts.specifier(id).to_owned()),
                items: items(source.text, &statement),
                behind: Vec::new(),
                is_changed: false,
                has_effect: change.effects.contains(&id),
                statement,
            });
        }
        let near = Near::new(&statements);
        let all: Vec<Statement<'_>> = statements.iter().map(|planned| planned.statement.clone()).collect();
        Ok(Self { source: *source, style: Style::of(source, &all), statements, by_request, added: Vec::new(), near })
    }

    /// Lets names become others.
    pub fn change(&mut self, aliases: &[&(AliasId, Becomes)], exports: &[(ExportId, Becomes)]) -> Result<(), Refusal> {
        let facts = self.source.facts;
        let mut changes: BTreeMap<usize, BTreeMap<usize, &Becomes>> = BTreeMap::new();
        let mut find = |request: RequestId, span: Span, becomes| {
            let at = *self.by_request.get(&request).ok_or(Refusal::ParsersDisagree)?;
            let mut names = self.statements[at].statement.specifiers();
            let name = names.position(|name| name.span.covers(span)).ok_or(Refusal::ParsersDisagree)?;
            changes.entry(at).or_default().insert(name, becomes);
            Ok(())
        };
        for (id, becomes) in aliases.iter().copied() {
            let alias = &facts.aliases[id.index()];
            find(alias.request, alias.imported_span, becomes)?;
        }
        for (id, becomes) in exports {
            match facts.exports[id.index()].what {
                Exported::From { request, imported_span, .. } => find(request, imported_span, becomes)?,
                _ => return Err(Refusal::Form),
            }
        }
        changes.iter().try_for_each(|(at, changes)| self.change_statement(*at, changes))
    }

    fn change_statement(&mut self, at: usize, changes: &BTreeMap<usize, &Becomes>) -> Result<(), Refusal> {
        let text = self.source.text;
        let planned = &self.statements[at];
        let statement = planned.statement.clone();
        let home_specifier = planned.specifier.clone();
        // What came here from other statements is behind what was here.
        let own = statement.specifiers().count();
        let mut kept: Vec<(usize, Item)> =
            planned.items.iter().cloned().enumerate().filter(|(name, _)| *name >= own || !changes.contains_key(name)).collect();
        let mut groups = groups(text, planned, changes);
        // Another name of the same module is no reason to leave the statement.
        groups.sort_by_key(|group| !group.stays_in(&statement, &home_specifier));
        let mut home: Option<String> = (!kept.is_empty()).then_some(home_specifier);
        let is_commented = statement.has_comment_inside() || statement.has_comment_behind(text);
        let mut out: Vec<Group> = Vec::new();
        let mut has_left = changes.values().any(|becomes| **becomes == Becomes::Nothing);
        for group in groups {
            let with_group = || kept.iter().chain(&group.items).map(|(_, item)| item);
            let fits = slots(with_group(), statement.is_export, statement.is_type_only).is_some();
            let may_stay = fits && group.is_type_only == statement.is_type_only;
            let is_own = self.statements[at].specifier == group.specifier;
            if may_stay && (home.as_ref() == Some(&group.specifier) || (home.is_none() && is_own)) {
                home = Some(group.specifier);
                kept.extend(group.items);
            } else if (home.is_some() || !is_commented) && self.join(at, &group) {
                has_left = true;
            } else if home.is_none() && may_stay {
                home = Some(group.specifier);
                kept.extend(group.items);
            } else {
                has_left = true;
                out.push(group);
            }
        }
        if has_left && (home.is_some() || !out.is_empty()) && statement.directive_above(text).is_some() {
            return Err(Refusal::Comment);
        }
        kept.sort_by_key(|(name, _)| *name);
        let attributes = statement.attributes.map(|span| text[span.range()].to_owned());
        let directive = statement.directive_behind(text).map(str::to_owned);
        let style = self.style.at(text, &statement);
        let planned = &mut self.statements[at];
        if let Some(home) = home {
            self.near.respell(at, &planned.specifier, &home);
            planned.specifier = home;
        }
        if !out.is_empty() {
            self.near.lead(at);
        }
        planned.items = kept.into_iter().map(|(_, item)| item).collect();
        planned.is_changed = true;
        for group in out {
            let items = group.items.into_iter().map(|(_, item)| Item { was: None, ..item });
            planned.behind.extend(New::of(items, statement.is_export, group.is_type_only).into_iter().map(|new| New {
                specifier: group.specifier.clone(),
                attributes: attributes.clone(),
                directive: directive.clone(),
                style: Some(style.clone()),
                ..new
            }));
        }
        Ok(())
    }

    /// Puts the names of a group into a statement that takes from the same module already, where there is one close by.
    fn join(&mut self, at: usize, group: &Group) -> bool {
        if group.items.iter().any(|(_, item)| item.comment.is_some()) {
            return false;
        }
        let items: Vec<Item> = group.items.iter().map(|(_, item)| Item { was: None, ..item.clone() }).collect();
        let origin = &self.statements[at].statement;
        let attributes = origin.attributes.map(|span| &self.source.text[span.range()]);
        let is_alike = |host: &usize| {
            self.statements[*host].statement.attributes.map(|span| &self.source.text[span.range()]) == attributes
        };
        let key = (group.specifier.as_str(), origin.is_export, group.is_type_only);
        let mut hosts = self.near.hosts(at, &group.specifier).filter(is_alike).take(MOST_TRIED);
        let host = hosts.find(|host| self.may_host(*host, key, &items));
        drop(hosts);
        if let Some(host) = host {
            self.host(host, items);
            return true;
        }
        let mut leading = self.near.leading(at).filter(is_alike).take(MOST_TRIED);
        let found = leading.find_map(|host| {
            let new = self.statements[host].behind.iter().position(|new| new.may_host(key, attributes, &items))?;
            Some((host, new))
        });
        drop(leading);
        if let Some((host, new)) = found {
            self.statements[host].behind[new].items.extend(items);
        }
        found.is_some()
    }

    /// Whether a statement can have some names in addition.
    fn may_host(&self, at: usize, (specifier, is_export, is_type_only): (&str, bool, bool), items: &[Item]) -> bool {
        let host = &self.statements[at];
        let statement = &host.statement;
        let is_alike =
            (host.specifier.as_str(), statement.is_export, statement.is_type_only) == (specifier, is_export, is_type_only);
        let has_clause = statement.clause.is_some() && !host.items.is_empty();
        let has_room = host.items.len() < MOST_NAMES;
        let text = self.source.text;
        let is_for_tools = || statement.directive_above(text).is_some() || statement.directive_behind(text).is_some();
        let is_free = |item: &Item| host.items.iter().all(|had| had.name.local != item.name.local || had.name == item.name);
        let becomes_list = is_type_only && statement.default.is_some();
        let has_slots = || slots(host.items.iter().chain(items), is_export, is_type_only).is_some();
        is_alike && has_clause && has_room && !is_for_tools() && !becomes_list && items.iter().all(is_free) && has_slots()
    }

    fn host(&mut self, at: usize, items: Vec<Item>) {
        let host = &mut self.statements[at];
        for item in items {
            if !host.items.iter().any(|had| had.name == item.name) {
                host.items.push(item);
                host.is_changed = true;
            }
        }
    }

    /// Adds names that the file needs.
    pub fn add(&mut self, names: &[Name]) {
        for name in names {
            if !self.has(name) {
                self.add_name(name);
            }
        }
    }

    fn is_at_top(&self, at: usize) -> bool {
        let node = self.statements[at].statement.node;
        node.parent() == Some(self.source.tree.root()) && !self.statements[at].statement.is_export
    }

    /// Whether the file has the name, or will have it.
    fn has(&self, name: &Name) -> bool {
        let is_same = |item: &Item| item.name.imported == name.imported && item.name.local == name.local;
        let tops = (0..self.statements.len()).filter(|at| self.is_at_top(*at)).map(|at| &self.statements[at]);
        let mut had = tops.clone().filter(|it| it.specifier == name.specifier).map(|it| (&it.items, it.statement.is_type_only));
        let new = tops.flat_map(|it| &it.behind).chain(&self.added).filter(|new| new.specifier == name.specifier);
        let is_enough = |items: &[Item], is_type_only: bool| {
            items.iter().any(|item| is_same(item) && (name.is_type_only || !(is_type_only || item.name.is_type_only)))
        };
        self.is_required(name) || had.any(|(items, is_type_only)| is_enough(items, is_type_only)) || { new }
            .any(|new| !new.is_export && is_enough(&new.items, new.is_type_only))
    }

    /// Whether a call of `require` brings the name already.
    fn is_required(&self, name: &Name) -> bool {
        let facts = self.source.facts;
        let is_it = |alias: &Alias| {
            let imported = match alias.imported {
                Imported::Name(name) => facts.names.get(name),
                Imported::Namespace => "*",
            };
            let binding = alias.local.map(|binding| &facts.bindings[binding.index()]);
            let is_local = |binding: &Binding| binding.scope == ScopeId::MODULE && facts.names.get(binding.name) == name.local;
            facts.requests[alias.request.index()].kind == RequestKind::Require
                && imported == name.imported
                && binding.is_some_and(is_local)
                && facts.specifier(alias.request) == name.specifier
        };
        facts.aliases.iter().any(is_it)
    }

    fn add_name(&mut self, name: &Name) {
        let whole = Item::new(Name { is_type_only: false, ..name.clone() });
        let inline = Item::new(name.clone());
        let may_be_inline = name.is_type_only && self.style.has_inline_types;
        let mut ways = vec![(name.is_type_only, whole.clone())];
        ways.extend(may_be_inline.then_some((false, inline)));
        for (is_type_only, item) in ways {
            let key = (name.specifier.as_str(), false, is_type_only);
            let tops: Vec<usize> = (0..self.statements.len()).filter(|at| self.is_at_top(*at)).collect();
            let is_host = |at: &usize| {
                self.statements[*at].statement.attributes.is_none() && self.may_host(*at, key, std::slice::from_ref(&item))
            };
            if let Some(at) = tops.iter().copied().find(is_host) {
                return self.host(at, vec![item]);
            }
            let behind = tops.iter().find_map(|at| {
                let new =
                    self.statements[*at].behind.iter().position(|new| new.may_host(key, None, std::slice::from_ref(&item)))?;
                Some((*at, new))
            });
            if let Some((at, new)) = behind {
                return self.statements[at].behind[new].items.push(item);
            }
            if let Some(new) = self.added.iter_mut().find(|new| new.may_host(key, None, std::slice::from_ref(&item))) {
                return new.items.push(item);
            }
        }
        let new = New::of(std::iter::once(whole), false, name.is_type_only);
        self.added.extend(new.into_iter().map(|new| New { specifier: name.specifier.clone(), ..new }));
    }

    /// Writes what is planned.
    pub fn write(mut self) -> Result<Vec<Edit>, Refusal> {
        let mut edits = Vec::new();
        if !self.added.is_empty() {
            let last = syntax::children(self.source.tree.root()).into_iter().rfind(|node| node.kind() == "import_statement");
            let planned = last.and_then(|last| self.statements.iter_mut().find(|it| it.statement.node == last));
            match planned {
                Some(planned) => planned.behind.append(&mut self.added),
                None => edits.push(layout::insert(&self.source, &self.style, last, &self.added)?),
            }
        }
        let gone: Vec<Span> =
            self.statements.iter().filter(|it| it.goes() && it.behind.is_empty()).map(|it| it.statement.span).collect();
        let gone = Going::new(self.source.text, &gone);
        let mut deleted: FxHashSet<Span> = FxHashSet::default();
        for planned in &self.statements {
            // Statements that go together have one edit.
            let new = write::edits(&self.source, &self.style, planned, &gone)?;
            edits.extend(new.into_iter().filter(|edit| !edit.text.is_empty() || deleted.insert(edit.span)));
        }
        Ok(edits)
    }
}

impl Planned<'_> {
    /// Whether nothing of the statement stays.
    pub fn goes(&self) -> bool {
        self.is_changed && self.items.is_empty() && !self.has_effect
    }
}

impl Group {
    /// Whether its names come from where the statement takes them already.
    fn stays_in(&self, statement: &Statement<'_>, specifier: &str) -> bool {
        self.specifier == specifier && self.is_type_only == statement.is_type_only
    }
}

/// The names of a statement as it is.
fn items(text: &str, statement: &Statement<'_>) -> Vec<Item> {
    let item = |specifier: Specifier| {
        let written = text[specifier.imported.range()].trim_matches(['"', '\'']);
        let imported = match specifier {
            _ if statement.default == Some(specifier) => "default",
            _ if statement.namespace == Some(specifier) => "*",
            _ => written,
        };
        let local = specifier.local.map_or(written, |local| text[local.range()].trim_matches(['"', '\'']));
        Item {
            name: Name {
                specifier: String::new(),
                imported: imported.to_owned(),
                local: local.to_owned(),
                is_type_only: specifier.is_type_only,
            },
            was: Some(specifier),
            comment: None,
        }
    };
    statement.specifiers().map(item).collect()
}

/// What becomes of the changed names of a statement, by module.
fn groups(text: &str, planned: &Planned<'_>, changes: &BTreeMap<usize, &Becomes>) -> Vec<Group> {
    let statement = &planned.statement;
    let mut groups: Vec<Group> = Vec::new();
    for (&at, becomes) in changes {
        let (Becomes::Name(name), old) = (becomes, &planned.items[at]) else { continue };
        let is_listed = old.was.is_some_and(|was| statement.names.contains(&was));
        let is_type_only = name.is_type_only && (statement.is_type_only || !is_listed);
        let item = Item {
            name: Name {
                specifier: String::new(),
                imported: name.imported.clone(),
                local: if statement.is_export { old.name.local.clone() } else { name.local.clone() },
                is_type_only: name.is_type_only && !is_type_only,
            },
            was: old.was,
            comment: old.was.and_then(|was| comment_behind(text, statement, was)),
        };
        match groups.iter_mut().find(|group| group.specifier == name.specifier && group.is_type_only == is_type_only) {
            Some(group) => group.items.push((at, item)),
            None => groups.push(Group { specifier: name.specifier.clone(), is_type_only, items: vec![(at, item)] }),
        }
    }
    groups
}

/// The comment behind a name that has a line of its own.
fn comment_behind(text: &str, statement: &Statement<'_>, name: Specifier) -> Option<String> {
    let start = name.span.range().start;
    let has_line = text[eol::line_start(text, start)..start].trim().is_empty();
    let line = &text[name.span.range().end..eol::line_end(text, start)];
    let comment = line.trim_start().trim_start_matches(',').trim();
    let is_comment = comment.starts_with("//") || (comment.starts_with("/*") && comment.ends_with("*/"));
    (has_line && is_comment && !is_directive(comment) && statement.names.len() > 1).then(|| comment.to_owned())
}
