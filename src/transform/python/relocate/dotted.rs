//! Names that are read through a module: `import a.old` and `a.old.Old`, `from a import old` and `old.Old`.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::rewrite::{Works, kept, owner};
use super::{Names, Relocation, attribute};
use crate::index::references::{Reference, Site};
use crate::lang::python::facts::{Alias, AliasId, Binding, BindingKind, Context as Under, Facts, NameId, ScopeId, Use, UseId};
use crate::lang::python::imports::{Added, Becomes, Change, Name};
use crate::lang::python::modules::Module;
use crate::lang::python::rename::{Kept, rename_uses};
use crate::lang::python::resolve::{self, Brings, End, Imported};
use crate::lang::python::scope::Lookup;
use crate::text::edit::Edit;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::python::View;

/// The alias that dotted uses get their module from.
#[derive(Clone, Copy)]
struct Provider {
    id: AliasId,
    /// The scope of the name that it binds.
    owner: ScopeId,
}

impl Relocation<'_> {
    /// Rewrites the references that read their name through a module; `left` is told of those that cannot be.
    pub(super) fn move_attributes(
        &self,
        view: &View<'_>,
        references: &[&Reference],
        works: &mut Works,
        left: &mut dyn FnMut(&Reference, Reason),
    ) {
        let mut by_alias: BTreeMap<AliasId, Vec<&Reference>> = BTreeMap::new();
        // What one path of one scope's name leads to is the same wherever it is read.
        let mut providers: FxHashMap<(Lookup, String), Result<AliasId, Reason>> = FxHashMap::default();
        for reference in references {
            let Site::Attribute(used, depth) = reference.site else { continue };
            let key = (
                view.facts.lookup(view.facts.uses[used.index()].scope, view.facts.uses[used.index()].name),
                path(view, used, depth),
            );
            match *providers.entry(key).or_insert_with(|| provider(view, used, depth)) {
                Ok(alias) => by_alias.entry(alias).or_default().push(reference),
                Err(reason) => left(reference, reason),
            }
        }
        for (&alias, references) in &by_alias {
            let Some(owner) = owner(view.facts, &view.facts.aliases[alias.index()]) else {
                references.iter().for_each(|reference| left(reference, Reason::SeveralBindings));
                continue;
            };
            let provider = Provider { id: alias, owner };
            match view.facts.aliases[alias.index()].asname.is_some() || is_from(view.facts, alias) {
                true => self.move_through_name(view, provider, references, works, left),
                false => self.move_through_path(view, provider, references, works, left),
            }
        }
    }

    /// `import a.old as m` or `from a import old`, and uses `m.Old`.
    fn move_through_name(
        &self,
        view: &View<'_>,
        Provider { id, owner }: Provider,
        references: &[&Reference],
        works: &mut Works,
        left: &mut dyn FnMut(&Reference, Reason),
    ) {
        if let Some((change, edits, kept)) = self.rebind(view, Provider { id, owner }, references) {
            self.add_work(view, id, references, change, edits, works);
            works.entry(view.facts.aliases[id.index()].import).or_default().kept.extend(kept);
            return;
        }
        let facts = view.facts;
        let local = facts.aliases[id.index()].local;
        let mut moved = Vec::new();
        let mut edits = Vec::new();
        let mut change = Change::default();
        for &reference in references {
            let Some((used, depth)) = attribute(facts, reference) else { continue };
            let pair = &self.pairs[reference.target];
            let Some((package, stem)) = pair.module.rsplit_once('.') else {
                left(reference, Reason::NameTaken);
                continue;
            };
            let is_free = facts.names.find(stem).is_none_or(|stem| self.means_module(view, owner, stem, &pair.to.module));
            match respelled(view, used, depth, is_free, format!("{stem}.{}", pair.to.name)) {
                Ok(edit) => edits.push(edit),
                Err(reason) => {
                    left(reference, reason);
                    continue;
                }
            }
            moved.push(reference);
            let added = Added::Name(Name { module: package.to_owned(), name: stem.to_owned(), local: stem.to_owned() });
            if !change.added.contains(&added) {
                change.added.push(added);
            }
        }
        if uses_of(facts, owner, local).count() == moved.len() && !self.is_read_otherwise(view, owner, local) {
            change.aliases.push((id, Becomes::Nothing));
        }
        self.add_work(view, id, &moved, change, edits, works);
    }

    /// Whether a name for a module may be read by other files, or by text that is code.
    fn is_read_otherwise(&self, view: &View<'_>, owner: ScopeId, name: NameId) -> bool {
        self.is_public(view, owner, name) || view.facts.text_reads_from(view.facts.names.get(name))
    }

    /// Where a name for a module is only used to read names that all move to one other module: it becomes a name for that one.
    fn rebind(
        &self,
        view: &View<'_>,
        Provider { id, owner }: Provider,
        references: &[&Reference],
    ) -> Option<(Change, Vec<Edit>, Option<Evidence>)> {
        let facts = view.facts;
        let alias = &facts.aliases[id.index()];
        let home = &*self.pairs[references.first()?.target].module;
        let uses: Vec<(&Use, usize)> = references.iter().filter_map(|reference| attribute(facts, reference)).collect();
        let is_only =
            uses_of(facts, owner, alias.local).count() == uses.len() && !self.is_read_otherwise(view, owner, alias.local);
        let is_one = references.iter().all(|reference| self.pairs[reference.target].module == home);
        if !is_only || !is_one || uses.iter().any(|(_, depth)| *depth != 1) {
            return None;
        }
        let mut edits = Vec::new();
        for (reference, (used, depth)) in references.iter().zip(uses) {
            let name = &facts.attributes_of(used)[depth - 1];
            let new = &*self.pairs[reference.target].to.name;
            if facts.names.get(name.name) != new {
                if used.flags.frozen {
                    return None;
                }
                edits.push(Edit::replace(name.span, new));
            }
        }
        let mut stays = None;
        let local = facts.names.get(alias.local).to_owned();
        let becomes = if !is_from(facts, id) {
            Becomes::Module { module: home.to_owned(), local: Some(local) }
        } else {
            let (package, name) = home.rsplit_once('.')?;
            let mut new_local = local;
            if alias.asname.is_none() && self.style.names == Names::Rename && new_local != name {
                match rename_uses(facts, owner, alias.local, name, &|_| false) {
                    Ok(renamed) => {
                        edits.extend(renamed);
                        new_local = name.to_owned();
                    }
                    Err(Kept { obstacle, at }) => stays = Some(kept(view, alias.local, obstacle.explain(), at)),
                }
            }
            Becomes::Name(Name { module: package.to_owned(), name: name.to_owned(), local: new_local })
        };
        Some((Change { aliases: vec![(id, becomes)], added: Vec::new() }, edits, stays))
    }

    /// Whether a name stands for a module, or for nothing, wherever it is spelled in the file.
    fn means_module(&self, view: &View<'_>, owner: ScopeId, name: NameId, module: &Module) -> bool {
        let facts = view.facts;
        let is_import = |binding: &Binding| {
            let BindingKind::Import(alias) = binding.kind else { return false };
            let alias = &facts.aliases[alias.index()];
            binding.scope == owner
                && match resolve::imported(view.index, view.file, facts.import_of(alias), alias) {
                    Imported::Symbol(symbol) => resolve::resolve(view.index, &symbol).end == End::Module(module.clone()),
                    Imported::Module(imported) => imported == *module,
                    Imported::Beyond => false,
                }
        };
        let is_bound = |used: &Use| facts.lookup(used.scope, name) == Lookup::Bound(owner);
        facts.bindings.iter().filter(|binding| binding.name == name).all(is_import)
            && facts.uses.iter().filter(|used| used.name == name).all(is_bound)
    }

    /// `import a.old`, and uses `a.old.Old`.
    fn move_through_path(
        &self,
        view: &View<'_>,
        Provider { id, owner }: Provider,
        references: &[&Reference],
        works: &mut Works,
        left: &mut dyn FnMut(&Reference, Reason),
    ) {
        let facts = view.facts;
        let local = facts.aliases[id.index()].local;
        let mut moved = Vec::new();
        let mut edits = Vec::new();
        let mut homes = BTreeSet::new();
        for &reference in references {
            let Some((used, depth)) = attribute(facts, reference) else { continue };
            let pair = &self.pairs[reference.target];
            let root = pair.module.split('.').next().unwrap_or_default();
            let is_path = |(_, binding): (_, &Binding)| {
                let BindingKind::Import(other) = binding.kind else { return false };
                facts.aliases[other.index()].asname.is_none() && !is_from(facts, other)
            };
            // The new path starts with a name of its own, which must mean the package wherever it is used; where it starts with
            // the same name as before, it does.
            let is_free = facts.names.find(root).is_none_or(|root| {
                if root == local {
                    return true;
                }
                let mut bindings = facts.bindings.iter().filter(|binding| binding.name == root);
                bindings.all(|binding| binding.scope == owner) && facts.bindings_of(owner, root).all(is_path)
            });
            match respelled(view, used, depth, is_free, format!("{}.{}", pair.module, pair.to.name)) {
                Ok(edit) => edits.push(edit),
                Err(reason) => {
                    left(reference, reason);
                    continue;
                }
            }
            moved.push(reference);
            homes.insert(&*pair.module);
        }
        homes.retain(|home| !is_imported_otherwise(facts, id, home));
        let mut change = Change::default();
        let starts: FxHashSet<u32> = edits.iter().map(|edit| edit.span.start).collect();
        let needs = |used: &Use| !starts.contains(&used.span.start) && self.needs(view, used, id, owner);
        let is_needed = uses_of(facts, owner, local).any(needs)
            || self.is_public(view, owner, local)
            || facts.embedded_code_names(facts.names.get(local));
        if let (false, 1, Some(module)) = (is_needed, homes.len(), homes.first()) {
            change.aliases.push((id, Becomes::Module { module: (*module).to_owned(), local: None }));
        } else {
            change.added.extend(homes.into_iter().map(|home| Added::Module(home.to_owned())));
            if !is_needed {
                change.aliases.push((id, Becomes::Nothing));
            }
        }
        self.add_work(view, id, &moved, change, edits, works);
    }

    /// Whether a use that stays needs the plain import: it spells the module, or nothing else binds the use's first name.
    fn needs(&self, view: &View<'_>, used: &Use, id: AliasId, owner: ScopeId) -> bool {
        let facts = view.facts;
        let path = facts.dotted(used);
        let module = facts.names.get(facts.aliases[id.index()].name);
        let others = facts.bindings_of(owner, used.name).filter_map(|(_, binding)| match binding.kind {
            BindingKind::Import(other) if other != id => Some(facts.names.get(facts.aliases[other.index()].name)),
            _ => None,
        });
        let is_spelled = is_prefix(module, &path) || is_prefix(&path, module);
        is_spelled || !others.into_iter().any(|other| is_prefix(other, &path))
    }

    fn add_work(
        &self,
        view: &View<'_>,
        id: AliasId,
        references: &[&Reference],
        change: Change,
        edits: Vec<Edit>,
        works: &mut Works,
    ) {
        if references.is_empty() {
            return;
        }
        let alias = &view.facts.aliases[id.index()];
        for reference in references {
            self.work(works, alias.import, reference, view);
        }
        let work = works.entry(alias.import).or_default();
        work.is_aliased |= alias.asname.is_some();
        work.edits.extend(edits);
        work.change.aliases.extend(change.aliases);
        work.change.added.extend(change.added);
    }
}

