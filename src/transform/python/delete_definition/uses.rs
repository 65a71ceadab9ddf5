//! What refers to a definition, and what may.

use super::super::super::finding::Evidence;
use super::super::super::place_in;
use super::super::View;
use super::group::Doomed;
use super::lookups::lookups_of;
use super::places::extents;
use crate::index::Index;
use crate::index::mentions::Mention;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::facts::{Alias, AliasId, BindingKind, Facts, Use};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Imported, Symbol};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// Something that holds on to a definition.
pub struct Hold {
    /// The file.
    pub file: FileId,
    /// The bytes: what goes with them holds nothing.
    pub span: Span,
    /// The import that it is, if it is one of the definition by its name.
    pub alias: Option<AliasId>,
    /// What stands there.
    pub evidence: Evidence,
}

/// What holds a definition.
pub struct Uses {
    /// What refers to it.
    pub holds: Vec<Hold>,
    /// Attributes of its name on objects that are not known, in files that have to do with its module; places in JSON.
    pub suspects: Vec<Hold>,
}

/// Finds what refers to a definition from outside of itself, and what may.
pub fn uses(view: &View<'_>, doomed: &Doomed) -> Uses {
    let index = view.index;
    let name = &*doomed.symbol.name;
    let module = index.modules().dotted(&doomed.symbol.module);
    let targets = [Target::Symbol(doomed.symbol.clone()), Target::Module((&*module).into())];
    let search = Search::new(index, &targets);
    let inside: Vec<Span> = extents(view, name);
    let mut related: Vec<FileId> = vec![view.file];
    let (mut holds, mut suspects) = (Vec::new(), Vec::new());
    let references = search.run();
    for reference in &references {
        if reference.target == 1 {
            related.push(reference.file);
            continue;
        }
        // A member is among the strings with the bare name, below.
        if !matches!(reference.site, Site::Member(_)) && !is_own(view, doomed, &inside, reference) {
            holds.push(hold(index, reference));
        }
    }
    // Its module alone is named in many more files, which say nothing of it.
    for mention in Search::new(index, &targets[..1]).mentions(&|_| true) {
        let hold = Hold { file: mention.file, span: mention.path, alias: None, evidence: mentioned(index, &mention) };
        if mention.is_binding() { holds.push(hold) } else { suspects.push(hold) }
    }
    related.sort_unstable();
    related.dedup();
    let to_module: Vec<&Reference> = references.iter().filter(|reference| reference.target == 1).collect();
    let lookups = lookups_of(view, name, &to_module);
    suspects.extend(lookups.suspects);
    for &file in search.candidates() {
        let facts = index.facts(file);
        if let Some(error) = facts.errors.first() {
            let at = View::open(index, file).place(error.span);
            let evidence =
                Evidence { role: "unparsable", at: Some((at.path, at.position.line)), text: error.message.to_string() };
            holds.push(Hold { file, span: error.span, alias: None, evidence });
        }
        suspects.extend(brought(index, file, &doomed.symbol));
        let is_related = related.binary_search(&file).is_ok() || loads_by_name(facts, &module);
        if !is_related {
            let other = View::open(index, file);
            let spans = attributes(&other.text, name).into_iter().filter(|_| lookups.is_handed_on);
            let quoted = spans.map(|span| (span, other.quote("attribute", span)));
            let entries = entry_points(&other.text, &module, name).into_iter().map(|span| (span, other.quote("string", span)));
            suspects.extend(quoted.chain(entries).map(|(span, evidence)| Hold { file, span, alias: None, evidence }));
        }
        if is_related {
            let is_outside = |span: Span| !inside.iter().any(|inner| file == view.file && inner.covers(span));
            texts(index, file, name, file == view.file, &mut |span, evidence, is_sure| {
                if is_outside(span) {
                    let hold = Hold { file, span, alias: None, evidence };
                    if is_sure { holds.push(hold) } else { suspects.push(hold) }
                }
            });
        }
    }
    Uses { holds, suspects }
}

/// The places of a file that may mean a definition by star imports of which only running the program can tell what they bring.
fn brought(index: &Index, file: FileId, symbol: &Symbol) -> Vec<Hold> {
    let facts = index.facts(file);
    let Some(name) = facts.names.find(&symbol.name) else { return Vec::new() };
    let is_brought = |hops: &[Symbol], end: &End| {
        let last = match hops.last() {
            Some(Symbol { module: Module::File(last), name }) if *name == symbol.name => *last,
            Some(_) => return false,
            // No statement of the file binds it.
            None => file,
        };
        *end == End::Dynamic && passes_on(index, last, &symbol.module, &mut Vec::new())
    };
    let is_way = |symbol: Symbol| {
        let way = resolve::resolve(index, &symbol);
        is_brought(&way.hops, &way.end)
    };
    let is_used = |used: &&Use| {
        let attributes = facts.attributes_of(used);
        (used.name == name || attributes.iter().any(|attribute| attribute.name == name))
            && resolve::steps(index, file, used).iter().any(|step| is_brought(&step.hops, &step.end))
    };
    let is_imported = |alias: &&Alias| match resolve::imported(index, file, facts.import_of(alias), alias) {
        Imported::Symbol(symbol) => alias.name == name && is_way(symbol),
        _ => false,
    };
    let entries = facts.exports.iter().flat_map(|exports| &exports.entries).filter(|entry| entry.0 == name);
    let entries = entries.filter(|_| is_way(Symbol { module: Module::File(file), name: symbol.name.clone() }));
    let used = facts.uses.iter().filter(is_used).map(|used| ("use", used.span));
    let imported = facts.aliases.iter().filter(is_imported).map(|alias| ("import", alias.name_span));
    let places = used.chain(imported).chain(entries.map(|entry| ("export", entry.1)));
    let view = View::open(index, file);
    places.map(|(role, span)| Hold { file, span, alias: None, evidence: view.quote(role, span) }).collect()
}

