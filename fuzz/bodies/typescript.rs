//! TypeScript and JavaScript facts: what the collector says of any text, and where names lead.
//!
//! Every place lies in the text and between characters, a name's place spells it, what is bound is found again by its name, following a
//! name ends, and both parsers read everything without complaint.

use ssot_migrate::index::{Index, Options};
use ssot_migrate::lang::typescript::facts::{BindingId, Facts, UseForm};
use ssot_migrate::lang::typescript::{json, manifest, resolve};
use ssot_migrate::syntax;
use ssot_migrate::text::path::RepoPath;
use ssot_migrate::text::snapshot::{FileId, Memory};
use ssot_migrate::text::span::Span;

use super::input::Input;

const ENDINGS: [&str; 8] = ["ts", "tsx", "js", "jsx", "mts", "cts", "d.ts", "json"];

/// An ending, a module that others import, and a `tsconfig.json` around it.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let ending = ENDINGS[input.below(ENDINGS.len())];
    let [text, config] = [input.text(), input.text()];
    if ending == "json" {
        return configuration(&text);
    }
    let name = format!("src/m.{ending}");
    let files = [
        (name.as_str(), text.as_str()),
        (
            "src/other.ts",
            "export * from './m';\nimport d, { x as y } from './m';\nimport * as ns from './m';\nns.x.z; y(); d;\n",
        ),
        ("src/index.ts", "export { x } from './m';\nexport * from './other';\nexport * from './index';\n"),
        ("tsconfig.json", config.as_str()),
        ("package.json", config.as_str()),
    ];
    let index = Index::build(Memory::snapshot(files), &Options::default());
    for file in index.typescript().files() {
        let text = index.text(file).expect("all are UTF-8");
        facts(index.typescript().facts(file), &text);
        follow(&index, file);
    }
    let path = RepoPath::new(&name).expect("a sound path");
    let grammar = ssot_migrate::lang::grammar(&path).expect("it is source");
    let Some(tree) = syntax::parse(grammar, &text) else { return };
    tree.errors().iter().for_each(|error| within(&text, error.span));
    tree.strings().iter().for_each(|span| within(&text, *span));
}

fn configuration(text: &str) {
    for string in json::strings(text) {
        within(text, string.span);
        assert!(string.is_at("**"));
    }
    for member in manifest::members(text) {
        within(text, member.span);
        let edit = manifest::removal(text, &member);
        within(text, edit.span);
    }
}

fn within(text: &str, span: Span) {
    assert!(text.get(span.range()).is_some(), "{span:?} of {} bytes", text.len());
}

fn facts(facts: &Facts, text: &str) {
    for (at, scope) in facts.scopes.iter().enumerate() {
        assert!(scope.parent.is_none_or(|parent| parent.index() < at), "a parent comes first");
        within(text, scope.span);
    }
    for (at, binding) in facts.bindings.iter().enumerate() {
        assert_eq!(facts.bound_in(binding.scope, binding.name), Some(BindingId::new(at)));
        assert!(!facts.declarations_of(binding).is_empty());
    }
    for declaration in &facts.declarations {
        within(text, declaration.name_span);
        within(text, declaration.span);
        within(text, declaration.statement);
    }
    for used in &facts.uses {
        within(text, used.span);
        let (name, spelled) = (facts.names.get(used.name), &text[used.span.range()]);
        // A name may be spelled with escapes.
        let is_plain = used.form == UseForm::Plain && !spelled.contains('\\');
        assert!(!is_plain || spelled == name, "{name:?} is spelled {spelled:?}");
        facts.attributes_of(used).iter().for_each(|attribute| within(text, attribute.span));
        facts.lookup(used.scope, used.name);
    }
    for request in &facts.requests {
        within(text, request.span);
        within(text, request.whole);
    }
    for alias in &facts.aliases {
        within(text, alias.span);
        within(text, alias.imported_span);
    }
    for export in &facts.exports {
        within(text, export.span);
        within(text, export.name_span);
        within(text, export.statement);
    }
    facts.imports.iter().for_each(|import| within(text, import.span));
    facts.computed.iter().for_each(|computed| within(text, computed.span));
    facts.paths.iter().for_each(|(_, span)| within(text, *span));
    facts.comments.iter().for_each(|span| within(text, *span));
    facts.errors.iter().for_each(|error| within(text, error.span));
    assert!(facts.errors.is_sorted_by_key(|error| error.span));
}

fn follow(index: &Index, file: FileId) {
    let program = index.typescript();
    let facts = program.facts(file);
    assert_eq!(program.targets(file).len(), facts.requests.len());
    for used in facts.uses.iter().take(200) {
        let steps = resolve::steps(&program, file, used);
        assert!(steps.len() <= facts.attributes_of(used).len() + 1);
        assert_eq!(steps, resolve::steps(&program, file, used));
    }
    for alias in &facts.aliases {
        resolve::imported(&program, file, alias);
    }
    program.missing(file);
}