/// Whether another alias imports a module by its full path, in the same scope and whenever this one runs: in this statement, before
/// it, or behind it with nothing in between that could use it.
fn is_imported_otherwise(facts: &Facts, id: AliasId, module: &str) -> bool {
    let this = facts.import_of(&facts.aliases[id.index()]);
    facts.aliases.iter().enumerate().filter(|(other, _)| *other != id.index()).any(|(_, alias)| {
        let import = facts.import_of(alias);
        let is_plain = import.from.is_none() && alias.asname.is_none() && facts.names.get(alias.name) == module;
        let always = import.scope == this.scope && import.context == Under::default();
        let is_between = |used: &Use| this.span.end <= used.span.start && used.span.start < import.span.start;
        let is_ready = import.span.start <= this.span.start || !facts.uses.iter().any(is_between);
        is_plain && (import.span == this.span || (always && is_ready))
    })
}

/// A dotted expression up to an attribute.
fn path(view: &View<'_>, used: UseId, depth: usize) -> String {
    let facts = view.facts;
    let used = &facts.uses[used.index()];
    let names = facts.attributes_of(used)[..depth].iter().map(|attribute| facts.names.get(attribute.name));
    std::iter::once(facts.names.get(used.name)).chain(names).collect::<Vec<_>>().join(".")
}

