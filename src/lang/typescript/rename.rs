//! Giving what a name is bound to another name, at its declarations and all its uses in one file.
//!
//! A rename is made only where it provably changes nothing but the spelling: every [`Kept`] is a place that stands in the way, and a
//! reason to keep the old name with `as`. What other files call it (exported names, properties of objects) stays.

use super::facts::{AliasForm, Binding, BindingId, BindingKind, Declaration, DeclarationKind, Facts};
use super::facts::{Mock, RequestKind, ScopeId, ScopeKind, Use, UseForm};
use super::imports::Source;
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::span::Span;

/// Words that are no names of variables.
const RESERVED: [&str; 48] = [
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Why a name keeps its spelling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The new name means something else there, or would.
    Taken,
    /// The new name is no name.
    NoName,
    /// The name of a JSX element says by its first letter whether it is a component.
    Jsx,
    /// Code outside the file sees the name: the file is no module, or the declaration is global.
    Global,
    /// The name is also that of a member: of an enum, a namespace, or a class whose constructor's parameter it is.
    Member,
    /// An import and a declaration of the file share the name: one is a type, the other a value.
    Shared,
    /// Code that is put together at run time may read the name.
    Eval,
    /// Jest moves a factory above the imports, and lets it use names that begin with `mock`.
    Mock,
    /// The place is not read alike by both parsers.
    ParsersDisagree,
}

impl Obstacle {
    /// What it means, in words for a person.
    pub fn explain(self) -> &'static str {
        match self {
            Obstacle::Taken => "the new name means something else here",
            Obstacle::NoName => "the new name is no name of a variable",
            Obstacle::Jsx => "the first letter of an element's name says whether it is a component",
            Obstacle::Global => "code outside the file sees the name",
            Obstacle::Member => "it is the name of a member as well",
            Obstacle::Shared => "an import and a declaration share the name",
            Obstacle::Eval => "code that is put together at run time may read the name",
            Obstacle::Mock => "a mock's factory may only use names that begin with `mock`",
            Obstacle::ParsersDisagree => "the place is not read alike by both parsers",
        }
    }
}

/// Why and where a name has to keep its spelling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Why.
    pub obstacle: Obstacle,
    /// The place that stands in the way, where there is one.
    pub at: Option<Span>,
}

/// The edits of a rename.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Renaming {
    /// Those of its declarations; an import's are for `imports::edits`, where that changes it.
    pub declarations: Vec<Edit>,
    /// Those of its uses.
    pub uses: Vec<Edit>,
}

/// Returns the edits that give a binding another name. `is_same` tells of another binding of the new name whether it stands for the same
/// thing, and will be one with this. A declaration with `export` in its statement is exported under the new name.
///
/// # Errors
/// All places that stand in the way.
pub fn rename(
    source: &Source<'_>,
    id: BindingId,
    new: &str,
    is_same: &dyn Fn(BindingId) -> bool,
) -> Result<Renaming, Vec<Kept>> {
    let facts = source.facts;
    let binding = &facts.bindings[id.index()];
    let old = facts.names.get(binding.name);
    if old == new {
        return Ok(Renaming::default());
    }
    let mut kept = obstacles(facts, binding, new);
    kept.extend(captures(facts, id, new, is_same).into_iter().map(|at| Kept { obstacle: Obstacle::Taken, at: Some(at) }));
    let uses = || facts.uses.iter().filter(|used| used.binding == Some(id));
    kept.extend(uses().filter_map(|used| use_obstacle(facts, used, old, new)));
    let mut renaming = Renaming { uses: uses().map(|used| use_edit(facts, used, old, new)).collect(), ..Renaming::default() };
    for declaration in facts.declarations_of(binding) {
        match declaration_edit(source, binding, declaration, new) {
            Ok(edit) => renaming.declarations.push(edit),
            Err(obstacle) => kept.push(Kept { obstacle, at: Some(declaration.name_span) }),
        }
    }
    if kept.is_empty() { Ok(renaming) } else { Err(kept) }
}

/// What stands in the way whatever the uses are.
fn obstacles(facts: &Facts, binding: &Binding, new: &str) -> Vec<Kept> {
    let declarations = facts.declarations_of(binding);
    let first = declarations.first().map(|declaration| declaration.name_span);
    let is_import = matches!(binding.kind, BindingKind::Import(_));
    let scope = facts.scopes[binding.scope.index()].kind;
    let is_exported = declarations.iter().any(|declaration| declaration.is_exported);
    let is_global =
        matches!(scope, ScopeKind::Augmentation | ScopeKind::Global) || (scope == ScopeKind::Module && !facts.is_module);
    let is_name = super::imports::is_identifier(new) && !RESERVED.contains(&new);
    let is_member = binding.kind == BindingKind::EnumMember || (scope == ScopeKind::Namespace && is_exported);
    let imports = declarations.iter().filter(|declaration| declaration.kind == DeclarationKind::Import).count();
    let is_shared = 0 < imports && imports < declarations.len();
    let eval = facts.uses.iter().find(|used| used.binding.is_none() && facts.names.get(used.name) == "eval");
    let is_twice = is_exported && scope == ScopeKind::Module && facts.exports_of(new).next().is_some();
    let found = [
        (!is_name, Obstacle::NoName, None),
        (is_global && !is_import, Obstacle::Global, first),
        (is_member, Obstacle::Member, first),
        (is_shared, Obstacle::Shared, first),
        (eval.is_some(), Obstacle::Eval, eval.map(|used| used.span)),
        (is_twice, Obstacle::Taken, facts.exports_of(new).next().map(|(_, export)| export.name_span)),
    ];
    found.into_iter().filter(|(is, ..)| *is).map(|(_, obstacle, at)| Kept { obstacle, at }).collect()
}

