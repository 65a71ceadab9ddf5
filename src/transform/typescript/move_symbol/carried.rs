//! What a definition takes along: its text as it is written in its new place, and the imports that it needs there.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::{Moving, Stop, applied, declarations};
use super::held::given_members;
use crate::index::typescript::kind;
use crate::lang::grammar;
use crate::lang::typescript::facts::{
    AliasForm, AliasId, BindingId, BindingKind, DeclarationId, Exported, Imported, Meaning, RequestId, ScopeId,
};
use crate::lang::typescript::imports::{self, Change, Name, Source};
use crate::lang::typescript::modules::{Absence, Module};
use crate::lang::typescript::rename::rename;
use crate::lang::typescript::resolve::{self, End};
use crate::lang::typescript::{collect, definitions};
use crate::syntax;
use crate::text::edit::{Edit, TextEdit};
use crate::text::span::Span;
use crate::transform::finding::Reason;
use crate::transform::typescript::refused;
use crate::transform::typescript::remove_unused_imports::jsx_names;

/// What arrives.
pub struct Carried {
    /// The definition.
    pub text: String,
    /// What it needs.
    pub needs: Vec<Name>,
    /// The names of the old module's imports that it uses.
    pub aliases: BTreeSet<AliasId>,
    /// A specifier of the old module's, whose style is to be kept.
    pub style: Option<String>,
    /// Why it is to be looked at.
    pub doubt: Option<Reason>,
}

/// Finds out what a definition takes along.
pub fn carry(moving: &Moving<'_>) -> Result<Carried, Stop> {
    let facts = moving.view.facts;
    let regions = moving.regions();
    let is_inside = |span: Span| regions.iter().any(|region| region.covers(span));
    let mut used: BTreeMap<BindingId, Meaning> = BTreeMap::new();
    let mut doubt = None;
    for it in facts.uses.iter().filter(|used| is_inside(used.span)) {
        let Some(binding) = it.binding else {
            let name = facts.names.get(it.name);
            if matches!(name, "__dirname" | "__filename" | "module" | "exports" | "require") {
                doubt = Some(Reason::NotProved);
            }
            continue;
        };
        let bound = &facts.bindings[binding.index()];
        let is_own = facts.declarations_of(bound).iter().any(|declaration| is_inside(declaration.span));
        let moves = binding == moving.binding || moving.companions.contains(&binding);
        if moves || is_own || bound.scope != ScopeId::MODULE {
            continue;
        }
        if it.is_assigned || bound.is_assigned {
            let evidence = vec![moving.view.quote("state", it.span)];
            return Err(Stop { reason: Reason::ModuleState, evidence });
        }
        let meaning = used.entry(binding).or_default();
        *meaning = meaning.and(it.meaning);
    }
    let elements = elements(moving)?;
    for &binding in &elements {
        let meaning = used.entry(binding).or_default();
        *meaning = meaning.and(Meaning::VALUE);
    }
    if regions.iter().any(|region| moving.view.text[region.range()].contains("import.meta")) {
        doubt = Some(Reason::NotProved);
    }
    let text = text(moving)?;
    if has_types_in_comments(moving, &text) {
        doubt = Some(Reason::NotProved);
    }
    let mut carried = Carried { text, needs: Vec::new(), aliases: BTreeSet::new(), style: style(moving), doubt };
    for (binding, meaning) in used {
        let name = match facts.bindings[binding.index()].kind {
            BindingKind::Import(alias) => {
                // What makes elements may be needed by those that stay, which do not name it.
                if !elements.contains(&binding) {
                    carried.aliases.insert(alias);
                }
                imported(moving, alias, meaning)?
            }
            _ => own(moving, binding, meaning, carried.style.as_deref())?,
        };
        carried.needs.push(name);
    }
    Ok(carried)
}

