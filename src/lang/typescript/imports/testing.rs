//! The few facts that the tests of editing need, read from tree-sitter's tree.

use tree_sitter::Node;

use super::*;
use crate::lang::typescript::facts::*;
use crate::syntax::{self, Grammar, parse};
use crate::text::edit::TextEdit;

#[derive(Default)]
struct Reader<'t> {
    text: &'t str,
    names: Vec<String>,
    requests: Vec<Request>,
    imports: Vec<Import>,
    aliases: Vec<Alias>,
    exports: Vec<Export>,
}

impl Reader<'_> {
    fn name(&mut self, text: &str) -> NameId {
        let text = text.trim_matches(['"', '\'', '`']);
        let at = self.names.iter().position(|name| name == text).unwrap_or(self.names.len());
        if at == self.names.len() {
            self.names.push(text.to_owned());
        }
        NameId::new(at)
    }

    fn request(&mut self, node: Node<'_>, kind: RequestKind, whole: Node<'_>) -> RequestId {
        let specifier = self.name(&self.text[node.byte_range()]);
        let (span, whole) = (syntax::span(node), syntax::span(whole));
        self.requests.push(Request { specifier, span, kind, whole, scope: ScopeId::MODULE, is_type_only: false });
        RequestId::new(self.requests.len() - 1)
    }

    fn alias(&mut self, request: RequestId, name: Node<'_>, whole: Node<'_>, imported: Option<&str>, form: AliasForm) {
        let text = &self.text[whole.byte_range()];
        let imported = match imported {
            Some("*") => Imported::Namespace,
            Some(name) => Imported::Name(self.name(name)),
            None => Imported::Name(self.name(&self.text[name.byte_range()])),
        };
        let (imported_span, span) = (syntax::span(name), syntax::span(whole));
        let is_type_only = text.starts_with("type ");
        self.aliases.push(Alias { request, imported, imported_span, local: None, span, form, is_type_only });
    }

    fn read(&mut self, node: Node<'_>) {
        let children = syntax::children(node);
        match node.kind() {
            "import_statement" | "export_statement" if node.child_by_field_name("source").is_some() => {
                return self.declaration(node);
            }
            "call_expression" => self.call(node),
            _ => {}
        }
        children.into_iter().for_each(|child| self.read(child));
    }

    fn declaration(&mut self, node: Node<'_>) {
        let is_export = node.kind() == "export_statement";
        let kind = if is_export { RequestKind::Export } else { RequestKind::Import };
        let request = self.request(node.child_by_field_name("source").unwrap(), kind, node);
        let form = AliasForm::Import(ImportId::new(self.imports.len()));
        let start = self.aliases.len() as u32;
        let mut waiting: Vec<Node<'_>> = syntax::children(node);
        waiting.reverse();
        while let Some(part) = waiting.pop() {
            match part.kind() {
                "import_clause" | "named_imports" | "export_clause" => waiting.extend(syntax::children(part).into_iter().rev()),
                "identifier" => self.alias(request, part, part, Some("default"), form),
                "namespace_import" => self.alias(request, part.named_child(0).unwrap(), part, Some("*"), form),
                "import_specifier" => self.alias(request, part.child_by_field_name("name").unwrap(), part, None, form),
                "export_specifier" => {
                    let name = part.child_by_field_name("name").unwrap();
                    let outer = part.child_by_field_name("alias").unwrap_or(name);
                    let imported = self.name(&self.text[name.byte_range()]);
                    let export = Export {
                        name: self.name(&self.text[outer.byte_range()]),
                        name_span: syntax::span(outer),
                        span: syntax::span(part),
                        statement: syntax::span(node),
                        what: Exported::From { request, imported, imported_span: syntax::span(name) },
                        is_type_only: false,
                    };
                    self.exports.push(export);
                }
                _ => {}
            }
        }
        if !is_export {
            let aliases = (start, self.aliases.len() as u32);
            self.imports.push(Import { span: syntax::span(node), request, aliases, is_type_only: false });
        }
    }

    fn call(&mut self, node: Node<'_>) {
        let function = node.child_by_field_name("function").unwrap();
        let arguments = syntax::children(node.child_by_field_name("arguments").unwrap());
        let Some(literal) = arguments.get(1).copied().filter(|node| matches!(node.kind(), "string" | "template_string")) else {
            return;
        };
        let kind = match &self.text[function.byte_range()] {
            "require" => RequestKind::Require,
            "import" => RequestKind::Dynamic,
            "jest.mock" => RequestKind::Mock(Mock::Replace { has_factory: arguments.len() > 3 }),
            _ => return,
        };
        let request = self.request(literal, kind, node);
        let mut outer = node.parent().unwrap();
        if outer.kind() == "await_expression" {
            outer = outer.parent().unwrap();
        }
        if outer.kind() == "member_expression" {
            self.alias(request, outer.child_by_field_name("property").unwrap(), outer, None, AliasForm::Member);
        } else if outer.kind() == "variable_declarator" {
            let name = outer.child_by_field_name("name").unwrap();
            if name.kind() == "identifier" {
                return self.alias(request, name, outer, Some("*"), AliasForm::Variable);
            }
            self.properties(request, name, AliasForm::Pattern);
        } else if let Some(object) = arguments.get(3).and_then(|factory| factory.child_by_field_name("body")) {
            self.properties(request, object.named_child(0).unwrap(), AliasForm::Replacement);
        }
    }

    fn properties(&mut self, request: RequestId, object: Node<'_>, form: AliasForm) {
        for property in syntax::children(object).into_iter().filter(|node| node.is_named()) {
            let key = ["key", "left", "name"].iter().find_map(|field| property.child_by_field_name(field)).unwrap_or(property);
            if !matches!(property.kind(), "rest_pattern" | "comment") {
                self.alias(request, key, property, None, form);
            }
        }
    }
}