/// The places where the new name would be taken for something else: what binds it between the declaration and a use, and what uses it
/// for something that the declaration would hide.
fn captures(facts: &Facts, id: BindingId, new: &str, is_same: &dyn Fn(BindingId) -> bool) -> Vec<Span> {
    let Some(name) = facts.names.find(new) else { return Vec::new() };
    let binding = &facts.bindings[id.index()];
    let place = |other: BindingId| facts.declarations_of(&facts.bindings[other.index()]).first().map(|it| it.name_span);
    let is_other = |other: &BindingId| *other != id && !is_same(*other);
    let mut places: Vec<Span> = facts.bound_in(binding.scope, name).filter(is_other).and_then(place).into_iter().collect();
    let is_below = |scope: ScopeId| facts.ancestors(scope).any(|scope| scope == binding.scope);
    for used in facts.uses.iter().filter(|used| used.binding == Some(id)) {
        let between = facts.ancestors(used.scope).take_while(|scope| *scope != binding.scope);
        places.extend(between.filter_map(|scope| facts.bound_in(scope, name)).filter(is_other).filter_map(place));
    }
    let is_hidden = |used: &&Use| {
        let is_outer = match used.binding {
            Some(other) => is_other(&other) && !is_below(facts.bindings[other.index()].scope),
            None => true,
        };
        used.name == name && is_below(used.scope) && is_outer
    };
    places.extend(facts.uses.iter().filter(is_hidden).map(|used| used.span));
    places.sort();
    places.dedup();
    places
}

/// What stands in the way at a use.
fn use_obstacle(facts: &Facts, used: &Use, old: &str, new: &str) -> Option<Kept> {
    let is_component = |name: &str| !name.starts_with(|c: char| c.is_ascii_lowercase());
    let is_element = used.form == UseForm::JsxName && used.attributes.0 == used.attributes.1;
    let is_mock = |name: &str| name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("mock"));
    let is_in_factory = || {
        let mocks =
            facts.requests.iter().filter(|it| matches!(it.kind, RequestKind::Mock(Mock::Replace { has_factory: true })));
        { mocks }.any(|request| request.whole.covers(used.span))
    };
    let obstacle = match () {
        () if is_element && is_component(old) != is_component(new) => Obstacle::Jsx,
        () if is_mock(old) && !is_mock(new) && is_in_factory() => Obstacle::Mock,
        () => return None,
    };
    Some(Kept { obstacle, at: Some(used.span) })
}

/// The edit of a use: the keys of objects and the exported names stay.
fn use_edit(facts: &Facts, used: &Use, old: &str, new: &str) -> Edit {
    match used.form {
        UseForm::Plain | UseForm::JsxName => Edit::replace(used.span, new),
        UseForm::Shorthand => Edit::replace(used.span, format!("{old}: {new}")),
        UseForm::InnerExport => Edit::replace(used.span, format!("{new} as {old}")),
        UseForm::ExportSpecifier(id) => {
            let export = &facts.exports[id.index()];
            match facts.names.get(export.name) {
                _ if export.name_span == used.span => Edit::replace(used.span, format!("{new} as {old}")),
                outer if outer == new => Edit::replace(Span::new(used.span.start, export.name_span.end), new),
                _ => Edit::replace(used.span, new),
            }
        }
    }
}

/// The edit of a declaration: what an import or a pattern takes keeps its name.
fn declaration_edit(source: &Source<'_>, binding: &Binding, declaration: &Declaration, new: &str) -> Result<Edit, Obstacle> {
    let facts = source.facts;
    let span = declaration.name_span;
    let old = &source.text[span.range()];
    if declaration.is_shorthand {
        let joint = if declaration.kind == DeclarationKind::Import && is_in_declaration(facts, binding) { " as" } else { ":" };
        return Ok(Edit::replace(span, format!("{old}{joint} {new}")));
    }
    let node = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end);
    let node = node.filter(|node| syntax::span(*node) == span).ok_or(Obstacle::ParsersDisagree)?;
    let is_property = declaration.kind == DeclarationKind::Parameter
        && node.parent().is_some_and(|parent| {
            let is_modifier = |kind: &str| matches!(kind, "accessibility_modifier" | "readonly" | "override_modifier");
            syntax::children(parent).iter().any(|child| is_modifier(child.kind()))
        });
    if is_property { Err(Obstacle::Member) } else { Ok(Edit::replace(span, new)) }
}

/// Whether an import declaration binds the name, and not a pattern.
fn is_in_declaration(facts: &Facts, binding: &Binding) -> bool {
    matches!(binding.kind, BindingKind::Import(alias) if matches!(facts.aliases[alias.index()].form, AliasForm::Import(_)))
}

#[cfg(test)]
mod tests;
