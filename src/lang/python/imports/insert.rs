//! Bringing names into a module that does not import them yet, for code that comes to it from another.
//!
//! A name joins a statement at the head of the module that imports from the same module already; others get statements of their own
//! behind the last import there. Nothing is sorted. What only type checkers need goes under `if TYPE_CHECKING`.

use super::statement::{Statement, append, is_alone_on_line};
use super::{LINE_LENGTH, Name, Refusal, Source, pragma, spell};
use crate::lang::python::facts::{Context, ImportId, ScopeId};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;

/// Something that a module is to import.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Need {
    /// What.
    pub what: Needed,
    /// Whether it is spelled with leading dots, where the two modules lie in one package.
    pub is_relative: bool,
    /// Whether it is needed under `if TYPE_CHECKING` alone.
    pub is_type_checking: bool,
}

/// What is imported.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Needed {
    /// `from module import name [as local]`.
    Name(Name),
    /// `import module [as local]`.
    Module {
        /// The dotted name.
        module: String,
        /// The name behind `as`.
        local: Option<String>,
    },
}

impl Need {
    /// The statement that imports it into a module of a package (by its dotted name, empty at the top).
    pub fn statement(&self, package: &str) -> String {
        self.head(package) + &self.name()
    }

    /// The statement up to the names.
    fn head(&self, package: &str) -> String {
        match &self.what {
            Needed::Name(name) => {
                let module = match self.is_relative {
                    true => relative(package, &name.module).unwrap_or_else(|| name.module.clone()),
                    false => name.module.clone(),
                };
                format!("from {module} import ")
            }
            Needed::Module { .. } => "import ".to_owned(),
        }
    }

    fn name(&self) -> String {
        match &self.what {
            Needed::Name(name) => spell(name),
            Needed::Module { module, local: Some(local) } => format!("{module} as {local}"),
            Needed::Module { module, local: None } => module.clone(),
        }
    }

    fn is_future(&self) -> bool {
        matches!(&self.what, Needed::Name(name) if name.module == "__future__")
    }
}

/// The statements that import names, one for those of a module, at the place of the first of them.
pub fn lines(names: &[&Name], indent: &str) -> Vec<String> {
    let need = |name: &&Name| Need { what: Needed::Name((*name).clone()), is_relative: false, is_type_checking: false };
    let needs: Vec<Need> = names.iter().map(need).collect();
    statements(needs.iter(), "", indent)
}

/// The statements for all that is needed: one for the names of a module, at the place of the first of them.
fn statements<'n>(needs: impl Iterator<Item = &'n Need>, package: &str, indent: &str) -> Vec<String> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for need in needs {
        let (head, name) = (need.head(package), need.name());
        let is_from = matches!(need.what, Needed::Name(_));
        match groups.iter_mut().find(|(other, _)| is_from && *other == head) {
            Some((_, names)) => names.push(name),
            None => groups.push((head, vec![name])),
        }
    }
    let statement = |(head, names): (String, Vec<String>)| {
        let line = format!("{indent}{head}{}", names.join(", "));
        if line.len() <= LINE_LENGTH || names.len() == 1 {
            return line;
        }
        let names: String = names.iter().map(|name| format!("{indent}    {name},\n")).collect();
        format!("{indent}{head}(\n{names}{indent})")
    };
    groups.into_iter().map(statement).collect()
}

/// A module's name with leading dots, as a module of a package spells it; `None` where they have no package in common.
pub fn relative(package: &str, module: &str) -> Option<String> {
    let own: Vec<&str> = package.split('.').filter(|part| !part.is_empty()).collect();
    let parts: Vec<&str> = module.split('.').collect();
    let common = own.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    (common > 0).then(|| ".".repeat(own.len() - common + 1) + &parts[common..].join("."))
}

/// The head of a new module that imports all that is needed; empty if nothing is.
pub fn as_text(needs: &[Need], package: &str, has_type_checking: bool) -> String {
    let lines = |is_type_checking: bool, is_future: bool, indent: &str| -> String {
        let is_it = |need: &&Need| need.is_type_checking == is_type_checking && need.is_future() == is_future;
        statements(needs.iter().filter(is_it), package, indent).into_iter().map(|line| line + "\n").collect()
    };
    let (future, always, checked) = (lines(false, true, ""), lines(false, false, ""), lines(true, false, "    "));
    let gap = if future.is_empty() || (always.is_empty() && checked.is_empty()) { "" } else { "\n" };
    let always = format!("{future}{gap}{always}");
    match checked.is_empty() {
        true => always,
        false => {
            let import = if has_type_checking { "" } else { "from typing import TYPE_CHECKING\n" };
            let gap = if always.is_empty() && import.is_empty() { "" } else { "\n" };
            format!("{always}{import}{gap}if TYPE_CHECKING:\n{checked}")
        }
    }
}

