//! Moving the files of a module, with every reference to it, or nothing.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::index::Index;
use crate::index::mentions::Mention;
use crate::index::references::{Reference, Search, Site, Target, is_inside};
use crate::lang::config::Position;
use crate::lang::python::facts::{AliasId, Binding, BindingKind, Context as Under, Import, ImportId, ScopeId, Use, UseId};
use crate::lang::python::imports::{self, Added, Becomes, Change, Editor, Name};
use crate::lang::python::modules::Module;
use crate::lang::python::rename::rename_uses;
use crate::lang::python::resolve::{self, End, Symbol};
use crate::lang::python::scope::Lookup;
use crate::lang::python::strings::{self, Role};
use crate::text::blob::Mode;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::python::View;
use crate::transform::python::delete_definition::{evidence, mentioned};
use crate::transform::python::relocate::{Names, Style, owner, seen_from_outside};

/// Moves a module's files and rewrites every reference to it. Where one reference cannot be rewritten, nothing moves.
pub(super) fn move_files(context: &Context<'_>, from: &str, to: &str, style: Style) -> Vec<Finding> {
    let index = context.index;
    let Ok(Module::File(main)) = index.modules().find(from) else { return Vec::new() };
    let view = View::open(index, main);
    let message = format!("{from} moves to {to}");
    let finding = |outcome, evidence| {
        let mut finding = view.finding(Span::at(0), message.clone(), Some(Spelling::of(Form::Definition)), outcome);
        finding.evidence = evidence;
        vec![finding]
    };
    let Some((moves, created)) = destinations(index, main, from, to) else {
        return finding(Outcome::Left(Reason::NotImportable), Vec::new());
    };
    if moves.values().any(|to| index.snapshot().id(to).is_some()) {
        return finding(Outcome::Left(Reason::PlaceTaken), Vec::new());
    }
    let targets = [Target::Module(from.into())];
    let search = Search::new(index, &targets);
    let references = search.run();
    let names: Vec<Target> = references.iter().filter_map(|reference| bound_name(index, reference)).collect();
    let mut relocation = Moving {
        visible: seen_from_outside(index, &names).into_iter().collect(),
        index,
        context,
        from,
        to,
        style,
        moves: &moves,
        edits: BTreeMap::new(),
        blockers: Vec::new(),
        strings: Vec::new(),
        configs: Vec::new(),
    };
    for reference in &references {
        relocation.rewrite(reference);
    }
    for mention in search.mentions(&|file| context.in_scope(file)) {
        relocation.mention(&mention);
    }
    let placed: Vec<Evidence> = moves.iter().flat_map(|(&file, to)| depends_on_place(index, file, to)).collect();
    for &file in moves.keys().filter(|file| crate::lang::python::is_source(&index.snapshot().get(**file).path)) {
        relocation.keep_relative_imports(file);
    }
    for &file in search.candidates() {
        let code = index.facts(file).embedded_code_with_module(from);
        relocation.strings.extend(code.map(|span| View::open(index, file).quote("string", span)));
        if let Some(error) = index.facts(file).errors.first() {
            let at = View::open(index, file).place(error.span);
            relocation.blockers.push(Evidence {
                role: "unparsable",
                at: Some((at.path, at.position.line)),
                text: error.message.to_string(),
            });
        }
    }
    if let Some(reason) = moves.keys().find_map(|&file| context.keeps(file)) {
        return finding(Outcome::Left(reason), Vec::new());
    }
    let Moving { edits, blockers, strings, configs, .. } = relocation;
    if !blockers.is_empty() {
        return finding(Outcome::Left(Reason::StillReferenced), blockers);
    }
    match assemble(index, &moves, &created, edits) {
        Some(change) => {
            // Strings that name the module keep naming the old one.
            let reason = (!strings.is_empty()).then_some(Reason::InString);
            let reason = reason.or((!configs.is_empty()).then_some(Reason::InConfig));
            let reason = reason.or((!placed.is_empty()).then_some(Reason::NotProved));
            finding(Outcome::Fix(Fix::judged(reason, change)), [strings, configs, placed].concat())
        }
        None => finding(Outcome::Left(Reason::ParsersDisagree), Vec::new()),
    }
}

