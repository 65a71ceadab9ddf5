//! What cannot work in a file: specifiers that lead nowhere, names that modules do not export, names that nothing binds.

use std::collections::BTreeMap;

use super::facts::{AliasForm, DeclarationKind, Exported, Facts, Imported, Meaning, RequestId, ScopeId, ScopeKind, Use};
use super::modules::{Absence, Module, Resolved};
use super::resolve::{End, Program, Symbol, imported, resolve, steps};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// One thing that is missing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// Where it is asked for.
    pub span: Span,
    /// The module, as the file spells it.
    pub specifier: Box<str>,
    /// What it means.
    pub module: Module,
    /// The name that it does not export; `None` where the module itself is not there.
    pub name: Option<Box<str>>,
}

/// What a file asks of modules that is not there, in the order of evaluation.
pub fn missing(program: &dyn Program, file: FileId) -> Vec<Missing> {
    let facts = program.facts(file);
    let mut found: Vec<Missing> = Vec::new();
    for at in 0..facts.requests.len() {
        let id = RequestId::new(at);
        let Resolved { module, absence } = program.target(file, id);
        if matches!(absence, Some(Absence::Missing)) {
            found.push(Missing {
                span: facts.requests[at].span,
                specifier: facts.specifier(id).into(),
                module: module.clone(),
                name: None,
            });
        }
    }
    let mut lacks = |request: RequestId, span: Span, name: &str| {
        let Resolved { module, .. } = program.target(file, request);
        let specifier = facts.specifier(request).into();
        found.push(Missing { span, specifier, module: module.clone(), name: Some(name.into()) });
    };
    // A replacement may give what its module does not have.
    for alias in facts.aliases.iter().filter(|alias| alias.form != AliasForm::Replacement) {
        if let Imported::Name(name) = alias.imported
            && imported(program, file, alias).end == End::Unbound
        {
            lacks(alias.request, alias.imported_span, facts.names.get(name));
        }
    }
    for export in &facts.exports {
        if let Exported::From { request, imported, imported_span } = export.what {
            let Resolved { module, absence } = program.target(file, request);
            let name = facts.names.get(imported);
            let symbol = Symbol { module: module.clone(), name: name.into() };
            if resolve(program, &symbol, *absence).end == End::Unbound {
                lacks(request, imported_span, name);
            }
        }
    }
    found.extend(missing_members(program, file, facts));
    found
}

/// The members that a file reads out of modules which do not export them.
fn missing_members(program: &dyn Program, file: FileId, facts: &Facts) -> Vec<Missing> {
    let with_members = facts.uses.iter().filter(|used| used.attributes.0 < used.attributes.1);
    let judge = |used: &Use| {
        let steps = steps(program, file, used);
        let depth = steps.len().checked_sub(2)?;
        let (End::Unbound, End::Module(module)) = (&steps.last()?.end, &steps[depth].end) else { return None };
        let attribute = facts.attributes_of(used)[depth];
        let name = Some(facts.names.get(attribute.name).into());
        Some(Missing { span: attribute.span, specifier: facts.names.get(used.name).into(), module: module.clone(), name })
    };
    with_members.filter_map(judge).collect()
}

/// The names of imports that the file declares once more, each with the place of its last declaration.
pub fn declared_twice(facts: &Facts) -> BTreeMap<&str, u32> {
    let bindings = facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE);
    let twice = bindings.filter_map(|binding| {
        let declarations = facts.declarations_of(binding);
        let imports = declarations.iter().filter(|it| it.kind == DeclarationKind::Import).count();
        let last = declarations.last().filter(|_| imports > 1 || (imports == 1 && declarations.len() > 1))?;
        Some((facts.names.get(binding.name), last.name_span.start))
    });
    twice.collect()
}

/// The names that a file binds at its top.
pub fn top_names(facts: &Facts) -> impl Iterator<Item = &str> {
    let bindings = facts.bindings.iter().take_while(|binding| binding.scope == ScopeId::MODULE);
    bindings.map(|binding| facts.names.get(binding.name))
}