pub fn facts(text: &str, tree: &Tree) -> Facts {
    let mut reader = Reader { text, ..Reader::default() };
    reader.read(tree.root());
    let Reader { names, requests, imports, aliases, exports, .. } = reader;
    Facts {
        names: Names::new(names.iter().map(String::as_str)),
        requests: requests.into(),
        imports: imports.into(),
        aliases: aliases.into(),
        exports: exports.into(),
        ..Facts::default()
    }
}

/// What oxc finds wrong with a text.
fn oxc_errors(text: &str) -> usize {
    let allocator = oxc_allocator::Allocator::default();
    let kind = oxc_span::SourceType::ts();
    let parsed = oxc_parser::Parser::new(&allocator, text, kind).parse();
    let bound = oxc_semantic::SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    parsed.diagnostics.len() + bound.diagnostics.len()
}

/// What a change makes of a text, which both parsers have to read without errors, before and after.
pub fn changed(text: &str, change: impl FnOnce(&Source<'_>) -> Change) -> Result<String, Refusal> {
    let tree = parse(Grammar::TypeScript, text).unwrap();
    assert!(!tree.has_errors(), "{text}");
    assert_eq!(oxc_errors(text), 0, "{text}");
    let facts = facts(text, &tree);
    let source = Source { text, facts: &facts, tree: &tree };
    let edits = edits(&source, &change(&source))?;
    for (at, edit) in edits.iter().enumerate() {
        assert!(edits[..at].iter().all(|other| !other.span.intersects(edit.span)), "{edits:?}");
    }
    let after = String::from_utf8(TextEdit::new(edits).unwrap().apply(text.as_bytes())).unwrap();
    assert!(!parse(Grammar::TypeScript, &after).unwrap().has_errors(), "{after}");
    assert_eq!(oxc_errors(&after), 0, "{after}");
    Ok(after)
}

/// `New` of `./new`, and so on: what the tests let a name of `./old` become.
pub fn becomes(imported: &str, local: &str, is_type_only: bool) -> Option<Becomes> {
    let (specifier, new) = match imported {
        "Old" => ("./new", "New"),
        "Other" => ("./other", "Other"),
        "Moved" => ("./new", "Moved"),
        "Same" => ("./old", "Changed"),
        "ToDefault" => ("./new", "default"),
        "default" => ("./new", "Main"),
        "*" => ("./new", "*"),
        "Gone" => return Some(Becomes::Nothing),
        _ => return None,
    };
    let local = if local == "Old" { "New" } else { local };
    let (specifier, imported, local) = (specifier.to_owned(), new.to_owned(), local.to_owned());
    Some(Becomes::Name(Name { specifier, imported, local, is_type_only }))
}

/// Lets all names of `./old` become others.
pub fn moves(source: &Source<'_>) -> Change {
    let Source { facts, text, .. } = *source;
    let mut change = Change::default();
    for (at, alias) in facts.aliases.iter().enumerate().filter(|(_, alias)| facts.specifier(alias.request) == "./old") {
        let imported = match alias.imported {
            Imported::Name(name) => facts.names.get(name),
            Imported::Namespace => "*",
        };
        let whole = &text[alias.span.range()];
        let is_value = !matches!(alias.form, AliasForm::Replacement | AliasForm::Member);
        let declared = whole.split('=').next().unwrap();
        let mut words =
            declared.split(|c: char| !(c.is_alphanumeric() || matches!(c, '"' | '-'))).filter(|word| !word.is_empty());
        let local = words.next_back().filter(|_| is_value).unwrap_or(imported);
        let statement = &text[facts.requests[alias.request.index()].whole.range()];
        let is_type_only = alias.is_type_only || statement.starts_with("import type");
        change.aliases.extend(becomes(imported, local, is_type_only).map(|becomes| (AliasId::new(at), becomes)));
    }
    for (at, export) in facts.exports.iter().enumerate() {
        let Exported::From { request, imported, .. } = export.what else { continue };
        let is_type_only =
            text[export.statement.range()].starts_with("export type") || text[export.span.range()].starts_with("type ");
        if facts.specifier(request) == "./old" {
            let becomes = becomes(facts.names.get(imported), "", is_type_only);
            change.exports.extend(becomes.map(|becomes| (ExportId::new(at), becomes)));
        }
    }
    change
}
