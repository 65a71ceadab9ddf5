//! Where the object that has all exports of a module is handed on: what takes a name out of it then is not known, or known by a text.

use std::collections::BTreeSet;

use crate::syntax::Node;
use rayon::prelude::*;

use crate::index::typescript::TypeScript;
use crate::lang::typescript::facts::{Alias, Imported, Mock, RequestKind, Use, UseForm};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{self, End, Program};
use crate::syntax;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::typescript::View;

/// One place where the object of a module is handed on.
pub struct Escape {
    /// The file.
    pub file: FileId,
    /// The place.
    pub span: Span,
    /// The module.
    pub module: FileId,
    /// The name that is taken there; `None` where that is not known.
    pub name: Option<Box<str>>,
}

/// Finds where the objects of some modules are handed on.
pub fn escapes(code: TypeScript<'_>, modules: &BTreeSet<FileId>) -> Vec<Escape> {
    let files: Vec<FileId> = code.files().collect();
    files.into_par_iter().flat_map_iter(|file| in_file(code, file, modules)).collect()
}

fn in_file(code: TypeScript<'_>, file: FileId, modules: &BTreeSet<FileId>) -> Vec<Escape> {
    let facts = code.facts(file);
    let wanted = |module: &Module| match module {
        Module::File(module) if modules.contains(module) => Some(*module),
        _ => None,
    };
    let named = |used: &Use| {
        let steps = resolve::steps(&code, file, used);
        let attributes = facts.attributes_of(used);
        let is_all =
            steps.len() == attributes.len() + 1 && !matches!(used.form, UseForm::ExportSpecifier(_) | UseForm::InnerExport);
        match steps.last().filter(|_| is_all).map(|step| &step.end) {
            Some(End::Module(module)) => {
                Some((Span::new(used.span.start, attributes.last().map_or(used.span.end, |it| it.span.end)), wanted(module)?))
            }
            _ => None,
        }
    };
    let whole = |alias: &Alias| {
        let is_mock = matches!(facts.requests[alias.request.index()].kind, RequestKind::Mock(_));
        let is_whole = alias.imported == Imported::Namespace && alias.local.is_none() && !is_mock;
        let module = wanted(&code.target(file, alias.request).module).filter(|_| is_whole)?;
        Some((facts.requests[alias.request.index()].whole, module))
    };
    let places: Vec<(Span, FileId)> =
        facts.uses.iter().filter_map(named).chain(facts.aliases.iter().filter_map(whole)).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let view = View::open(code.index, file);
    let escape = |(span, module): (Span, FileId)| match taken(&view, span) {
        Taken::Nothing => None,
        Taken::Name(name) => Some(Escape { file, span, module, name: Some(name) }),
        Taken::Unknown => Some(Escape { file, span, module, name: None }),
    };
    places.into_iter().filter_map(escape).collect()
}

enum Taken {
    Nothing,
    Name(Box<str>),
    Unknown,
}

/// What is taken out of the object that stands at a place.
fn taken(view: &View<'_>, span: Span) -> Taken {
    let is_replacing = |kind: RequestKind| matches!(kind, RequestKind::Mock(Mock::Replace { .. }));
    // What a test's replacement is made of is not read by that.
    if view.facts.requests.iter().any(|request| is_replacing(request.kind) && request.whole.covers(span)) {
        return Taken::Nothing;
    }
    let Some(source) = view.source() else { return Taken::Unknown };
    let node = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end);
    let is_around = |node: &Node<'_>| {
        matches!(node.kind(), "await_expression" | "parenthesized_expression" | "as_expression" | "non_null_expression")
    };
    let Some(mut node) = node else { return Taken::Unknown };
    while let Some(parent) = node.parent().filter(is_around) {
        node = parent;
    }
    let Some(parent) = node.parent() else { return Taken::Unknown };
    let text = |node: Node<'_>| &view.text[node.byte_range()];
    let callee = |call: Option<Node<'_>>| call.and_then(|call| call.child_by_field_name("function")).map(text);
    match parent.kind() {
        "expression_statement" => Taken::Nothing,
        "arguments" => {
            const BY_NAME: [&str; 7] = [
                "spyOn",
                "replaceProperty",
                "defineProperty",
                "Reflect.get",
                "Reflect.has",
                "stub",
                "getOwnPropertyDescriptor",
            ];
            let arguments: Vec<Node<'_>> = syntax::children(parent).into_iter().filter(|node| node.is_named()).collect();
            let is_by_name = callee(parent.parent()).is_some_and(|callee| BY_NAME.iter().any(|name| callee.ends_with(name)));
            match arguments.get(1).filter(|second| is_by_name && arguments[0] == node && second.kind() == "string") {
                Some(second) => Taken::Name(text(*second).trim_matches(['"', '\'']).into()),
                None => Taken::Unknown,
            }
        }
        // `lazy(() => import("./panel"))` takes the default export.
        "arrow_function" => {
            let call = parent.parent().filter(|it| it.kind() == "arguments").and_then(|it| it.parent());
            let is_lazy = callee(call).is_some_and(|callee| matches!(callee, "lazy" | "React.lazy" | "dynamic" | "loadable"));
            if is_lazy { Taken::Name("default".into()) } else { Taken::Unknown }
        }
        _ => Taken::Unknown,
    }
}