/// Whether star imports of a module, directly or through others, lead to another.
fn passes_on(index: &Index, from: FileId, to: &Module, seen: &mut Vec<FileId>) -> bool {
    if seen.contains(&from) {
        return false;
    }
    seen.push(from);
    let facts = index.facts(from);
    let mut stars = facts.stars();
    stars.any(|star| match resolve::from_module(index, from, facts.import_of(star)) {
        Some(module) if module == *to => true,
        Some(Module::File(file)) => passes_on(index, file, to, seen),
        _ => false,
    })
}

/// Whether a reference is a part of the definition, or goes with it.
fn is_own(view: &View<'_>, doomed: &Doomed, inside: &[Span], reference: &Reference) -> bool {
    let mut bindings = view.facts.module_bindings(&doomed.symbol.name).map(|(_, binding)| binding);
    reference.file == view.file
        && match reference.site {
            Site::Export(_) => !doomed.is_helper,
            Site::Name(used) => inside.iter().any(|span| span.covers(view.facts.uses[used.index()].span)),
            // The re-export that is to be deleted.
            Site::Alias(alias) => bindings.any(|binding| binding.kind == BindingKind::Import(alias)),
            _ => false,
        }
}

/// Tells of the strings of a file that are the bare name, of the programs in texts that have it, and, as not sure, of the attributes.
fn texts(index: &Index, file: FileId, name: &str, is_own: bool, tell: &mut dyn FnMut(Span, Evidence, bool)) {
    let facts = index.facts(file);
    let view = View::open(index, file);
    let is_entry = |span: Span| facts.exports.iter().flat_map(|exports| &exports.entries).any(|entry| entry.1 == span);
    for string in facts.strings.iter().filter(|string| facts.names.get(string.value) == name) {
        if !(is_own && is_entry(string.span)) {
            let at = view.place(string.span);
            let evidence = Evidence { role: "string", at: Some((at.path, at.position.line)), text: format!("\"{name}\"") };
            tell(string.span, evidence, true);
        }
    }
    for span in facts.embedded_code_with(name) {
        tell(span, view.quote("string", span), true);
    }
    for span in attributes(&view.text, name) {
        tell(span, view.quote("attribute", span), false);
    }
}

/// The places of a text where a name stands behind a dot.
fn attributes(text: &str, name: &str) -> Vec<Span> {
    let is_part = |c: char| c == '_' || unicode_ident::is_xid_continue(c);
    let found = text.match_indices(name).filter(|(at, name)| {
        let (before, behind) = (&text[..*at], &text[at + name.len()..]);
        before.trim_end().ends_with('.') && !behind.starts_with(is_part)
    });
    found.map(|(at, name)| Span::new(at as u32, (at + name.len()) as u32)).collect()
}

/// Whether a file imports modules by computed names, and has a module's name as a text.
fn loads_by_name(facts: &Facts, module: &str) -> bool {
    let has_name = || facts.strings.iter().any(|string| facts.names.get(string.value) == module);
    ["import_module", "__import__"].iter().any(|function| facts.names.find(function).is_some()) && has_name()
}

/// The places of a text that name a definition as an entry point does: `command = module:name`.
fn entry_points(text: &str, module: &str, name: &str) -> Vec<Span> {
    let is_part = |c: char| matches!(c, '_' | '.' | ':') || unicode_ident::is_xid_continue(c);
    let path = format!("{module}:{name}");
    let found = text.match_indices(&path).filter(|(at, path)| {
        let (before, behind) = (&text[..*at], &text[at + path.len()..]);
        !before.ends_with(is_part) && !behind.starts_with(|c| c == '_' || unicode_ident::is_xid_continue(c))
    });
    found.map(|(at, path)| Span::new(at as u32, (at + path.len()) as u32)).collect()
}

/// A place in a configuration file as evidence.
pub fn mentioned(index: &Index, mention: &Mention) -> Evidence {
    let text = index.text(mention.file).unwrap_or_default();
    let place = place_in(index, mention.file, mention.span);
    Evidence { role: "config", at: Some((place.path, place.position.line)), text: text[mention.path.range()].to_owned() }
}

/// A reference as evidence.
pub fn evidence(index: &Index, reference: &Reference) -> Evidence {
    let (role, span) = place(index, reference);
    let view = View::open(index, reference.file);
    view.quote(role, span)
}

/// What a reference is, and where it stands.
pub fn place(index: &Index, reference: &Reference) -> (&'static str, Span) {
    let facts = index.facts(reference.file);
    match reference.site {
        Site::From(import) => ("import", facts.imports[import.index()].span),
        Site::Alias(alias) | Site::Star(alias, _) => ("import", facts.import_of(&facts.aliases[alias.index()]).span),
        Site::Attribute(used, _) | Site::Unsure(used, _) | Site::Name(used) => ("use", facts.uses[used.index()].span),
        Site::Export(at) => ("export", facts.exports.as_ref().map_or(Span::at(0), |exports| exports.entries[at].1)),
        Site::String(at, _) | Site::Member(at) => ("string", facts.strings[at].span),
        Site::Computed(at) => ("string", facts.computed[at].span),
    }
}

fn hold(index: &Index, reference: &Reference) -> Hold {
    let facts = index.facts(reference.file);
    let span = match reference.site {
        // What reads the name, not the statement that brings it with all the others.
        Site::Star(_, used) => facts.uses[used.index()].span,
        _ => place(index, reference).1,
    };
    let alias = if let Site::Alias(alias) = reference.site { Some(alias) } else { None };
    Hold { file: reference.file, span, alias, evidence: evidence(index, reference) }
}