/// The module-level name that an import gives to what it refers to.
fn bound_name(index: &Index, reference: &Reference) -> Option<Target> {
    let facts = index.facts(reference.file);
    let Site::Alias(alias) = reference.site else { return None };
    let alias = &facts.aliases[alias.index()];
    let is_top = facts.import_of(alias).scope == ScopeId::MODULE && facts.import_of(alias).from.is_some();
    let name = facts.names.get(alias.local).into();
    is_top.then_some(Target::Symbol(Symbol { module: Module::File(reference.file), name }))
}

/// Where a file that goes to another folder asks for its own place.
fn depends_on_place(index: &Index, file: FileId, to: &RepoPath) -> Vec<Evidence> {
    let path = &index.snapshot().get(file).path;
    if path.parent() == to.parent() || !crate::lang::python::is_source(path) {
        return Vec::new();
    }
    let view = View::open(index, file);
    let asks = |name: &str| matches!(name, "__file__" | "__package__" | "__path__" | "__spec__");
    let uses = view.facts.uses.iter().filter(|used| asks(view.facts.names.get(used.name)));
    let place = |used: &Use| {
        let at = view.place(used.span);
        Evidence { role: "place", at: Some((at.path, at.position.line)), text: view.facts.names.get(used.name).to_owned() }
    };
    uses.map(place).collect()
}

/// Whether a module logs under its own name: `logging.getLogger(__name__)`.
fn names_its_logger(index: &Index, file: FileId) -> bool {
    let facts = index.facts(file);
    let has = |name: &str| facts.names.find(name).is_some();
    has("getLogger") && facts.uses.iter().any(|used| facts.names.get(used.name) == "__name__")
}

/// Where each file of a module goes, and which `__init__.py` files have to be made on the way.
fn destinations(index: &Index, main: FileId, from: &str, to: &str) -> Option<(BTreeMap<FileId, RepoPath>, Vec<RepoPath>)> {
    let snapshot = index.snapshot();
    let path = snapshot.get(main).path.as_str()?;
    let (old, new) = (from.replace('.', "/"), to.replace('.', "/"));
    let is_package = index.modules().is_package(main);
    let root = path.strip_suffix(&format!("{old}{}", if is_package { "/__init__.py" } else { ".py" }))?;
    let mut moves = BTreeMap::new();
    for (at, file) in snapshot.files().iter().enumerate() {
        let Some(rest) = file.path.as_str().and_then(|path| path.strip_prefix(root)?.strip_prefix(&old)) else { continue };
        let is_part = if is_package { rest.starts_with('/') } else { matches!(rest, ".py" | ".pyi") };
        if is_part {
            moves.insert(FileId::new(at), RepoPath::new(format!("{root}{new}{rest}"))?);
        }
    }
    let created = new_packages(snapshot, root, &new)?;
    Some((moves, created))
}

/// The `__init__.py` files that a new module needs, given the folder that its path starts from: a folder that comes into being in a
/// regular package is a regular package as well.
pub(in crate::transform::python) fn new_packages(snapshot: &Snapshot, root: &str, module: &str) -> Option<Vec<RepoPath>> {
    let mut created = Vec::new();
    let parents: Vec<&str> = module.split('/').collect();
    for depth in 1..parents.len() {
        let folder = format!("{root}{}", parents[..depth].join("/"));
        let first = snapshot.files().partition_point(|file| *file.path.as_bytes() < *format!("{folder}/").as_bytes());
        let exists = snapshot.files().get(first).is_some_and(|file| file.path.is_below(folder.as_bytes()));
        let above = RepoPath::new(format!("{root}{}/__init__.py", parents[..depth - 1].join("/")));
        let is_regular = above.is_some_and(|above| snapshot.id(&above).is_some() || created.contains(&above));
        if !exists && is_regular {
            created.push(RepoPath::new(format!("{folder}/__init__.py"))?);
        }
    }
    Some(created)
}