/// The alias that a dotted use gets its module from.
fn provider(view: &View<'_>, used: UseId, depth: usize) -> Result<AliasId, Reason> {
    let facts = view.facts;
    let path = path(view, used, depth);
    let used = &facts.uses[used.index()];
    let Lookup::Bound(owner) = facts.lookup(used.scope, used.name) else { return Err(Reason::SeveralBindings) };
    // A star import may have bound the name when the use runs.
    let name = facts.names.get(used.name);
    let may_bring = |alias: &Alias| match resolve::from_module(view.index, view.file, facts.import_of(alias)) {
        Some(Module::File(module)) => resolve::exports(view.index, module, name) != Brings::No,
        _ => true,
    };
    if owner == ScopeId::MODULE && facts.stars().any(may_bring) {
        return Err(Reason::SeveralBindings);
    }
    let mut aliases = Vec::new();
    for (_, binding) in facts.bindings_of(owner, used.name) {
        match binding.kind {
            BindingKind::Import(alias) => aliases.push(alias),
            _ => return Err(Reason::SeveralBindings),
        }
    }
    if let [alias] = aliases[..] {
        return Ok(alias);
    }
    // `import a.b` and `import a.c` both bind `a`; the longest path is the one that the use needs.
    if aliases.iter().any(|&alias| facts.aliases[alias.index()].asname.is_some() || is_from(facts, alias)) {
        return Err(Reason::SeveralBindings);
    }
    let spelled = |alias: &AliasId| facts.names.get(facts.aliases[alias.index()].name);
    let providers = aliases.into_iter().filter(|alias| is_prefix(spelled(alias), &path));
    providers.max_by_key(|alias| (spelled(alias).len(), std::cmp::Reverse(*alias))).ok_or(Reason::SeveralBindings)
}

