//! What TypeScript's own language service finds as references to a definition, the index finds as well, and nothing else.
//!
//! The service is a second opinion (`findReferences`): it knows no mocks, and follows no value that a variable holds. Where the two differ,
//! the reason is one of a closed list, and read off the facts, not off the place's text.
//!
//! `TYPESCRIPT_SEEDS=40 cargo test --test it typescript_references` looks at more projects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::{Value, json};
use ssot_migrate::git::folder;
use ssot_migrate::index::typescript::TypeScript;
use ssot_migrate::index::typescript::references::{Reference, Search, Site, Target, augmentations};
use ssot_migrate::index::{Index, Options};
use ssot_migrate::lang::typescript::facts::{
    Alias, AliasForm, BindingId, BindingKind, DeclarationKind, ExportId, Exported, Facts, Imported, RequestKind, UseForm,
};
use ssot_migrate::lang::typescript::modules::Module;
use ssot_migrate::lang::typescript::resolve::{self, Definition, End, Resolution, Symbol};
use ssot_migrate::text::path::RepoPath;
use ssot_migrate::text::snapshot::FileId;
use ssot_migrate::text::span::Span;

use crate::harness::project;
use crate::typescript::ask_each;
use crate::typescript_generated::generated;

/// Something that a file exports and defines itself.
struct Defined {
    file: FileId,
    names: Vec<String>,
    what: Definition,
    /// Where the service is asked: at its first declaration, and at the names by which it is exported.
    asked: BTreeSet<u32>,
}

/// A place, and why it is told, as far as the facts say.
type Places<'r> = BTreeMap<(FileId, u32), &'r Reference>;