fn assemble(
    index: &Index,
    moves: &BTreeMap<FileId, RepoPath>,
    created: &[RepoPath],
    edits: BTreeMap<FileId, Vec<Edit>>,
) -> Option<SourceChange> {
    let mut change = SourceChange::default();
    let mut edits: BTreeMap<FileId, TextEdit> =
        edits.into_iter().map(|(file, edits)| Some((file, TextEdit::new(edits).ok()?))).collect::<Option<_>>()?;
    let path = |file: FileId| index.snapshot().get(file).path.clone();
    for (&file, to) in moves {
        let edit = edits.remove(&file).unwrap_or_default();
        change.union(&SourceChange::of(path(file), FileChange::Move { to: to.clone(), edit })).ok()?;
    }
    for (file, edit) in edits {
        change.union(&SourceChange::edit(path(file), edit)).ok()?;
    }
    for path in created {
        let create = FileChange::Create { content: String::new(), mode: Mode::Regular };
        change.union(&SourceChange::of(path.clone(), create)).ok()?;
    }
    Some(change)
}

/// The first name of a dotted path.
fn root(dotted: &str) -> &str {
    dotted.split('.').next().unwrap_or(dotted)
}

/// A module on the move.
struct Moving<'m> {
    index: &'m Index,
    context: &'m Context<'m>,
    from: &'m str,
    to: &'m str,
    style: Style,
    moves: &'m BTreeMap<FileId, RepoPath>,
    /// Names for the module that other files read: they keep their spelling.
    visible: FxHashSet<Symbol>,
    edits: BTreeMap<FileId, Vec<Edit>>,
    blockers: Vec<Evidence>,
    strings: Vec<Evidence>,
    /// Configuration values that follow, and of which it is not known what reads them.
    configs: Vec<Evidence>,
}