/// Returns the edits that import what is needed, into a module of a package (by its dotted name, empty at the top).
///
/// # Errors
/// tree-sitter sees the head of the module differently.
pub fn insert(source: &Source<'_>, needs: &[Need], package: &str) -> Result<Vec<Edit>, Refusal> {
    let mut edits = Vec::new();
    let mut left: Vec<Need> = Vec::new();
    let mut widths: Vec<(ImportId, usize)> = Vec::new();
    for need in needs {
        match join(source, need, &mut widths) {
            Some(edit) => edits.push(edit),
            None => left.push(need.clone()),
        }
    }
    let eol = eol::line_ending(source.text);
    let head = |statement: &Statement<'_>| eol::line_end(source.text, statement.span.range().end) as u32;
    let (checked, always): (Vec<Need>, Vec<Need>) = left.into_iter().partition(|need| need.is_type_checking);
    let block = hosts(source, true).last().map(|id| Statement::find(source, *id)).transpose()?;
    let mut lines = String::new();
    for statement in statements(always.iter(), package, "") {
        lines += &format!("{eol}{}", statement.replace('\n', eol));
    }
    match block {
        Some(host) => {
            let indent = eol::indentation(source.text, host.span.range().start);
            let statements = statements(checked.iter(), package, indent);
            let text: String = statements.iter().map(|line| format!("{eol}{}", line.replace('\n', eol))).collect();
            if !text.is_empty() {
                edits.push(Edit::insert(head(&host), text));
            }
        }
        None if !checked.is_empty() => {
            let is_bound = source.facts.module_bindings("TYPE_CHECKING").next().is_some();
            let text = as_text(&checked, package, is_bound).replace('\n', eol);
            lines += &format!("{eol}{}", text.trim_end());
        }
        None => {}
    }
    if lines.is_empty() {
        return Ok(edits);
    }
    edits.push(match hosts(source, false).last() {
        Some(host) => Edit::insert(head(&Statement::find(source, *host)?), lines),
        None => first_import(source, &lines),
    });
    Ok(edits)
}

/// The edit that puts the first imports into a module: behind its docstring, or before its first statement.
fn first_import(source: &Source<'_>, lines: &str) -> Edit {
    let text = source.text;
    let eol = eol::line_ending(text);
    let children = syntax::children(source.tree.root());
    let first = children.iter().find(|node| node.kind() != "comment");
    let is_docstring = first.is_some_and(|node| {
        node.kind() == "expression_statement" && node.child(0).is_some_and(|child| child.kind() == "string")
    });
    match first {
        Some(first) if is_docstring => Edit::insert(eol::line_end(text, first.end_byte()) as u32, format!("{eol}{lines}")),
        Some(first) => {
            let mut at = eol::line_start(text, first.start_byte());
            while let Some(above) = eol::previous_line(text, at).filter(|above| {
                let line = &text[*above..eol::line_end(text, *above)];
                line.starts_with('#') && !line.starts_with("#!") && !(*above == 0 && line.contains("coding"))
            }) {
                at = above;
            }
            let is_apart = matches!(first.kind(), "decorated_definition" | "class_definition" | "function_definition");
            let gap = eol.repeat(if is_apart { 3 } else { 2 });
            Edit::insert(at as u32, format!("{}{gap}", lines.trim_start_matches(['\r', '\n'])))
        }
        None => {
            let end = text.trim_end().len();
            let gap = if text[..end].is_empty() { String::new() } else { eol.repeat(2) };
            // A file with nothing in it has no line end to keep.
            let tail = if text.is_empty() { eol } else { "" };
            Edit::insert(end as u32, format!("{gap}{}{tail}", lines.trim_start_matches(['\r', '\n'])))
        }
    }
}

/// The import statements at the head of a module, before its first definition: those that always run, or those under
/// `if TYPE_CHECKING`.
fn hosts(source: &Source<'_>, is_type_checking: bool) -> Vec<ImportId> {
    let definitions = source.facts.definitions.iter().filter(|definition| definition.scope == ScopeId::MODULE);
    let first = definitions.map(|definition| definition.span.start).min().unwrap_or(u32::MAX);
    let context = if is_type_checking { Context::TYPE_CHECKING } else { Context::default() };
    let imports = source.facts.imports.iter().enumerate();
    let is_host =
        imports.filter(|(_, import)| import.scope == ScopeId::MODULE && import.context == context && import.span.end <= first);
    is_host.map(|(at, _)| ImportId::new(at)).collect()
}

/// The edit that adds a name to a statement that imports from its module.
fn join(source: &Source<'_>, need: &Need, widths: &mut Vec<(ImportId, usize)>) -> Option<Edit> {
    let Needed::Name(name) = &need.what else { return None };
    let is_host = |id: &ImportId| {
        Statement::find(source, *id).is_ok_and(|host| {
            host.is_from(source, Some(&name.module))
                && pragma(host.behind(source.text)).is_none()
                && name.module != "__future__"
        })
    };
    let id = hosts(source, need.is_type_checking).into_iter().find(is_host)?;
    let host = Statement::find(source, id).ok()?;
    let text = spell(name);
    let (_, last) = host.aliases.last()?;
    let end = host.span.range().end;
    let own_lines = host.is_parenthesised && is_alone_on_line(source.text, Statement::alias_span(last));
    let line = eol::line_end(source.text, end) - eol::line_start(source.text, end);
    let known = widths.iter().rfind(|(other, _)| *other == id).map_or(line, |(_, width)| *width);
    let width = known + ", ".len() + text.len();
    if !own_lines && width > LINE_LENGTH {
        return None;
    }
    widths.push((id, width));
    append(source, &host, &text)
}
