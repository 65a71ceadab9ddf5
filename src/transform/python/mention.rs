//! What the words of a line mean that are spelled like something a plan is about: why they are no reference to it, or why a reference
//! stays as it is.

use super::super::Subject;
use super::View;
use super::sightings::{Sighting, sightings};
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::facts::{Binding, BindingKind, Facts, ScopeId, ScopeKind, Use, UseId};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Imported, Resolution, Step, Symbol};
use crate::lang::python::scope::Lookup;
use crate::lang::python::words::{Role, Word, words};
use crate::text::snapshot::FileId;
use crate::text::span::{Position, Span};

/// A word on a line that is spelled like a subject, and what it means there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mention {
    /// Where it stands.
    pub position: Position,
    /// The word.
    pub word: String,
    /// The subject.
    pub subject: String,
    /// Whether it is a reference to the subject.
    pub is_reference: bool,
    /// What it is, or why it stays, in words.
    pub text: String,
}

/// The words in a part of a file that are spelled like one of the subjects, in source order.
pub fn mentions(index: &Index, file: FileId, within: Span, subjects: &[Subject]) -> Vec<Mention> {
    let view = View::open(index, file);
    let named =
        |word: &str| subjects.iter().filter(move |subject| last_name(&subject.target) == word).cloned().collect::<Vec<_>>();
    let found =
        words(&view.text, view.facts, within, &|word| subjects.iter().any(|subject| last_name(&subject.target) == word));
    let mut mentions = Vec::new();
    for word in found {
        let spelled = &view.text[word.span.range()];
        for subject in named(spelled) {
            let targets = [subject.target.clone()];
            let references = Search::new(index, &targets).run_in(file);
            let sightings = sightings(index, &references);
            let sighting = sightings.iter().find(|sighting| sighting.place.span.covers(word.span));
            let text = match sighting {
                _ if is_definition(&view, word, &subject) => "it is the definition itself".to_owned(),
                Some(sighting) => stays(&view, sighting, &subject),
                None => means(&view, word),
            };
            mentions.push(Mention {
                position: view.place(word.span).position,
                word: spelled.to_owned(),
                subject: subject.target.spelled(index.modules()),
                is_reference: sighting.is_some(),
                text,
            });
        }
    }
    mentions.dedup();
    mentions
}

/// Whether the word is where the subject's own module binds it.
fn is_definition(view: &View<'_>, word: Word, subject: &Subject) -> bool {
    let Role::Bound(binding) = word.role else { return false };
    let is_own = |symbol: &Symbol| symbol.module == Module::File(view.file);
    view.facts.bindings[binding.index()].scope == ScopeId::MODULE
        && matches!(&subject.target, Target::Symbol(symbol) if is_own(symbol))
}

fn last_name(target: &Target) -> &str {
    match target {
        Target::Symbol(symbol) => &symbol.name,
        Target::Module(dotted) => dotted.rsplit('.').next().unwrap_or(dotted),
    }
}

/// Why a reference stays as it is.
fn stays(view: &View<'_>, sighting: &Sighting<'_>, subject: &Subject) -> String {
    let Reference { site, way, distance, .. } = sighting.reference;
    let passed = &way.hops[..(*distance).min(way.hops.len())];
    let is_home = |hop: &&Symbol| subject.home == Some(Target::Symbol((*hop).clone()));
    if let Some(home) = passed.iter().find(is_home) {
        return format!("it comes from the new home already, {}", home.spelled(view.index.modules()));
    }
    match site {
        Site::Name(used) | Site::Attribute(used, _) => match bindings(view, &view.facts.uses[used.index()]).first() {
            Some(binding) => format!("it follows what is {}; the line itself stays", described(view, binding)),
            None => "it follows what a star import brings; the line itself stays".to_owned(),
        },
        Site::Export(_) => "it is an entry of the module's own `__all__`".to_owned(),
        Site::String(..) | Site::Member(_) | Site::Computed(_) => match way.hops.first() {
            Some(first) if *distance > 0 => format!("the string names {}, which stays", first.spelled(view.index.modules())),
            _ => "the string names it, and no step edits or lists the place".to_owned(),
        },
        _ => "it is a reference that the step leaves as it is".to_owned(),
    }
}

/// What a word is that is no reference to a subject.
fn means(view: &View<'_>, word: Word) -> String {
    let (index, facts) = (view.index, view.facts);
    match word.role {
        Role::Use(used) => read(view, used),
        Role::Attribute(used, depth) => {
            let used = &facts.uses[used.index()];
            let steps = resolve::steps(index, view.file, used);
            match steps.get(depth) {
                Some(Step { hops, end }) => format!("it is {}", way(index, hops, end)),
                None => {
                    let name = facts.names.get(used.name);
                    format!("it is an attribute of `{name}`, and what that object is only running the program can tell")
                }
            }
        }
        Role::Bound(binding) => {
            let binding = &facts.bindings[binding.index()];
            format!("the name is {}", described(view, binding))
        }
        Role::Imported(alias) => {
            let alias = &facts.aliases[alias.index()];
            match resolve::imported(index, view.file, facts.import_of(alias), alias) {
                Imported::Symbol(symbol) => {
                    let Resolution { hops, end } = resolve::resolve(index, &symbol);
                    format!("it is {}", way(index, &hops, &end))
                }
                Imported::Module(_) => format!("it is a part of the module {}", facts.names.get(alias.name)),
                Imported::Beyond => "the relative import leads out of the import root".to_owned(),
            }
        }
        Role::From(import) => match resolve::from_module(index, view.file, &facts.imports[import.index()]) {
            Some(module) => format!("it is a part of the module {}", index.modules().dotted(&module)),
            None => "the relative import leads out of the import root".to_owned(),
        },
        Role::Export => "it is an entry of `__all__`, which names what this module binds".to_owned(),
        Role::CodeLike(string) => {
            let value = facts.names.get(facts.strings[string].value);
            format!("it stands in the string `{value}`, which does not name it by its dotted path: data")
        }
        Role::Prose => "it stands in a string that is prose or data".to_owned(),
        Role::Comment => "it stands in a comment".to_owned(),
        Role::Keyword => "it is the name of a keyword argument".to_owned(),
        Role::Member => "it is an attribute of an object that only running the program can tell".to_owned(),
        Role::Other => "it is no name that is read here".to_owned(),
    }
}