/// The names that a file gives to all others, without an import: those of a script, and of `declare global`.
pub fn shared_names(facts: &Facts) -> impl Iterator<Item = &str> {
    let is_shared = |scope: ScopeId| match facts.scopes[scope.index()].kind {
        ScopeKind::Global => true,
        _ => !facts.is_module && scope == ScopeId::MODULE,
    };
    facts.bindings.iter().filter(move |binding| is_shared(binding.scope)).map(|binding| facts.names.get(binding.name))
}

/// The names that the language, its library of types, browsers and Node give every file. Sorted.
const GLOBALS: [&str; 141] = [
    "AbortController",
    "AbortSignal",
    "Array",
    "ArrayBuffer",
    "AsyncGenerator",
    "AsyncIterable",
    "AsyncIterator",
    "Atomics",
    "Awaited",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Blob",
    "Boolean",
    "Buffer",
    "Capitalize",
    "ConstructorParameters",
    "Crypto",
    "CustomEvent",
    "DOMException",
    "DataView",
    "Date",
    "Document",
    "Element",
    "Error",
    "EvalError",
    "Event",
    "EventTarget",
    "Exclude",
    "Extract",
    "File",
    "Float32Array",
    "Float64Array",
    "FormData",
    "Function",
    "Generator",
    "HTMLElement",
    "Headers",
    "Infinity",
    "InstanceType",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Intl",
    "Iterable",
    "IterableIterator",
    "Iterator",
    "JSON",
    "JSX",
    "Lowercase",
    "Map",
    "Math",
    "MessageEvent",
    "NaN",
    "NodeJS",
    "NonNullable",
    "Number",
    "Object",
    "Omit",
    "Parameters",
    "Partial",
    "Pick",
    "Promise",
    "PromiseLike",
    "Proxy",
    "RangeError",
    "Readonly",
    "ReadonlyArray",
    "ReadonlyMap",
    "ReadonlySet",
    "Record",
    "ReferenceError",
    "Reflect",
    "RegExp",
    "Request",
    "Required",
    "Response",
    "ReturnType",
    "Set",
    "SharedArrayBuffer",
    "String",
    "Symbol",
    "SyntaxError",
    "TextDecoder",
    "TextEncoder",
    "ThisType",
    "TypeError",
    "URIError",
    "URL",
    "URLSearchParams",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Uncapitalize",
    "Uppercase",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "WebSocket",
    "Window",
    "Worker",
    "__dirname",
    "__filename",
    "arguments",
    "atob",
    "btoa",
    "clearInterval",
    "clearTimeout",
    "console",
    "crypto",
    "decodeURI",
    "decodeURIComponent",
    "document",
    "encodeURI",
    "encodeURIComponent",
    "eval",
    "exports",
    "fetch",
    "global",
    "globalThis",
    "history",
    "isFinite",
    "isNaN",
    "localStorage",
    "location",
    "module",
    "navigator",
    "parseFloat",
    "parseInt",
    "performance",
    "process",
    "queueMicrotask",
    "require",
    "sessionStorage",
    "setImmediate",
    "setInterval",
    "setTimeout",
    "structuredClone",
    "undefined",
    "window",
];

/// Whether every file has a name, whatever the program.
pub fn is_global(name: &str) -> bool {
    GLOBALS.binary_search(&name).is_ok()
}

/// The names that a file uses and does not bind, each with the place of its first use.
pub fn free_names(facts: &Facts) -> BTreeMap<&str, u32> {
    let mut found = BTreeMap::new();
    let free = facts.uses.iter().filter(|used| used.binding.is_none() && used.meaning != Meaning::NONE);
    for used in free {
        found.entry(facts.names.get(used.name)).or_insert(used.span.start);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_every_file_has_can_be_found() {
        assert!(GLOBALS.is_sorted());
        assert!(["Array", "Partial", "console", "window"].into_iter().all(is_global) && !is_global("validate"));
    }
}
