//! Python facts: what the collector says of any text, and where names lead.
//!
//! Every place lies in the text and between characters, a name's place spells it, ids lead somewhere, following a name ends, and both
//! parsers read everything without complaint.

use ssot_migrate::index::{Index, Options};
use ssot_migrate::lang::python::facts::Facts;
use ssot_migrate::lang::python::{missing, resolve, unresolved, words};
use ssot_migrate::syntax::{self, Grammar};
use ssot_migrate::text::snapshot::{FileId, Memory};
use ssot_migrate::text::span::Span;

/// A module that others import by a star, by name and as a package's part.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let others = [
        ("pkg/__init__.py", "from .m import *\nfrom . import other\n"),
        ("pkg/other.py", "from pkg.m import X, y as z\nfrom pkg import *\nimport pkg.m\npkg.m.X\nz.a.b\nX = X\n"),
    ];
    let files = others.into_iter().chain([("pkg/m.py", text.as_str())]);
    let index = Index::build(Memory::snapshot(files), &Options::default());
    for file in index.python_files() {
        let text = index.text(file).expect("all are UTF-8");
        facts(index.facts(file), &text);
        follow(&index, file, &text);
    }
    tree(&text);
}

fn within(text: &str, span: Span) {
    assert!(text.get(span.range()).is_some(), "{span:?} of {} bytes", text.len());
}

fn facts(facts: &Facts, text: &str) {
    for (at, scope) in facts.scopes.iter().enumerate() {
        assert!(scope.parent.is_none_or(|parent| parent.index() < at), "a parent comes first");
        assert!(text.is_char_boundary(scope.start as usize));
    }
    assert!(facts.bindings.is_sorted_by_key(|binding| (binding.scope, binding.name)));
    for binding in &facts.bindings {
        within(text, binding.span);
        facts.names.get(binding.name);
    }
    for used in &facts.uses {
        within(text, used.span);
        let name = facts.names.get(used.name);
        let spelled = &text[used.span.range()];
        // A name of other letters is spelled by another that means the same (NFKC), and a class mangles private ones.
        let is_plain = spelled.is_ascii() && name.is_ascii() && !spelled.starts_with("__");
        assert!(used.flags.frozen || !is_plain || spelled == name, "{name:?} is spelled {spelled:?}");
        for attribute in facts.attributes_of(used) {
            within(text, attribute.span);
            assert!(used.flags.frozen || attribute.span.start >= used.span.end);
        }
        facts.lookup(used.scope, used.name);
        assert!(facts.ancestors(used.scope).count() <= facts.scopes.len());
    }
    let ends = facts.imports.iter().map(|import| import.aliases.1).max().unwrap_or_default();
    assert_eq!(ends as usize, facts.aliases.len());
    assert!(facts.imports.is_sorted_by_key(|import| import.span), "in source order");
    assert!(facts.aliases.is_sorted_by_key(|alias| alias.name_span), "in source order");
    for alias in &facts.aliases {
        within(text, alias.name_span);
        assert!(facts.import_of(alias).span.covers(alias.name_span));
    }
    for definition in &facts.definitions {
        within(text, definition.span);
        assert!(definition.span.covers(definition.header));
    }
    facts.strings.iter().for_each(|string| within(text, string.span));
    facts.computed.iter().for_each(|computed| within(text, computed.span));
    facts.embedded_code.iter().for_each(|(span, _)| within(text, *span));
    facts.errors.iter().for_each(|error| within(text, error.span));
    assert!(facts.errors.is_sorted_by_key(|error| error.span));
}

/// Where names lead is found, and does not depend on who asked before.
fn follow(index: &Index, file: FileId, text: &str) {
    let facts = index.facts(file);
    for used in facts.uses.iter().take(200) {
        let steps = resolve::steps(index, file, used);
        assert!(!steps.is_empty() && steps.len() <= facts.attributes_of(used).len() + 1);
        assert_eq!(steps, resolve::steps(index, file, used));
    }
    for alias in &facts.aliases {
        resolve::imported(index, file, facts.import_of(alias), alias);
    }
    for name in resolve::public_names(index, file) {
        let is_listed = || index.python_files().any(|file| index.facts(file).exports_name(&name));
        assert!(!name.is_empty() || is_listed(), "only `__all__` may list what is no name");
    }
    resolve::imported_modules(index, file);
    missing::missing_attributes(index, file).iter().for_each(|(span, _)| within(text, *span));
    missing::unbound_names(index, file);
    missing::unbound_exports(index, file).iter().for_each(|(span, _)| within(text, *span));
    unresolved::unresolved(index, file).iter().for_each(|(span, _)| within(text, *span));
    unresolved::unresolved_targets(index, file).iter().for_each(|(span, _)| within(text, *span));
    let all = Span::new(0, text.len() as u32);
    for word in words::words(text, facts, all, &|_| true) {
        within(text, word.span);
    }
}

/// tree-sitter's reading: places in the text, and an edit at its end is read as the whole is.
fn tree(text: &str) {
    let Some(tree) = syntax::parse(Grammar::Python, text) else { return };
    tree.errors().iter().for_each(|error| within(text, error.span));
    tree.strings().iter().for_each(|span| within(text, *span));
}