/// The bindings that a use may read, the innermost scope's first.
fn bindings<'f>(view: &View<'f>, used: &Use) -> Vec<&'f Binding> {
    let facts: &'f Facts = view.facts;
    let scopes = match facts.lookup(used.scope, used.name) {
        Lookup::Bound(scope) => vec![scope],
        Lookup::ClassOr(class, outer) => [Some(class), outer].into_iter().flatten().collect(),
        Lookup::Free => Vec::new(),
    };
    let mut found: Vec<&Binding> =
        scopes.into_iter().flat_map(|scope| facts.bindings_of(scope, used.name)).map(|(_, binding)| binding).collect();
    found.sort_by_key(|binding| !Facts::is_lasting(binding));
    found
}

fn read(view: &View<'_>, id: UseId) -> String {
    let used = &view.facts.uses[id.index()];
    let bindings = bindings(view, used);
    let Some(first) = bindings.first() else {
        return match resolve::steps(view.index, view.file, used).first() {
            Some(Step { hops, end }) if !hops.is_empty() => format!("a star import brings {}", way(view.index, hops, end)),
            _ => "nothing in the file binds the name: it is a builtin, or unbound".to_owned(),
        };
    };
    let more = match bindings.len() {
        1 => String::new(),
        count => format!(" (and bound {} more time{})", count - 1, if count == 2 { "" } else { "s" }),
    };
    format!("the name is {}{more}", described(view, first))
}

/// What binds a name, and where.
fn described(view: &View<'_>, binding: &Binding) -> String {
    let facts = view.facts;
    let line = view.lines.position(binding.span.start).line;
    let scope = facts.scopes[binding.scope.index()].kind;
    let holder = match scope {
        ScopeKind::Module => "of this module",
        ScopeKind::Class => "of a class",
        ScopeKind::Function | ScopeKind::TypeParameters => "of a function",
        ScopeKind::Comprehension => "of a comprehension",
    };
    let what = match binding.kind {
        BindingKind::Import(alias) => {
            let alias = &facts.aliases[alias.index()];
            let brought = match resolve::imported(view.index, view.file, facts.import_of(alias), alias) {
                Imported::Symbol(symbol) => symbol.spelled(view.index.modules()),
                Imported::Module(module) => view.index.modules().dotted(&module).to_string(),
                Imported::Beyond => "something beyond the import root".to_owned(),
            };
            return format!("imported on line {line}: {brought}");
        }
        BindingKind::Parameter => "a parameter".to_owned(),
        BindingKind::TypeParameter => "a type parameter or type alias".to_owned(),
        BindingKind::Exception => "a caught exception".to_owned(),
        BindingKind::Delete => "deleted".to_owned(),
        BindingKind::Definition(_) => match scope {
            ScopeKind::Class => "a definition in class scope".to_owned(),
            ScopeKind::Module => format!("a definition {holder}"),
            _ => format!("a definition in the scope {holder}"),
        },
        BindingKind::Alias(_)
        | BindingKind::Text(_)
        | BindingKind::Entered(_)
        | BindingKind::Value
        | BindingKind::Annotation => match binding.scope {
            ScopeId::MODULE => format!("a variable {holder}"),
            _ if scope == ScopeKind::Class => format!("a variable {holder}"),
            _ => format!("a local variable {holder}"),
        },
    };
    let quoted = view.quote("binding", binding.span).text;
    format!("{what}, bound on line {line}: {quoted}")
}

/// A way in words: what it passes and how it ends.
fn way(index: &Index, hops: &[Symbol], end: &End) -> String {
    let hops: Vec<String> = hops.iter().map(|hop| hop.spelled(index.modules())).collect();
    let path = hops.join(" \u{2192} ");
    match end {
        End::Module(module @ (Module::File(_) | Module::Namespace(_))) => {
            format!("the module {}", index.modules().dotted(module))
        }
        End::Definition => format!("{path} (definition)"),
        End::Absent(_) | End::Module(_) => format!("{path}, which is not in the repository"),
        End::Unbound => format!("{path}, which does not exist"),
        End::Local => "a local value".to_owned(),
        End::Dynamic | End::Ambiguous(_) | End::Cycle => format!("{path}, and only running the program can tell what that is"),
    }
}