/// The uses that read the name which a scope owns.
fn uses_of(facts: &Facts, owner: ScopeId, name: NameId) -> impl Iterator<Item = &Use> {
    let reads = move |used: &&Use| match facts.lookup(used.scope, name) {
        Lookup::Bound(scope) => scope == owner,
        Lookup::ClassOr(_, scope) => scope == Some(owner),
        Lookup::Free => false,
    };
    facts.uses.iter().filter(move |used| used.name == name).filter(reads)
}

fn is_prefix(outer: &str, dotted: &str) -> bool {
    crate::index::references::is_inside(dotted, outer)
}

/// The edit that spells a dotted expression up to an attribute anew, if its first name is free for that.
fn respelled(view: &View<'_>, used: &Use, depth: usize, is_free: bool, new: String) -> Result<Edit, Reason> {
    let span = whole(view, used, depth).ok_or(Reason::OddSpelling)?;
    if is_free { Ok(Edit::replace(span, new)) } else { Err(Reason::NameTaken) }
}

/// The span of a dotted expression up to an attribute, if it is written in one piece.
fn whole(view: &View<'_>, used: &Use, depth: usize) -> Option<Span> {
    let attributes = &view.facts.attributes_of(used)[..depth];
    let span = Span::new(used.span.start, attributes.last().map_or(used.span.end, |last| last.span.end));
    let pieces: usize = attributes.iter().map(|attribute| attribute.span.len() as usize + 1).sum();
    let is_one_piece = span.len() as usize == used.span.len() as usize + pieces;
    (is_one_piece && !used.flags.frozen).then_some(span)
}

fn is_from(facts: &Facts, alias: AliasId) -> bool {
    facts.import_of(&facts.aliases[alias.index()]).from.is_some()
}