impl Moving<'_> {
    /// The name that a module has afterwards.
    fn moved(&self, dotted: &str) -> String {
        match is_inside(dotted, self.from) {
            true => format!("{}{}", self.to, &dotted[self.from.len()..]),
            false => dotted.to_owned(),
        }
    }

    fn rewrite(&mut self, reference: &Reference) {
        let file = reference.file;
        let is_movable = self.context.keeps(file).is_none() && self.index.facts(file).errors.is_empty();
        let edits = match reference.site {
            Site::String(at, parts) => {
                match self.string(file, at, parts).filter(|_| is_movable) {
                    Some(edit) => self.edits.entry(file).or_default().push(edit),
                    None => self.strings.push(evidence(self.index, reference)),
                }
                return;
            }
            Site::Computed(_) => {
                self.strings.push(evidence(self.index, reference));
                return;
            }
            // The name of a module behind another argument follows the import that binds that one.
            Site::Member(_) => None,
            // A name follows the import that binds it.
            Site::Name(_) => return,
            _ if !is_movable => None,
            Site::From(import) => self.rewrite_from(file, import),
            Site::Alias(alias) => self.alias(file, alias),
            Site::Attribute(used, depth) => self.attribute(file, used, depth),
            Site::Unsure(..) | Site::Star(..) | Site::Export(_) => None,
        };
        match edits {
            Some(edits) => self.edits.entry(file).or_default().extend(edits),
            None => self.blockers.push(evidence(self.index, reference)),
        }
    }

    /// A dotted path in a configuration file.
    fn mention(&mut self, mention: &Mention) {
        let is_readable = self.index.is_readable(mention.file, mention.format);
        match mention.position {
            _ if !is_readable => return self.strings.push(mentioned(self.index, mention)),
            Position::Text => return self.strings.push(mentioned(self.index, mention)),
            Position::Value => self.configs.push(mentioned(self.index, mention)),
            Position::EntryPoint => {}
        }
        let span = Span::new(mention.path.start, mention.path.start + self.from.len() as u32);
        self.edits.entry(mention.file).or_default().push(Edit::replace(span, self.to));
    }

    /// A dotted path that is given to something that looks it up: the module's namespace moves as a whole, so every path into it
    /// follows.
    fn string(&self, file: FileId, at: usize, parts: usize) -> Option<Edit> {
        let view = View::open(self.index, file);
        let string = &view.facts.strings[at];
        let is_followed = match strings::role(self.index, file, string) {
            Role::Patch | Role::Object | Role::Module => true,
            // A logger is known by its module's name where the module asks for it so.
            Role::Logger => self.moves.keys().all(|&file| names_its_logger(self.index, file)),
            Role::Data | Role::Task | Role::Member | Role::PatchMember | Role::SetMember => false,
        };
        let text = view.facts.names.get(string.value);
        let path = strings::prefix(text, parts).replace(':', ".");
        if !is_followed || !is_inside(&path, self.from) {
            return None;
        }
        let start = strings::content(&view.text, string.span, text)?.start;
        Some(Edit::replace(Span::new(start, start + self.from.len() as u32), self.to))
    }

    /// `from a.old import x`. In a file that moves as well, relative imports are looked at afterwards.
    fn rewrite_from(&self, file: FileId, import: ImportId) -> Option<Vec<Edit>> {
        let view = View::open(self.index, file);
        let from = view.facts.imports[import.index()].from?;
        if from.level > 0 && self.moves.contains_key(&file) {
            return Some(Vec::new());
        }
        let module = from.module.map(|module| view.facts.names.get(module));
        let dotted = self.index.modules().absolute(file, from.level, module)?;
        imports::replace_module(&view.source()?, import, &self.relative(&view, &view.facts.imports[import.index()], &dotted))
            .ok()
    }

    /// The new name of a module, relative if the statement is and if it can stay so.
    fn relative(&self, view: &View<'_>, import: &Import, dotted: &str) -> String {
        let new = self.moved(dotted);
        let Some(from) = import.from.filter(|from| from.level > 0) else { return new };
        let dots = ".".repeat(from.level as usize);
        match self.index.modules().absolute(view.file, from.level, None) {
            Some(base) if base == new => dots,
            Some(base) => match new.strip_prefix(&base).and_then(|rest| rest.strip_prefix('.')) {
                Some(rest) if !base.is_empty() => dots + rest,
                _ => new,
            },
            None => new,
        }
    }

    /// `import a.old [as m]`, or `from a import old [as m]`.
    fn alias(&self, file: FileId, id: AliasId) -> Option<Vec<Edit>> {
        let view = View::open(self.index, file);
        let facts = view.facts;
        let alias = &facts.aliases[id.index()];
        let import = facts.import_of(alias);
        let name = facts.names.get(alias.name);
        if import.from.is_none() {
            // A top-level module is bound under its own name, which the uses go on to use.
            let is_whole = name == self.from && !name.contains('.');
            let local = alias.asname.map(|(local, _)| local).or(is_whole.then_some(alias.local));
            let mut added = Vec::new();
            if local.is_none() {
                let owner = owner(facts, alias)?;
                if !self.has_same_root() && !self.is_root_free(&view, owner) {
                    return None;
                }
                // The package above goes on to be used for other things, and the new path does not load it.
                if let Some((package, _)) = self.from.rsplit_once('.')
                    && !is_inside(self.to, package)
                    && self.needs_package(&view, owner, id, package)
                {
                    added.push(Added::Module(package.to_owned()));
                }
            }
            let local = local.map(|local| facts.names.get(local).to_owned());
            let change = Change { aliases: vec![(id, Becomes::Module { module: self.moved(name), local })], added };
            return imports::rewrite(&Editor::of_all(&view.source()?), alias.import, &change).ok();
        }
        let module = self.index.modules().dotted(&resolve::from_module(self.index, file, import)?);
        if is_inside(&module, self.from) {
            // A submodule of the moved package: its `from` clause is rewritten.
            return Some(Vec::new());
        }
        let old = format!("{module}.{name}");
        if !is_inside(&old, self.from) {
            // The name of a re-export that stands for the module: it stays what it is.
            return Some(Vec::new());
        }
        let new = self.moved(&old);
        let (package, stem) = new.rsplit_once('.')?;
        let mut edits = Vec::new();
        let mut local = facts.names.get(alias.local).to_owned();
        if alias.asname.is_none()
            && self.style.names == Names::Rename
            && stem != local
            && !self.index.modules().is_package(file)
        {
            let owner = facts.binding_of_alias(id)?.scope;
            let is_single = facts.bindings_of(owner, alias.local).count() == 1;
            let own = Symbol { module: Module::File(file), name: local.as_str().into() };
            let is_exported = owner == ScopeId::MODULE && (facts.exports_name(&local) || self.visible.contains(&own));
            if is_single
                && !is_exported
                && let Ok(renamed) = rename_uses(facts, owner, alias.local, stem, &|_| false)
            {
                edits.extend(renamed);
                local = stem.to_owned();
            }
        }
        let becomes = Becomes::Name(Name { module: package.to_owned(), name: stem.to_owned(), local });
        let change = Change { aliases: vec![(id, becomes)], added: Vec::new() };
        edits.extend(imports::rewrite(&Editor::of_all(&view.source()?), alias.import, &change).ok()?);
        Some(edits)
    }

    /// `a.old`, spelled out.
    fn attribute(&self, file: FileId, id: UseId, depth: usize) -> Option<Vec<Edit>> {
        let facts = self.index.facts(file);
        let used = &facts.uses[id.index()];
        let attributes = &facts.attributes_of(used)[..depth];
        let names = attributes.iter().map(|attribute| facts.names.get(attribute.name));
        let path: Vec<&str> = std::iter::once(facts.names.get(used.name)).chain(names).collect();
        let is_plain = match facts.lookup(used.scope, used.name) {
            Lookup::Bound(owner) => facts.bindings_of(owner, used.name).all(|(_, binding)| match binding.kind {
                BindingKind::Import(alias) => {
                    let alias = &facts.aliases[alias.index()];
                    alias.asname.is_none() && facts.import_of(alias).from.is_none()
                }
                _ => false,
            }),
            _ => false,
        };
        let last = attributes.last()?;
        if used.flags.frozen {
            return None;
        }
        let is_free = || match facts.lookup(used.scope, used.name) {
            _ if self.has_same_root() => true,
            // Another import of the file binds the new name.
            Lookup::Bound(owner) => {
                let is_it = |(_, binding): (_, &Binding)| match binding.kind {
                    BindingKind::Import(alias) => is_inside(facts.names.get(facts.aliases[alias.index()].name), self.from),
                    _ => false,
                };
                facts.bindings_of(owner, used.name).any(is_it) && self.is_root_free(&View::open(self.index, file), owner)
            }
            _ => false,
        };
        if is_plain && path.join(".") == self.from {
            if !is_free() {
                return None;
            }
            let length: u32 = attributes.iter().map(|attribute| attribute.span.len() + 1).sum();
            let span = Span::new(used.span.start, last.span.end);
            return (span.len() == used.span.len() + length).then(|| vec![Edit::replace(span, self.to)]);
        }
        // Through a name for the package: the last part changes, if the package stays. Through another module's name for the
        // module: that name stays what it is.
        let (old, new) = (self.from.rsplit_once('.')?, self.to.rsplit_once('.')?);
        let steps = resolve::steps(self.index, file, used);
        let package = self.index.modules().find(old.0).ok()?;
        if steps.get(depth - 1)?.end != End::Module(package) {
            return Some(Vec::new());
        }
        (old.0 == new.0 && facts.names.get(last.name) == old.1).then(|| vec![Edit::replace(last.span, new.1)])
    }

    /// Whether the module's full path starts with the same name before and after.
    fn has_same_root(&self) -> bool {
        root(self.from) == root(self.to)
    }

    /// Whether the first name of the module's new path means nothing else, wherever it is spelled in a file.
    fn is_root_free(&self, view: &View<'_>, owner: ScopeId) -> bool {
        let facts = view.facts;
        let Some(root) = facts.names.find(root(self.to)) else { return true };
        let is_path = |binding: &Binding| {
            let BindingKind::Import(alias) = binding.kind else { return false };
            let alias = &facts.aliases[alias.index()];
            binding.scope == owner && alias.asname.is_none() && facts.import_of(alias).from.is_none()
        };
        let is_bound = |used: &Use| facts.lookup(used.scope, root) == Lookup::Bound(owner);
        facts.bindings.iter().filter(|binding| binding.name == root).all(is_path)
            && facts.uses.iter().filter(|used| used.name == root).all(is_bound)
    }

    /// Whether the package above the module is used for more than the module, and only this import surely binds or loads it.
    fn needs_package(&self, view: &View<'_>, owner: ScopeId, id: AliasId, package: &str) -> bool {
        let facts = view.facts;
        let this = &facts.aliases[id.index()];
        let (name, place) = (this.local, facts.import_of(this).span.start);
        // Where the first name stays, it is bound anyway.
        let package = if self.has_same_root() { package } else { root(package) };
        let binds_too = |(_, binding): (_, &Binding)| {
            let BindingKind::Import(other) = binding.kind else { return false };
            let import = facts.import_of(&facts.aliases[other.index()]);
            let path = facts.names.get(facts.aliases[other.index()].name);
            let always = import.scope == owner && import.context == Under::default() && import.span.start <= place;
            other != id && import.from.is_none() && always && is_inside(path, package) && !is_inside(path, self.from)
        };
        if facts.bindings_of(owner, name).any(binds_too) {
            return false;
        }
        let is_otherwise = |used: &Use| {
            let path = facts.dotted(used);
            let is_bound = used.name == name && facts.lookup(used.scope, name) == Lookup::Bound(owner);
            is_bound && is_inside(&path, package) && !is_inside(&path, self.from)
        };
        let spelled = facts.names.get(name);
        facts.uses.iter().any(is_otherwise) || facts.exports_name(spelled) || facts.embedded_code_names(spelled)
    }

    /// Rewrites the relative imports of a moving file that would mean something else in its new place.
    fn keep_relative_imports(&mut self, file: FileId) {
        let view = View::open(self.index, file);
        let modules = self.index.modules();
        let is_package = modules.is_package(file);
        let new_name = self.moved(modules.name(file).unwrap_or_default());
        let package: Vec<&str> = match is_package {
            true => new_name.split('.').collect(),
            false => new_name.rsplit_once('.').map_or(Vec::new(), |(package, _)| package.split('.').collect()),
        };
        for (at, import) in view.facts.imports.iter().enumerate() {
            let Some(from) = import.from.filter(|from| from.level > 0) else { continue };
            let module = from.module.map(|module| view.facts.names.get(module));
            let Some(old) = modules.absolute(file, from.level, module) else { continue };
            let wanted = self.moved(&old);
            let up = from.level as usize - 1;
            let spelled = package.get(..package.len().saturating_sub(up)).unwrap_or_default();
            let means = spelled.iter().copied().chain(module).collect::<Vec<_>>().join(".");
            if means == wanted && up <= package.len() {
                continue;
            }
            let edits = view.source().and_then(|source| imports::replace_module(&source, ImportId::new(at), &wanted).ok());
            match edits {
                Some(edits) => self.edits.entry(file).or_default().extend(edits),
                None => {
                    let place = view.place(import.span);
                    let text = view.text[import.span.range()].to_owned();
                    self.blockers.push(Evidence { role: "import", at: Some((place.path, place.position.line)), text });
                }
            }
        }
    }
}