/// What the JSX of a definition is compiled to calls of, without naming it: `React`, where the compiler is told so.
fn elements(moving: &Moving<'_>) -> Result<Vec<BindingId>, Stop> {
    let (view, source) = (&moving.view, moving.source()?);
    let regions = moving.regions();
    let mut waiting = vec![source.tree.root()];
    let mut has_elements = false;
    while let Some(node) = waiting.pop() {
        let span = syntax::span(node);
        let is_inside = regions.iter().any(|region| region.covers(span));
        has_elements |= is_inside && matches!(node.kind(), "jsx_element" | "jsx_self_closing_element" | "jsx_fragment");
        let is_near = regions.iter().any(|region| region.intersects(span));
        waiting.extend(syntax::children(node).into_iter().filter(|_| is_near));
    }
    if !has_elements {
        return Ok(Vec::new());
    }
    let named = jsx_names(&view.text, &view.facts.comments);
    let names = named.unwrap_or_else(|| view.code.modules().emit(view.path).jsx_names.clone());
    Ok(names.iter().filter_map(|name| view.facts.top_level(name)).collect())
}

/// Whether a comment, in which JavaScript has its types, names a module that another folder spells differently.
fn has_types_in_comments(moving: &Moving<'_>, text: &str) -> bool {
    let is_js = moving.place.extension().is_some_and(|ending| matches!(ending, b"js" | b"jsx" | b"mjs" | b"cjs"));
    let is_elsewhere = moving.place.parent() != moving.view.path.parent();
    let facts = collect(text, &moving.place);
    let names_module = |comment: &Span| {
        let comment = &text[comment.range()];
        ["import('.", "import(\".", "@import"].iter().any(|word| comment.contains(word))
    };
    is_js && is_elsewhere && facts.comments.iter().any(names_module)
}

/// A first-party specifier of the old module.
fn style(moving: &Moving<'_>) -> Option<String> {
    let facts = moving.view.facts;
    let targets = moving.view.code.targets(moving.view.file);
    let mut requests = facts.requests.iter().zip(targets).filter(|(_, target)| target.absence.is_none());
    requests.next().map(|(request, _)| facts.names.get(request.specifier).to_owned())
}

/// An import of the old module, as the new one writes it.
fn imported(moving: &Moving<'_>, id: AliasId, meaning: Meaning) -> Result<Name, Stop> {
    let facts = moving.view.facts;
    let alias = &facts.aliases[id.index()];
    let quote = || vec![moving.view.quote("needs", alias.span)];
    let (AliasForm::Import(_), Some(local)) = (alias.form, alias.local) else {
        return Err(Stop { reason: Reason::OddSpelling, evidence: quote() });
    };
    if resolve::imported(&moving.view.code, moving.view.file, alias).end == End::Unbound {
        return Err(Stop { reason: Reason::Dangling, evidence: quote() });
    }
    let imported = match alias.imported {
        Imported::Name(name) => facts.names.get(name).to_owned(),
        Imported::Namespace => "*".to_owned(),
    };
    Ok(Name {
        specifier: respelled(moving, alias.request).map_err(|reason| Stop { reason, evidence: quote() })?,
        imported,
        local: facts.names.get(facts.bindings[local.index()].name).to_owned(),
        is_type_only: alias.is_type_only || !meaning.intersects(Meaning::VALUE) && is_type_import(moving, id),
    })
}

/// Whether the statement of an import brings types alone.
fn is_type_import(moving: &Moving<'_>, id: AliasId) -> bool {
    let facts = moving.view.facts;
    facts.requests[facts.aliases[id.index()].request.index()].is_type_only
}

/// A specifier of the old module, as the new one has to write it.
fn respelled(moving: &Moving<'_>, request: RequestId) -> Result<String, Reason> {
    let facts = moving.view.facts;
    let old = facts.specifier(request);
    let target = &moving.view.code.targets(moving.view.file)[request.index()];
    match (&target.module, target.absence) {
        (Module::File(file), _) => {
            let modules = moving.view.code.modules();
            let to = &moving.context.index.snapshot().get(*file).path;
            let means = |specifier: &str| {
                modules.resolve_at(&moving.place, specifier, kind(&facts.requests[request.index()])).module == target.module
            };
            if means(old) {
                return Ok(old.to_owned());
            }
            modules.spell(&moving.place, to, old).ok_or(Reason::NotImportable)
        }
        (_, Some(Absence::Missing)) => Err(Reason::Dangling),
        _ => Ok(old.to_owned()),
    }
}