/// How places compare.
#[derive(Default)]
struct Compared {
    definitions: usize,
    counts: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Compared {
    fn and(mut self, other: Self) -> Self {
        self.definitions += other.definitions;
        other.counts.into_iter().for_each(|(reason, count)| *self.counts.entry(reason).or_default() += count);
        self.wrong.extend(other.wrong);
        self
    }
}

/// What the files of an index define and export.
fn definitions(code: TypeScript<'_>) -> Vec<Defined> {
    let mut found: BTreeMap<Definition, Defined> = BTreeMap::new();
    for file in code.files() {
        let facts = code.facts(file);
        for (at, export) in facts.exports.iter().enumerate() {
            let name = facts.names.get(export.name);
            let Some((what, at)) = defined(facts, file, ExportId::new(at)).filter(|_| name != "export=") else { continue };
            let one = found.entry(what).or_insert_with(|| Defined { file, names: Vec::new(), what, asked: BTreeSet::new() });
            one.names.push(name.to_owned());
            one.asked.extend([at, name_at(code, file, export.name_span)]);
        }
    }
    found.into_values().collect()
}

/// What an export entry exports of its own file, and where its name stands.
fn defined(facts: &Facts, file: FileId, id: ExportId) -> Option<(Definition, u32)> {
    let export = &facts.exports[id.index()];
    let binding = match export.what {
        Exported::Binding(binding) => binding,
        Exported::Use(used) => {
            let used = &facts.uses[used.index()];
            used.binding.filter(|_| used.attributes.0 == used.attributes.1)?
        }
        Exported::Expression => return Some((Definition::Expression(file, id), export.name_span.start)),
        _ => return None,
    };
    let own = &facts.bindings[binding.index()];
    let is_own = !matches!(own.kind, BindingKind::Import(_));
    is_own.then(|| (Definition::Binding(file, binding), facts.declarations_of(own)[0].name_span.start))
}

/// The references to each definition, by their places.
fn found<'r>(all: &'r [Reference], code: TypeScript<'_>, defined: &[Defined]) -> Vec<Places<'r>> {
    let names = defined.iter().enumerate().flat_map(|(at, one)| one.names.iter().map(move |name| ((one.file, &**name), at)));
    let by_name: BTreeMap<(FileId, &str), usize> = names.collect();
    let by_binding: BTreeMap<Definition, usize> = defined.iter().enumerate().map(|(at, one)| (one.what, at)).collect();
    let mut places: Vec<Places> = defined.iter().map(|_| Places::new()).collect();
    for reference in all {
        let facts = code.facts(reference.file);
        let mut put = |at: usize| {
            places[at].insert((reference.file, place(facts, code, reference)), reference);
        };
        for hop in &reference.way.hops {
            if let Module::File(file) = hop.module {
                by_name.get(&(file, &*hop.name)).copied().into_iter().for_each(&mut put);
            }
        }
        // The uses in the file itself.
        if reference.way.hops.is_empty() {
            reference.way.definition().and_then(|what| by_binding.get(&what).copied()).into_iter().for_each(put);
        }
    }
    places
}

/// Where the name stands that refers: behind `a.` in `a.name`, and in the quotes.
fn place(facts: &Facts, code: TypeScript<'_>, reference: &Reference) -> u32 {
    let span = match reference.site {
        Site::Attribute(used, depth) => facts.attributes_of(&facts.uses[used.index()])[depth - 1].span,
        _ => reference.span(code),
    };
    name_at(code, reference.file, span)
}

/// Where a name begins that may stand in quotes.
fn name_at(code: TypeScript<'_>, file: FileId, span: Span) -> u32 {
    let is_quoted = code.index.text(file).is_ok_and(|text| text[span.range()].starts_with(['"', '\'', '`']));
    span.start + u32::from(is_quoted)
}

/// Whether a definition is exported by an assignment to `exports`: the service follows no import to what an object's key is given.
fn is_commonjs(code: TypeScript<'_>, defined: &Defined) -> bool {
    let facts = code.facts(defined.file);
    let is_assigned = |name: &String| {
        let mut entries = facts.exports_of(name).filter(|_| name != "default");
        entries.any(|(_, export)| matches!(export.what, Exported::Use(_) | Exported::Expression))
    };
    defined.names.iter().any(is_assigned)
}

/// Whether a file is JavaScript with a declaration file beside it, or that: the index follows the code, the service its declaration.
fn is_declared_beside(code: TypeScript<'_>, file: FileId) -> bool {
    let snapshot = code.index.snapshot();
    let has = |path: String| snapshot.id(&RepoPath::new(path).unwrap()).is_some();
    let path = snapshot.get(file).path.to_text();
    let ends = [(".js", ".d.ts"), (".jsx", ".d.ts"), (".mjs", ".d.mts"), (".cjs", ".d.cts")];
    ends.iter().any(|(code, declared)| {
        let other = |from: &str, to: &str| path.strip_suffix(from).is_some_and(|stem| has(format!("{stem}{to}")));
        other(code, declared) || other(declared, code)
    })
}

/// Whether a name is one of an import and of a declaration at once: a type's and a value's.
fn is_both(facts: &Facts, binding: BindingId) -> bool {
    let declarations = facts.declarations_of(&facts.bindings[binding.index()]);
    let imports = declarations.iter().filter(|declaration| declaration.kind == DeclarationKind::Import).count();
    0 < imports && imports < declarations.len()
}

/// Whether such a name stands at a place.
fn is_shared(facts: &Facts, at: u32) -> bool {
    let used = facts.uses.iter().filter(|used| used.span.start == at).filter_map(|used| used.binding);
    let named = facts.declarations.iter().filter(|declared| declared.name_span.start == at).map(|declared| declared.binding);
    used.chain(named).any(|binding| is_both(facts, binding))
}

/// What the name at a place means to the index, where it is another file's.
fn way(code: TypeScript<'_>, file: FileId, at: u32) -> Option<Resolution> {
    let facts = code.facts(file);
    let used = facts.uses.iter().filter(|used| used.span.start == at).filter_map(|used| used.binding);
    let named = facts.declarations.iter().filter(|declared| declared.name_span.start == at).map(|declared| declared.binding);
    let bound = used.chain(named).map(|binding| resolve::bound(&code, file, binding));
    let taken = facts.aliases.iter().filter(|alias| alias.imported_span.start == at);
    let taken = taken.map(|alias| resolve::imported(&code, file, alias));
    let passed = facts.exports.iter().filter_map(|export| match export.what {
        Exported::From { request, imported, imported_span } if imported_span.start == at => {
            let module = code.targets(file)[request.index()].module.clone();
            Some(code.resolve(&Symbol { module, name: facts.names.get(imported).into() }))
        }
        _ => None,
    });
    bound.chain(taken).chain(passed).next()
}

/// Whether a module on a way has a star that brings the definition, under a name that a nearer entry or another star has as well.
fn is_hidden(code: TypeScript<'_>, way: &Resolution, defined: &Defined) -> bool {
    let is_target =
        |hop: &Symbol| hop.module == Module::File(defined.file) && defined.names.iter().any(|name| **name == *hop.name);
    way.hops.iter().any(|hop| {
        let Module::File(file) = hop.module else { return false };
        let mut stars = code.facts(file).stars();
        stars.any(|star| {
            let module = code.targets(file)[star.index()].module.clone();
            code.resolve(&Symbol { module, name: hop.name.clone() }).hops.iter().any(is_target)
        })
    })
}

/// Whether a declaration file exports a definition only since nothing in it says what it exports.
fn is_exported_silently(code: TypeScript<'_>, defined: &Defined) -> bool {
    let facts = code.facts(defined.file);
    let text = code.index.text(defined.file).unwrap_or_default();
    let mut exports = defined.names.iter().flat_map(|name| facts.exports_of(name)).peekable();
    let is_declaration = code.index.snapshot().get(defined.file).path.to_text().contains(".d.");
    is_declaration
        && exports.peek().is_some()
        && exports.all(|(_, export)| !text[export.statement.range()].starts_with("export"))
}

/// Why the index finds a place that the service does not.
fn only_ours(code: TypeScript<'_>, defined: &Defined, reference: &Reference) -> Option<&'static str> {
    if is_exported_silently(code, defined) {
        return Some("ours: exported by a declaration file without a word");
    }
    if is_declared_beside(code, defined.file) {
        return Some("ours: of code with a declaration file");
    }
    if is_commonjs(code, defined) {
        return Some("ours: of CommonJS");
    }
    let is_default = |hop: &Symbol| hop.module == Module::File(defined.file) && &*hop.name == "default";
    if defined.names.len() > 1 && reference.way.hops.iter().any(is_default) {
        return Some("ours: by default, of what is exported by its name as well");
    }
    let facts = code.facts(reference.file);
    if is_shared(facts, place(facts, code, reference)) {
        return Some("ours: a name of an import and of a declaration");
    }
    let alias = match reference.site {
        Site::Export(export) if !matches!(facts.exports[export.index()].what, Exported::From { .. }) => {
            return Some("ours: the name by which an imported thing is exported");
        }
        Site::Alias(alias) => Some(alias),
        Site::Name(used) | Site::Attribute(used, _) => {
            let binding = facts.uses[used.index()].binding?;
            match facts.bindings[binding.index()].kind {
                BindingKind::Import(alias) => Some(alias),
                _ => None,
            }
        }
        _ => None,
    };
    let alias = alias.map(|alias| &facts.aliases[alias.index()]);
    match alias {
        Some(alias) if alias.form == AliasForm::Replacement => Some("ours: a test's replacement"),
        Some(alias) if matches!(facts.requests[alias.request.index()].kind, RequestKind::Mock(_)) => {
            Some("ours: asked of a test framework")
        }
        _ if reference.way.is_renamed => Some("ours: through another name"),
        Some(alias) if matches!(alias.form, AliasForm::Pattern | AliasForm::Variable | AliasForm::Member) => {
            Some("ours: held by a variable")
        }
        _ => None,
    }
}

/// Why the service finds a place that the index does not.
fn only_theirs(code: TypeScript<'_>, defined: &Defined, ours: &Places<'_>, file: FileId, at: u32) -> Option<&'static str> {
    let facts = code.facts(file);
    let declared = facts.declarations.iter().filter(|declared| declared.name_span.start == at).map(|declared| declared.binding);
    let declared: Vec<BindingId> = declared.collect();
    let own = |binding: &BindingId| defined.what == Definition::Binding(file, *binding);
    if declared.iter().any(own) || (defined.file == file && defined.asked.contains(&at)) {
        return Some("theirs: the declaration");
    }
    if augmentations(code, file, defined.what).iter().any(|span| span.start == at) {
        return Some("theirs: declared for the module by another file");
    }
    if !facts.errors.is_empty() {
        return Some("theirs: in a file that does not parse");
    }
    if is_declared_beside(code, defined.file) {
        return Some("theirs: of a declaration file with code");
    }
    let is_told = |wanted: Site| ours.values().any(|reference| reference.file == file && reference.site == wanted);
    let is_local = |binding: &BindingId| match facts.bindings[binding.index()].kind {
        BindingKind::Import(alias) => is_told(Site::Alias(alias)),
        _ => false,
    };
    if declared.iter().any(is_local) {
        return Some("theirs: the local name of an import");
    }
    let mut exports = facts.exports.iter().enumerate().filter(|(_, export)| export.name_span.start == at);
    if exports.any(|(id, _)| is_told(Site::Export(ExportId::new(id)))) {
        return Some("theirs: the new name of a re-export");
    }
    if facts.comments.iter().any(|comment| comment.range().contains(&(at as usize))) {
        return Some("theirs: in a comment");
    }
    // What a static method calls itself.
    if code.index.text(file).is_ok_and(|text| ["this", "super"].iter().any(|word| text[at as usize..].starts_with(word))) {
        return Some("theirs: `this`");
    }
    if is_shared(facts, at) {
        return Some("theirs: a name of an import and of a declaration");
    }
    let is_of_both = |what: Definition| match what {
        Definition::Binding(file, binding) => is_both(code.facts(file), binding),
        Definition::Expression(..) => false,
    };
    let way = way(code, file, at);
    match &way {
        _ if is_of_both(defined.what) => return Some("theirs: a name of an import and of a declaration"),
        Some(way) if way.definition().is_some_and(is_of_both) => {
            return Some("theirs: a name of an import and of a declaration");
        }
        Some(way) if matches!(way.end, End::Ambiguous(_)) => return Some("theirs: brought by one star of several"),
        Some(way) if way.end == End::Unbound => return Some("theirs: a name that its module does not export"),
        Some(way) if matches!(way.end, End::Absent(_)) => return Some("theirs: of a module that `declare module` makes"),
        Some(way) if is_hidden(code, way, defined) => return Some("theirs: brought by a star, and by a nearer entry"),
        _ => {}
    }
    if is_behind_namespace(code, file, at) {
        return Some("theirs: a member of a namespace that has no name of its own there");
    }
    (is_member(code, file, at) && is_passed_on(code, defined)).then_some("theirs: a member of a value that is the module")
}

/// Whether a name stands behind one that is taken from a module at once and is a module itself: `import("./barrel").lib.X`.
fn is_behind_namespace(code: TypeScript<'_>, file: FileId, at: u32) -> bool {
    let facts = code.facts(file);
    let is_namespace = |alias: &Alias| {
        let end = resolve::imported(&code, file, alias).end;
        alias.local.is_none() && alias.imported_span.end + 1 == at && matches!(end, End::Module(_))
    };
    facts.aliases.iter().any(is_namespace)
}

/// Whether a name stands behind a value, or as a key in a pattern: what it means, only types say.
fn is_member(code: TypeScript<'_>, file: FileId, at: u32) -> bool {
    let facts = code.facts(file);
    let is_own = facts.uses.iter().any(|used| used.span.start == at && used.form == UseForm::Plain);
    let is_bound = facts.aliases.iter().any(|alias| alias.imported_span.start == at);
    !is_own && !is_bound
}

/// Whether some file hands the module on as a whole, or one that exports the definition as well.
fn is_passed_on(code: TypeScript<'_>, defined: &Defined) -> bool {
    let is_exported = |module: &Module| {
        let mut names = defined.names.iter();
        names.any(|name| {
            let symbol = Symbol { module: module.clone(), name: name.as_str().into() };
            code.resolve(&symbol).definition() == Some(defined.what)
        })
    };
    let in_file = |file: FileId| {
        let facts = code.facts(file);
        let wholes = facts.aliases.iter().filter(|alias| alias.imported == Imported::Namespace);
        let mut modules = wholes.map(|alias| &code.targets(file)[alias.request.index()].module);
        modules.any(is_exported)
    };
    code.files().any(in_file)
}

/// Compares all definitions of some folders.
fn compare(folders: &[(PathBuf, String)]) -> Compared {
    let indices: Vec<Index> =
        folders.par_iter().map(|(root, _)| Index::build(folder::snapshot(root).unwrap(), &Options::default())).collect();
    let questions = folders.iter().zip(&indices).map(|((root, _), index)| (root.clone(), question(index)));
    let answers = ask_each(&questions.collect::<Vec<_>>());
    let each = folders.iter().zip(&indices).zip(&answers).map(|(((_, label), index), answer)| held(index, label, answer));
    each.reduce(Compared::and).unwrap_or_default()
}

/// What the language service is asked about a folder: who refers to each definition.
fn question(index: &Index) -> Value {
    let code = index.typescript();
    code.warm();
    let path = |file: FileId| index.snapshot().get(file).path.to_text();
    let all = definitions(code).into_iter();
    let places = all.flat_map(|one| one.asked.into_iter().map(move |at| (one.file, at)));
    let asked: Vec<_> = places.map(|(file, at)| json!({ "file": path(file), "at": at })).collect();
    json!({ "references": asked })
}

/// Holds the references of an index against the service's answer.
fn held(index: &Index, label: &str, answer: &Value) -> Compared {
    let code = index.typescript();
    let defined = definitions(code);
    let path = |file: FileId| index.snapshot().get(file).path.to_text();
    let answers: Vec<BTreeMap<String, Vec<u32>>> = serde_json::from_value(answer["references"].clone()).unwrap();
    let mut answers = answers.into_iter();
    let symbol = |file: FileId, name: &str| Target::Symbol(Symbol { module: Module::File(file), name: name.into() });
    let targets: Vec<Target> = defined.iter().flat_map(|one| one.names.iter().map(|name| symbol(one.file, name))).collect();
    let references = Search::new(code, &targets).run();
    let ours = found(&references, code, &defined);
    let mut compared = Compared { definitions: defined.len(), ..Compared::default() };
    for (one, ours) in defined.iter().zip(&ours) {
        let id = |path: &str| index.snapshot().id(&RepoPath::new(path).unwrap());
        let theirs: Vec<_> = answers.by_ref().take(one.asked.len()).flatten().collect();
        let theirs = theirs.iter().flat_map(|(path, places)| places.iter().map(move |at| (id(path), *at)));
        let theirs: BTreeSet<(FileId, u32)> = theirs.filter_map(|(file, at)| Some((file?, at))).collect();
        let mine: BTreeSet<(FileId, u32)> = ours.keys().copied().collect();
        for (file, at) in mine.union(&theirs).copied() {
            let reason = match (ours.get(&(file, at)), theirs.contains(&(file, at))) {
                (Some(_), true) => Some("both"),
                (Some(reference), false) => only_ours(code, one, reference),
                (None, _) => only_theirs(code, one, ours, file, at),
            };
            match reason {
                Some(reason) => *compared.counts.entry(reason).or_default() += 1,
                None => {
                    let position = index.position(file, at);
                    let whose = if theirs.contains(&(file, at)) { "only the service" } else { "only the index" };
                    let target = format!("{}:{}", path(one.file), one.names[0]);
                    let place = format!("{}:{}:{}", path(file), position.line, position.column);
                    compared.wrong.push(format!("{label}: {whose} has {place} as a reference to {target}"));
                }
            }
        }
    }
    compared
}

/// The folders of all fixtures of TypeScript.
fn fixtures() -> Vec<PathBuf> {
    let pattern = project().join("fixtures/kinds");
    let kinds = std::fs::read_dir(pattern).unwrap().map(|kind| kind.unwrap().path());
    let cases = kinds.flat_map(|kind| std::fs::read_dir(kind).unwrap().map(|case| case.unwrap().path()));
    let is_typescript = |case: &PathBuf| case.file_name().unwrap().to_str().unwrap().starts_with("typescript-");
    let mut all: Vec<PathBuf> = cases.filter(is_typescript).map(|case| case.join("before")).collect();
    all.sort();
    all
}

fn judge(compared: &Compared) {
    assert!(compared.wrong.is_empty(), "{:#?}\n{:#?}", compared.wrong, compared.counts);
    println!("{} definitions: {:#?}", compared.definitions, compared.counts);
}

#[test]
fn fixtures_refer_to_what_the_language_service_finds() {
    let label = |folder: &PathBuf| folder.strip_prefix(project()).unwrap().to_str().unwrap().to_owned();
    let compared = compare(&fixtures().into_iter().map(|folder| (folder.clone(), label(&folder))).collect::<Vec<_>>());
    judge(&compared);
    assert!(compared.definitions > 100 && compared.counts["both"] > 200, "{:?}", compared.counts);
}

#[test]
fn generated_projects_refer_to_what_the_language_service_finds() {
    let last = std::env::var("TYPESCRIPT_SEEDS").ok().map_or(4, |last| last.parse().expect("TYPESCRIPT_SEEDS is a number"));
    let projects: Vec<_> = (1..=last).into_par_iter().map(|seed: u32| (generated(seed).0, format!("seed {seed}"))).collect();
    let folders: Vec<_> = projects.iter().map(|(sandbox, label)| (sandbox.root(), label.clone())).collect();
    let compared = compare(&folders);
    judge(&compared);
    assert!(compared.counts["both"] > 100, "{:?}", compared.counts);
}

/// `SSOT_TYPESCRIPT_ROOT=/path cargo test --test it typescript_references::any -- --ignored --nocapture`
#[test]
#[ignore = "needs a folder with its packages installed: SSOT_TYPESCRIPT_ROOT"]
fn any_folder_refers_to_what_the_language_service_finds() {
    let root: PathBuf = std::env::var_os("SSOT_TYPESCRIPT_ROOT").expect("SSOT_TYPESCRIPT_ROOT names a folder").into();
    judge(&compare(&[(root, "the folder".to_owned())]));
}