/// A name that the old module declares itself: the new one imports it from there.
fn own(moving: &Moving<'_>, binding: BindingId, meaning: Meaning, style: Option<&str>) -> Result<Name, Stop> {
    let facts = moving.view.facts;
    let bound = &facts.bindings[binding.index()];
    let exported = facts.exports.iter().find(|export| export.what == Exported::Binding(binding));
    let Some(export) = exported else {
        let at = facts.declarations_of(bound).first().map(|declaration| declaration.name_span);
        let evidence = at.map(|at| moving.view.quote("needs", at)).into_iter().collect();
        return Err(Stop { reason: Reason::Private, evidence });
    };
    Ok(Name {
        specifier: moving.specifier_from(&moving.place, moving.view.path, style)?,
        imported: facts.names.get(export.name).to_owned(),
        local: facts.names.get(bound.name).to_owned(),
        is_type_only: !meaning.intersects(Meaning::VALUE),
    })
}

/// The definition as it is written in its new place: under its new name, exported, with the specifiers in it spelled from there.
fn text(moving: &Moving<'_>) -> Result<String, Stop> {
    let facts = moving.view.facts;
    let source = moving.source()?;
    let mut edits: Vec<Edit> = Vec::new();
    let regions = moving.regions();
    let mut specifiers = Vec::new();
    for (at, request) in facts.requests.iter().enumerate().filter(|(_, it)| regions.iter().any(|region| region.covers(it.span)))
    {
        let id = RequestId::new(at);
        let new = respelled(moving, id)
            .map_err(|reason| Stop { reason, evidence: vec![moving.view.quote("needs", request.span)] })?;
        if new != facts.specifier(id) {
            specifiers.push((id, new));
        }
    }
    edits.extend(imports::edits(&source, &Change { specifiers, ..Change::default() }).map_err(refused)?);
    let is_default = moving.to.name == "default";
    let old = facts.names.get(facts.bindings[moving.binding.index()].name);
    if !is_default && old != moving.to.name {
        let renaming = rename(&source, moving.binding, &moving.to.name, &|_| false).map_err(|_| Reason::NameTaken)?;
        let all = renaming.declarations.into_iter().chain(renaming.uses);
        edits.extend(all.filter(|edit| regions.iter().any(|region| region.covers(edit.span))));
    }
    let own = declarations(facts, moving.binding).map(|id| facts.declarations[id.index()].statement);
    for statement in own.collect::<BTreeSet<Span>>() {
        edits.extend(exported(&moving.view.text, statement, is_default, moving)?);
    }
    let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
    let prepared = applied(&edit, &moving.view.text);
    let new_facts = collect(&prepared, moving.view.path);
    let tree =
        grammar(moving.view.path).and_then(|grammar| syntax::parse(grammar, &prepared)).ok_or(Reason::ParsersDisagree)?;
    let name = if is_default { old } else { &moving.to.name };
    let companions = moving.companions.iter().map(|binding| facts.names.get(facts.bindings[binding.index()].name));
    let mut ids: Vec<DeclarationId> = Vec::new();
    for name in std::iter::once(name).chain(companions) {
        ids.extend(declarations(&new_facts, new_facts.top_level(name).ok_or(Reason::ParsersDisagree)?));
    }
    let source = Source { text: &prepared, facts: &new_facts, tree: &tree };
    let members = new_facts.top_level(name).map(|binding| given_members(&source, binding)).unwrap_or_default();
    definitions::text_of(&source, &ids, &members).map_err(|refusal| refused(refusal).into())
}

/// The edit that makes a statement export what it declares, in the way that it is to be exported.
fn exported(text: &str, statement: Span, is_default: bool, moving: &Moving<'_>) -> Result<Option<Edit>, Stop> {
    let own = &text[statement.range()];
    let is_inline_default = own.starts_with("export default");
    let at = statement.start;
    Ok(match (is_inline_default, is_default) {
        (true, true) => None,
        (true, false) => Some(Edit::replace(Span::new(at, at + "export default".len() as u32), "export")),
        (false, true) if moving.from.name == "default" => return Err(Reason::OddSpelling.into()),
        (false, true) => return Err(Reason::OddSpelling.into()),
        (false, false) if own.starts_with("export") => None,
        (false, false) => Some(Edit::insert(at, "export ")),
    })
}
